import { defineFamily } from './architecture.js'
import { averagedProjection, basicBlockOf, bottleneck, bottleneckOf, deepStem, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'resnet_d',
  task: 'image-classification',
  paper: {
    title: 'Bag of Tricks for Image Classification with Convolutional Neural Networks',
    authors: 'He, Zhang, Zhang, Zhang, Xie, Li',
    year: 2018,
    url: 'https://arxiv.org/abs/1812.01187',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const basicBlockD = basicBlockOf({ shortcut: averagedProjection })
const bottleneckD = bottleneckOf({ shortcut: averagedProjection })

const bodyD = { stem: deepStem(32, 32, 64) }
const bodyT = { stem: deepStem(24, 32, 64) }

/**
 * ResNet-18-D: `[224, 224, 3]` -> `[1000]`. He et al., arXiv:1812.01187.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnet18d', { numClasses: 10 })
 * ```
 */
export const resnet18d = variant(
  'resnet18d',
  { parameters: 11_708_744, macs: 2_053_713_920 },
  residualClassifier(basicBlockD, [2, 2, 2, 2], bodyD),
)

/** ResNet-34-D: `[224, 224, 3]` -> `[1000]`. */
export const resnet34d = variant(
  'resnet34d',
  { parameters: 21_816_904, macs: 3_903_401_984 },
  residualClassifier(basicBlockD, [3, 4, 6, 3], bodyD),
)

/** ResNet-26-D: `[224, 224, 3]` -> `[1000]`. */
export const resnet26d = variant(
  'resnet26d',
  { parameters: 16_014_408, macs: 2_581_897_216 },
  residualClassifier(bottleneckD, [2, 2, 2, 2], bodyD),
)

/** ResNet-50-D: `[224, 224, 3]` -> `[1000]`. */
export const resnet50d = variant(
  'resnet50d',
  { parameters: 25_576_264, macs: 4_328_824_832 },
  residualClassifier(bottleneckD, [3, 4, 6, 3], bodyD),
)

/** ResNet-101-D: `[256, 256, 3]` -> `[1000]`. */
export const resnet101d = variant(
  'resnet101d',
  { inputs: { input: [256, 256, 3] }, parameters: 44_568_392, macs: 10_501_963_776, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckD, [3, 4, 23, 3], bodyD),
)

/** ResNet-152-D: `[256, 256, 3]` -> `[1000]`. */
export const resnet152d = variant(
  'resnet152d',
  { inputs: { input: [256, 256, 3] }, parameters: 60_212_040, macs: 15_350_579_200, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckD, [3, 8, 36, 3], bodyD),
)

/** ResNet-200-D: `[256, 256, 3]` -> `[1000]`. */
export const resnet200d = variant(
  'resnet200d',
  { inputs: { input: [256, 256, 3] }, parameters: 64_693_064, macs: 19_913_981_952, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckD, [3, 24, 36, 3], bodyD),
)

/** ResNet-50-C, the deep stem alone: `[224, 224, 3]` -> `[1000]`. */
export const resnet50c = variant(
  'resnet50c',
  { parameters: 25_576_264, macs: 4_328_824_832 },
  residualClassifier(bottleneck, [3, 4, 6, 3], bodyD),
)

/** ResNet-101-C: `[224, 224, 3]` -> `[1000]`. */
export const resnet101c = variant(
  'resnet101c',
  { parameters: 44_568_392, macs: 8_041_046_016 },
  residualClassifier(bottleneck, [3, 4, 23, 3], bodyD),
)

/** ResNet-152-C: `[224, 224, 3]` -> `[1000]`. */
export const resnet152c = variant(
  'resnet152c',
  { parameters: 60_212_040, macs: 11_753_267_200 },
  residualClassifier(bottleneck, [3, 8, 36, 3], bodyD),
)

/** ResNet-10-T, timm's, whose stem widens step by step: `[176, 176, 3]` -> `[1000]`. */
export const resnet10t = variant(
  'resnet10t',
  { inputs: { input: [176, 176, 3] }, parameters: 5_435_488, macs: 698_688_000 },
  residualClassifier(basicBlockD, [1, 1, 1, 1], bodyT),
)

/** ResNet-14-T: `[176, 176, 3]` -> `[1000]`. */
export const resnet14t = variant(
  'resnet14t',
  { inputs: { input: [176, 176, 3] }, parameters: 10_081_632, macs: 1_067_618_816 },
  residualClassifier(bottleneckD, [1, 1, 1, 1], bodyT),
)

/** ResNet-26-T: `[256, 256, 3]` -> `[1000]`. */
export const resnet26t = variant(
  'resnet26t',
  { inputs: { input: [256, 256, 3] }, parameters: 16_011_872, macs: 3_330_359_296, preprocessing: { crop: 0.94 } },
  residualClassifier(bottleneckD, [2, 2, 2, 2], bodyT),
)

/** ResNet-50-T: `[224, 224, 3]` -> `[1000]`. */
export const resnet50t = variant(
  'resnet50t',
  { parameters: 25_573_728, macs: 4_297_213_952 },
  residualClassifier(bottleneckD, [3, 4, 6, 3], bodyT),
)
