import { defineFamily } from './architecture.js'
import { basicBlock, bottleneck, bottleneckOf, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'resnet',
  task: 'image-classification',
  paper: {
    title: 'Deep Residual Learning for Image Recognition',
    authors: 'He, Zhang, Ren, Sun',
    year: 2015,
    url: 'https://arxiv.org/abs/1512.03385',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 224 / 232 },
})

const wideBottleneck = bottleneckOf({ widening: 2 })
const bottleneck32x4 = bottleneckOf({ widening: 2, groups: 32 })
const bottleneck32x8 = bottleneckOf({ widening: 4, groups: 32 })
const bottleneck64x4 = bottleneckOf({ widening: 4, groups: 64 })

/**
 * ResNet-18: `[224, 224, 3]` -> `[1000]`. He et al., arXiv:1512.03385.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnet18', { numClasses: 10 })
 * ```
 */
export const resnet18 = variant(
  'resnet18',
  { parameters: 11_689_512, macs: 1_814_073_344, preprocessing: { crop: 0.875 } },
  residualClassifier(basicBlock, [2, 2, 2, 2]),
)

/** ResNet-34: `[224, 224, 3]` -> `[1000]`. */
export const resnet34 = variant(
  'resnet34',
  { parameters: 21_797_672, macs: 3_663_761_408, preprocessing: { crop: 0.875 } },
  residualClassifier(basicBlock, [3, 4, 6, 3]),
)

/** ResNet-50: `[224, 224, 3]` -> `[1000]`. */
export const resnet50 = variant(
  'resnet50',
  { parameters: 25_557_032, macs: 4_089_184_256 },
  residualClassifier(bottleneck, [3, 4, 6, 3]),
)

/** ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const resnet101 = variant(
  'resnet101',
  { parameters: 44_549_160, macs: 7_801_405_440 },
  residualClassifier(bottleneck, [3, 4, 23, 3]),
)

/** ResNet-152: `[224, 224, 3]` -> `[1000]`. */
export const resnet152 = variant(
  'resnet152',
  { parameters: 60_192_808, macs: 11_513_626_624 },
  residualClassifier(bottleneck, [3, 8, 36, 3]),
)

const resnext = {
  family: 'resnext',
  paper: {
    title: 'Aggregated Residual Transformations for Deep Neural Networks',
    authors: 'Xie, Girshick, Dollar, Tu, He',
    year: 2016,
    url: 'https://arxiv.org/abs/1611.05431',
  },
} as const

/**
 * ResNeXt-50 with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. Xie et al., arXiv:1611.05431.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnext50_32x4d', { numClasses: 10 })
 * ```
 */
export const resnext50_32x4d = variant(
  'resnext50_32x4d',
  { ...resnext, parameters: 25_028_904, macs: 4_230_479_872 },
  residualClassifier(bottleneck32x4, [3, 4, 6, 3]),
)

/** ResNeXt-101 with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const resnext101_32x4d = variant(
  'resnext101_32x4d',
  { ...resnext, parameters: 44_177_704, macs: 7_969_996_800, preprocessing: { crop: 0.875 } },
  residualClassifier(bottleneck32x4, [3, 4, 23, 3]),
)

/** ResNeXt-101 with 32 groups of 8 channels: `[224, 224, 3]` -> `[1000]`. */
export const resnext101_32x8d = variant(
  'resnext101_32x8d',
  { ...resnext, parameters: 88_791_336, macs: 16_414_015_488 },
  residualClassifier(bottleneck32x8, [3, 4, 23, 3]),
)

/** ResNeXt-101 with 64 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const resnext101_64x4d = variant(
  'resnext101_64x4d',
  { ...resnext, parameters: 83_455_272, macs: 15_460_270_080 },
  residualClassifier(bottleneck64x4, [3, 4, 23, 3]),
)

const wideResnet = {
  family: 'wide_resnet',
  paper: {
    title: 'Wide Residual Networks',
    authors: 'Zagoruyko, Komodakis',
    year: 2016,
    url: 'https://arxiv.org/abs/1605.07146',
  },
} as const

/**
 * Wide ResNet-50, whose 3 x 3 convolutions have twice the channels: `[224, 224, 3]` -> `[1000]`. Zagoruyko and Komodakis, arXiv:1605.07146.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('wide_resnet50_2', { numClasses: 10 })
 * ```
 */
export const wideResnet50_2 = variant(
  'wide_resnet50_2',
  { ...wideResnet, parameters: 68_883_240, macs: 11_398_021_120 },
  residualClassifier(wideBottleneck, [3, 4, 6, 3]),
)

/** Wide ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const wideResnet101_2 = variant(
  'wide_resnet101_2',
  { ...wideResnet, parameters: 126_886_696, macs: 22_753_050_624 },
  residualClassifier(wideBottleneck, [3, 4, 23, 3]),
)
