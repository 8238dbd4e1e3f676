import {
  type AnySym,
  add,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  gelu,
  globalAvgPool,
  globalResponseNorm,
  identity,
  layerNorm,
  module,
  pointwiseDense,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

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
  preprocessing: 'imagenet',
})

interface Configuration {
  /** Channels of the first stage; each next one has twice as many. */
  readonly width: number
  readonly depths: readonly [number, number, number, number]
  /** Whether the published weights mix channels by 1 x 1 convolutions, (C, C', 1, 1), or by dense layers, (C, C'). */
  readonly mixing: 'conv' | 'dense'
}

/** Filters every channel alone, mixes the normalised channels of every pixel through four times as many, and adds that. */
const block = (width: number, mixing: Configuration['mixing']) => {
  const mix = (channels: number) => (mixing === 'conv' ? conv2d(channels, { kernel: 1 }) : pointwiseDense(channels))
  const mlp = { fc1: mix(4 * width), act: gelu(), grn: globalResponseNorm(), fc2: mix(width) }
  const m = {
    conv_dw: depthwiseConv2d({ kernel: 7, padding: 3 }),
    norm: layerNorm(),
    mlp: module(mlp, (x: AnySym) => mlp.fc2(mlp.grn(mlp.act(mlp.fc1(x) as AnySym)) as AnySym) as AnySym),
  }
  return module(m, (x: AnySym) => add(m.mlp(m.norm(m.conv_dw(x))), x))
}

const stage = (index: number, { width: firstWidth, depths, mixing }: Configuration) => {
  const width = firstWidth * 2 ** index
  const m = {
    downsample: index === 0 ? identity : sequential(layerNorm(), conv2d(width, { kernel: 2, stride: 2 })),
    blocks: sequential(...Array.from({ length: depths[index] as number }, () => block(width, mixing))),
  }
  return module(m, (x: AnySym) => m.blocks(m.downsample(x) as AnySym))
}

const convnextV2 =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      stem: sequential(conv2d(configuration.width, { kernel: 4, stride: 4 }), layerNorm()),
      stages: sequential(...configuration.depths.map((_, i) => stage(i, configuration))),
      head: { global_pool: globalAvgPool(), norm: layerNorm(), fc: dense(numClasses) },
    }
    return module(m, (x: AnySym) => m.head.fc(flatten(m.head.norm(m.head.global_pool(m.stages(m.stem(x)))))))
  }

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
  { parameters: 660_289_640, macs: 337_724_794_880, inputs: { input: [384, 384, 3] } },
  convnextV2({ width: 352, depths: [3, 3, 27, 3], mixing: 'dense' }),
)
