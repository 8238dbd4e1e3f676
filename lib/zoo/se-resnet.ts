import { batchNorm, conv2d, sequential } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { excite } from './blocks.js'
import { averagedProjection, basicBlockOf, bottleneckOf, deepStem, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'se_resnet',
  task: 'image-classification',
  paper: {
    title: 'Squeeze-and-Excitation Networks',
    authors: 'Hu, Shen, Albanie, Sun, Wu',
    year: 2017,
    url: 'https://arxiv.org/abs/1709.01507',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const attention = excite(1 / 16)
const excited = { attention }
const excitedD = { attention, shortcut: averagedProjection }

const bodyD = { stem: deepStem(32, 32, 64) }
const bodyT = { stem: deepStem(24, 32, 64) }

const groups32x4 = { widening: 2, groups: 32 }
const groups32x8 = { widening: 4, groups: 32 }
const groups64x4 = { widening: 4, groups: 64 }

/** Filters where an ordinary shortcut skips pixels. */
const filtered = (width: number, stride: number) => {
  const kernel = stride > 1 ? 3 : 1
  return sequential(conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false }), batchNorm())
}

/**
 * SE-ResNet-50: `[224, 224, 3]` -> `[1000]`. Hu et al., arXiv:1709.01507.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('seresnet50', { numClasses: 10 })
 * ```
 */
export const seresnet50 = variant(
  'seresnet50',
  { parameters: 28_088_024, macs: 4_091_699_200, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf(excited), [3, 4, 6, 3]),
)

/** SE-ResNet-18: `[224, 224, 3]` -> `[1000]`. */
export const seresnet18 = variant(
  'seresnet18',
  { parameters: 11_779_624, macs: 1_814_161_408 },
  residualClassifier(basicBlockOf(excited), [2, 2, 2, 2]),
)

/** SE-ResNet-34: `[224, 224, 3]` -> `[1000]`. */
export const seresnet34 = variant(
  'seresnet34',
  { parameters: 21_960_416, macs: 3_663_920_128 },
  residualClassifier(basicBlockOf(excited), [3, 4, 6, 3]),
)

/** SE-ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const seresnet101 = variant(
  'seresnet101',
  { parameters: 49_326_872, macs: 7_806_148_608 },
  residualClassifier(bottleneckOf(excited), [3, 4, 23, 3]),
)

/** SE-ResNet-152: `[224, 224, 3]` -> `[1000]`. */
export const seresnet152 = variant(
  'seresnet152',
  { parameters: 66_821_848, macs: 11_520_204_800 },
  residualClassifier(bottleneckOf(excited), [3, 8, 36, 3]),
)

/** SE-ResNet-50-T: `[224, 224, 3]` -> `[1000]`. */
export const seresnet50t = variant(
  'seresnet50t',
  { parameters: 28_104_720, macs: 4_299_728_896 },
  residualClassifier(bottleneckOf(excitedD), [3, 4, 6, 3], bodyT),
)

/** SE-ResNet-152-D: `[256, 256, 3]` -> `[1000]`. */
export const seresnet152d = variant(
  'seresnet152d',
  { inputs: { input: [256, 256, 3] }, parameters: 66_841_080, macs: 15_357_157_376, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf(excitedD), [3, 8, 36, 3], bodyD),
)

/** SE-ResNet-200-D: `[256, 256, 3]` -> `[1000]`. */
export const seresnet200d = variant(
  'seresnet200d',
  { inputs: { input: [256, 256, 3] }, parameters: 71_855_096, macs: 19_921_084_416 },
  residualClassifier(bottleneckOf(excitedD), [3, 24, 36, 3], bodyD),
)

/** SE-ResNet-269-D: `[256, 256, 3]` -> `[1000]`. */
export const seresnet269d = variant(
  'seresnet269d',
  { inputs: { input: [256, 256, 3] }, parameters: 113_672_760, macs: 26_485_366_784 },
  residualClassifier(bottleneckOf(excitedD), [3, 30, 48, 8], bodyD),
)

/** SE-ResNeXt-50 with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext50_32x4d = variant(
  'seresnext50_32x4d',
  { parameters: 27_559_896, macs: 4_232_994_816 },
  residualClassifier(bottleneckOf({ ...excited, ...groups32x4 }), [3, 4, 6, 3]),
)

/** SE-ResNeXt-101 with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext101_32x4d = variant(
  'seresnext101_32x4d',
  { parameters: 48_955_416, macs: 7_974_739_968 },
  residualClassifier(bottleneckOf({ ...excited, ...groups32x4 }), [3, 4, 23, 3]),
)

/** SE-ResNeXt-101 with 32 groups of 8 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext101_32x8d = variant(
  'seresnext101_32x8d',
  { parameters: 93_569_048, macs: 16_418_758_656, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf({ ...excited, ...groups32x8 }), [3, 4, 23, 3]),
)

/** SE-ResNeXt-101 with 64 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext101_64x4d = variant(
  'seresnext101_64x4d',
  { parameters: 88_232_984, macs: 15_465_013_248 },
  residualClassifier(bottleneckOf({ ...excited, ...groups64x4 }), [3, 4, 23, 3]),
)

/** SE-ResNeXt-26-D with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext26d_32x4d = variant(
  'seresnext26d_32x4d',
  { parameters: 16_809_512, macs: 2_711_740_416 },
  residualClassifier(bottleneckOf({ ...excitedD, ...groups32x4 }), [2, 2, 2, 2], bodyD),
)

/** SE-ResNeXt-26-T with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext26t_32x4d = variant(
  'seresnext26t_32x4d',
  { parameters: 16_806_976, macs: 2_680_129_536 },
  residualClassifier(bottleneckOf({ ...excitedD, ...groups32x4 }), [2, 2, 2, 2], bodyT),
)

/** SE-ResNeXt-101-D with 32 groups of 8 channels: `[224, 224, 3]` -> `[1000]`. */
export const seresnext101d_32x8d = variant(
  'seresnext101d_32x8d',
  { parameters: 93_588_280, macs: 16_658_399_232, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf({ ...excitedD, ...groups32x8 }), [3, 4, 23, 3], bodyD),
)

/** SENet-154, the paper's best: `[224, 224, 3]` -> `[1000]`. */
export const senet154 = variant(
  'senet154',
  { parameters: 115_088_984, macs: 20_688_363_520 },
  residualClassifier(bottleneckOf({ ...excited, ...groups64x4, narrowing: 1 / 2, shortcut: filtered }), [3, 8, 36, 3], {
    stem: deepStem(64, 64, 128),
  }),
)
