import { efficientChannelAttention } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { averagedProjection, basicBlockOf, bottleneckOf, deepStem, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'eca_resnet',
  task: 'image-classification',
  paper: {
    title: 'ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks',
    authors: 'Wang, Wu, Zhu, Li, Zuo, Hu',
    year: 2019,
    url: 'https://arxiv.org/abs/1910.03151',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const style = { attention: efficientChannelAttention, shortcut: averagedProjection }
const bottleneckD = bottleneckOf(style)
const bottleneck32x4D = bottleneckOf({ ...style, widening: 2, groups: 32 })

const bodyD = { stem: deepStem(32, 32, 64) }
const bodyT = { stem: deepStem(24, 32, 64) }

/** Under the names of the authors. */
const authors = { attention: efficientChannelAttention, attentionName: 'eca' }
const basicBlock = basicBlockOf(authors)
const bottleneck = bottleneckOf(authors)

/**
 * ECA-Net-18: `[224, 224, 3]` -> `[1000]`; kernels of the size that the paper's equation 12 gives. Wang et al., arXiv:1910.03151.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('eca_resnet18', { numClasses: 10 })
 * ```
 */
export const ecaResnet18 = variant(
  'eca_resnet18',
  { parameters: 11_689_548, macs: 1_814_082_688 },
  residualClassifier(basicBlock, [2, 2, 2, 2]),
)

/** ECA-Net-34: `[224, 224, 3]` -> `[1000]`. */
export const ecaResnet34 = variant(
  'eca_resnet34',
  { parameters: 21_797_746, macs: 3_663_779_904 },
  residualClassifier(basicBlock, [3, 4, 6, 3]),
)

/** ECA-Net-50: `[224, 224, 3]` -> `[1000]`. */
export const ecaResnet50 = variant(
  'eca_resnet50',
  { parameters: 25_557_118, macs: 4_089_272_064 },
  residualClassifier(bottleneck, [3, 4, 6, 3]),
)

/** ECA-Net-101: `[224, 224, 3]` -> `[1000]`. */
export const ecaResnet101 = variant(
  'eca_resnet101',
  { parameters: 44_549_331, macs: 7_801_580_288 },
  residualClassifier(bottleneck, [3, 4, 23, 3]),
)

/** ECA-Net-152: `[224, 224, 3]` -> `[1000]`. */
export const ecaResnet152 = variant(
  'eca_resnet152',
  { parameters: 60_193_064, macs: 11_513_878_272 },
  residualClassifier(bottleneck, [3, 8, 36, 3]),
)

/**
 * ECA-ResNet-50-D: `[224, 224, 3]` -> `[1000]`. Wang et al., arXiv:1910.03151.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ecaresnet50d', { numClasses: 10 })
 * ```
 */
export const ecaresnet50d = variant(
  'ecaresnet50d',
  { parameters: 25_576_350, macs: 4_328_912_640 },
  residualClassifier(bottleneckD, [3, 4, 6, 3], bodyD),
)

/** ECA-ResNet-101-D: `[224, 224, 3]` -> `[1000]`. */
export const ecaresnet101d = variant(
  'ecaresnet101d',
  { parameters: 44_568_563, macs: 8_041_220_864 },
  residualClassifier(bottleneckD, [3, 4, 23, 3], bodyD),
)

/** ECA-ResNet-200-D: `[256, 256, 3]` -> `[1000]`. */
export const ecaresnet200d = variant(
  'ecaresnet200d',
  { inputs: { input: [256, 256, 3] }, parameters: 64_693_400, macs: 19_914_274_560, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckD, [3, 24, 36, 3], bodyD),
)

/** ECA-ResNet-269-D: `[320, 320, 3]` -> `[1000]`. */
export const ecaresnet269d = variant(
  'ecaresnet269d',
  { inputs: { input: [320, 320, 3] }, parameters: 102_093_077, macs: 41_364_716_288, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckD, [3, 30, 48, 8], bodyD),
)

/** ECA-ResNet-26-T: `[256, 256, 3]` -> `[1000]`. */
export const ecaresnet26t = variant(
  'ecaresnet26t',
  { inputs: { input: [256, 256, 3] }, parameters: 16_011_916, macs: 3_330_405_888 },
  residualClassifier(bottleneckD, [2, 2, 2, 2], bodyT),
)

/** ECA-ResNet-50-T: `[256, 256, 3]` -> `[1000]`. */
export const ecaresnet50t = variant(
  'ecaresnet50t',
  { inputs: { input: [256, 256, 3] }, parameters: 25_573_814, macs: 5_612_148_480 },
  residualClassifier(bottleneckD, [3, 4, 6, 3], bodyT),
)

/** ECA-ResNet-Light, most of whose blocks are in the third stage: `[224, 224, 3]` -> `[1000]`. */
export const ecaresnetlight = variant(
  'ecaresnetlight',
  { parameters: 30_162_046, macs: 4_089_287_424 },
  residualClassifier(bottleneckD, [1, 1, 11, 3]),
)

/** ECA-ResNeXt-26-T with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const ecaresnext26t_32x4d = variant(
  'ecaresnext26t_32x4d',
  { parameters: 15_406_220, macs: 2_678_783_488 },
  residualClassifier(bottleneck32x4D, [2, 2, 2, 2], bodyT),
)

/** ECA-ResNeXt-50-T with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const ecaresnext50t_32x4d = variant(
  'ecaresnext50t_32x4d',
  { parameters: 25_045_686, macs: 4_438_597_376 },
  residualClassifier(bottleneck32x4D, [3, 4, 6, 3], bodyT),
)
