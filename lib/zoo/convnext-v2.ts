import { defineFamily } from './architecture.js'
import { type Configuration, convnext } from './convnext-body.js'

const variant = defineFamily({
  family: 'convnext_v2',
  task: 'image-classification',
  paper: {
    title: 'ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders',
    authors: 'Woo, Debnath, Hu, Chen, Liu, Kweon, Xie',
    year: 2023,
    url: 'https://arxiv.org/abs/2301.00808',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const convnextV2 = (configuration: Omit<Configuration, 'responds'>) => convnext({ ...configuration, responds: true })

/**
 * ConvNeXt v2 Atto: `[224, 224, 3]` -> `[1000]`. Woo et al., arXiv:2301.00808.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('convnextv2_atto', { numClasses: 10 })
 * ```
 */
export const convnextV2Atto = variant(
  'convnextv2_atto',
  { parameters: 3_708_400, macs: 547_332_480 },
  convnextV2({ width: 40, depths: [2, 2, 6, 2], mixing: 'conv' }),
)

/** ConvNeXt v2 Femto: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Femto = variant(
  'convnextv2_femto',
  { parameters: 5_233_240, macs: 779_629_824 },
  convnextV2({ width: 48, depths: [2, 2, 6, 2], mixing: 'conv' }),
)

/** ConvNeXt v2 Pico: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Pico = variant(
  'convnextv2_pico',
  { parameters: 9_066_280, macs: 1_367_055_360 },
  convnextV2({ width: 64, depths: [2, 2, 6, 2], mixing: 'conv' }),
)

/** ConvNeXt v2 Nano: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Nano = variant(
  'convnextv2_nano',
  { parameters: 15_623_800, macs: 2_445_528_320 },
  convnextV2({ width: 80, depths: [2, 2, 8, 2], mixing: 'conv' }),
)

/** ConvNeXt v2 Tiny: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Tiny = variant(
  'convnextv2_tiny',
  { parameters: 28_635_496, macs: 4_455_531_264 },
  convnextV2({ width: 96, depths: [3, 3, 9, 3], mixing: 'dense' }),
)

/** ConvNeXt v2 Small: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Small = variant(
  'convnextv2_small',
  { parameters: 50_318_440, macs: 8_683_712_256 },
  convnextV2({ width: 96, depths: [3, 3, 27, 3], mixing: 'dense' }),
)

/** ConvNeXt v2 Base: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Base = variant(
  'convnextv2_base',
  { parameters: 88_717_800, macs: 15_354_729_472 },
  convnextV2({ width: 128, depths: [3, 3, 27, 3], mixing: 'dense' }),
)

/** ConvNeXt v2 Large: `[224, 224, 3]` -> `[1000]`. */
export const convnextV2Large = variant(
  'convnextv2_large',
  { parameters: 197_956_840, macs: 34_361_433_600 },
  convnextV2({ width: 192, depths: [3, 3, 27, 3], mixing: 'dense' }),
)

/** ConvNeXt v2 Huge: `[384, 384, 3]` -> `[1000]`. */
export const convnextV2Huge = variant(
  'convnextv2_huge',
  {
    parameters: 660_289_640,
    macs: 337_724_794_880,
    inputs: { input: [384, 384, 3] },
    preprocessing: { crop: 1, fit: 'fill' },
  },
  convnextV2({ width: 352, depths: [3, 3, 27, 3], mixing: 'dense' }),
)
