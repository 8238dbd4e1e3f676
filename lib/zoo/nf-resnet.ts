import { type AnySym, efficientChannelAttention, type Layer, maxPool2d, module } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { excite } from './blocks.js'
import { type Conv, normalizerFree, withRelu } from './normalizer-free.js'
import type { Depths } from './residual.js'

const variant = defineFamily({
  family: 'nf_resnet',
  task: 'image-classification',
  paper: {
    title: 'Characterizing signal propagation to close the performance gap in unnormalized ResNets',
    authors: 'Brock, De, Smith',
    year: 2021,
    url: 'https://arxiv.org/abs/2101.08692',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 0.9, interpolation: 'bicubic' },
})

const resnetStem = (conv: Conv) => {
  const m = { conv: conv(64, 7, { stride: 2 }), pool: maxPool2d({ kernel: 3, stride: 2, padding: 1 }) }
  return module(m, (x: AnySym) => m.pool(m.conv(x)))
}

const nfResnet = (depths: Depths, attention?: (channels: number) => Layer) =>
  normalizerFree({
    ...withRelu,
    stem: resnetStem,
    depths,
    widths: [256, 512, 1024, 2048],
    narrowing: 1 / 4,
    ...(attention && { attention }),
  })

/**
 * ResNet-50 without normalisation: `[256, 256, 3]` -> `[1000]`. Brock et al., arXiv:2101.08692.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('nf_resnet50', { numClasses: 10 })
 * ```
 */
export const nfResnet50 = variant(
  'nf_resnet50',
  { inputs: { input: [256, 256, 3] }, parameters: 25_557_032, macs: 5_340_348_416, preprocessing: { crop: 0.94 } },
  nfResnet([3, 4, 6, 3]),
)

/** NF-ResNet-26: `[224, 224, 3]` -> `[1000]`. */
export const nfResnet26 = variant(
  'nf_resnet26',
  { parameters: 15_995_176, macs: 2_342_256_640 },
  nfResnet([2, 2, 2, 2]),
)

/** NF-ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const nfResnet101 = variant(
  'nf_resnet101',
  { parameters: 44_549_160, macs: 7_801_405_440 },
  nfResnet([3, 4, 23, 3]),
)

/** NF-ResNet-26 with squeeze and excitation: `[224, 224, 3]` -> `[1000]`. */
export const nfSeresnet26 = variant(
  'nf_seresnet26',
  { parameters: 17_395_976, macs: 2_343_649_280 },
  nfResnet([2, 2, 2, 2], excite(1 / 16)),
)

/** NF-ResNet-50 with squeeze and excitation: `[224, 224, 3]` -> `[1000]`. */
export const nfSeresnet50 = variant(
  'nf_seresnet50',
  { parameters: 28_088_024, macs: 4_091_699_200 },
  nfResnet([3, 4, 6, 3], excite(1 / 16)),
)

/** NF-ResNet-101 with squeeze and excitation: `[224, 224, 3]` -> `[1000]`. */
export const nfSeresnet101 = variant(
  'nf_seresnet101',
  { parameters: 49_326_872, macs: 7_806_148_608 },
  nfResnet([3, 4, 23, 3], excite(1 / 16)),
)

/** NF-ResNet-26 with efficient channel attention: `[224, 224, 3]` -> `[1000]`. */
export const nfEcaresnet26 = variant(
  'nf_ecaresnet26',
  { parameters: 15_995_220, macs: 2_342_303_232 },
  nfResnet([2, 2, 2, 2], efficientChannelAttention),
)

/** NF-ResNet-50 with efficient channel attention: `[224, 224, 3]` -> `[1000]`. */
export const nfEcaresnet50 = variant(
  'nf_ecaresnet50',
  { parameters: 25_557_118, macs: 4_089_272_064 },
  nfResnet([3, 4, 6, 3], efficientChannelAttention),
)

/** NF-ResNet-101 with efficient channel attention: `[224, 224, 3]` -> `[1000]`. */
export const nfEcaresnet101 = variant(
  'nf_ecaresnet101',
  { parameters: 44_549_331, macs: 7_801_580_288 },
  nfResnet([3, 4, 23, 3], efficientChannelAttention),
)
