import { avgPool2d, blurPool2d, maxPool2d, sequential } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { excite } from './blocks.js'
import { averagedProjection, basicBlockOf, bottleneckOf, deepStem, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'resnet_blur',
  task: 'image-classification',
  paper: {
    title: 'Making Convolutional Networks Shift-Invariant Again',
    authors: 'Zhang',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.11486',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 17,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const stem = deepStem(32, 32, 64)
const shortcut = averagedProjection

const blurred = { antialias: () => blurPool2d() }
const blurredBody = { pool: () => sequential(maxPool2d({ kernel: 3, stride: 1, padding: 1 }), blurPool2d()) }

const average = () => avgPool2d({ kernel: 2 })
const averaged = { antialias: average }
const averagedBody = { pool: average }
/** Averages leave out the last row of an odd number of them, shortcuts do not. */
const averagedSizes = { minInputSize: 32, inputMultiple: 32 }

/**
 * ResNet-50 that blurs before it skips pixels: `[224, 224, 3]` -> `[1000]`. Zhang, arXiv:1904.11486.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnetblur50', { numClasses: 10 })
 * ```
 */
export const resnetblur50 = variant(
  'resnetblur50',
  { parameters: 25_557_032, macs: 5_129_633_792 },
  residualClassifier(bottleneckOf(blurred), [3, 4, 6, 3], blurredBody),
)

/** ResNet-18, blurred: `[224, 224, 3]` -> `[1000]`. */
export const resnetblur18 = variant(
  'resnetblur18',
  { parameters: 11_689_512, macs: 2_334_298_112 },
  residualClassifier(basicBlockOf(blurred), [2, 2, 2, 2], blurredBody),
)

/** ResNet-34, blurred: `[224, 224, 3]` -> `[1000]`. */
export const resnetblur34 = variant(
  'resnetblur34',
  { parameters: 21_797_672, macs: 4_183_986_176 },
  residualClassifier(basicBlockOf(blurred), [3, 4, 6, 3], blurredBody),
)

/** ResNet-101, blurred: `[224, 224, 3]` -> `[1000]`. */
export const resnetblur101 = variant(
  'resnetblur101',
  { parameters: 44_549_160, macs: 8_841_854_976 },
  residualClassifier(bottleneckOf(blurred), [3, 4, 23, 3], blurredBody),
)

/** ResNet-50-D, blurred: `[224, 224, 3]` -> `[1000]`. */
export const resnetblur50d = variant(
  'resnetblur50d',
  { parameters: 25_576_264, macs: 5_369_274_368 },
  residualClassifier(bottleneckOf({ ...blurred, shortcut }), [3, 4, 6, 3], { ...blurredBody, stem }),
)

/** ResNet-101-D, blurred: `[224, 224, 3]` -> `[1000]`. */
export const resnetblur101d = variant(
  'resnetblur101d',
  { parameters: 44_568_392, macs: 9_081_495_552 },
  residualClassifier(bottleneckOf({ ...blurred, shortcut }), [3, 4, 23, 3], { ...blurredBody, stem }),
)

/**
 * ResNet-50, timm's, that averages 2 x 2 pixels instead: `[224, 224, 3]` -> `[1000]`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnetaa50', { numClasses: 10 })
 * ```
 */
export const resnetaa50 = variant(
  'resnetaa50',
  { ...averagedSizes, parameters: 25_557_032, macs: 5_129_633_792, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf(averaged), [3, 4, 6, 3], averagedBody),
)

/** ResNet-34-D, averaged: `[224, 224, 3]` -> `[1000]`. */
export const resnetaa34d = variant(
  'resnetaa34d',
  { ...averagedSizes, parameters: 21_816_904, macs: 4_423_626_752 },
  residualClassifier(basicBlockOf({ ...averaged, shortcut }), [3, 4, 6, 3], { ...averagedBody, stem }),
)

/** ResNet-50-D, averaged: `[224, 224, 3]` -> `[1000]`. */
export const resnetaa50d = variant(
  'resnetaa50d',
  { ...averagedSizes, parameters: 25_576_264, macs: 5_369_274_368, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf({ ...averaged, shortcut }), [3, 4, 6, 3], { ...averagedBody, stem }),
)

/** ResNet-101-D, averaged: `[224, 224, 3]` -> `[1000]`. */
export const resnetaa101d = variant(
  'resnetaa101d',
  { ...averagedSizes, parameters: 44_568_392, macs: 9_081_495_552, preprocessing: { crop: 0.95 } },
  residualClassifier(bottleneckOf({ ...averaged, shortcut }), [3, 4, 23, 3], { ...averagedBody, stem }),
)

const excited = { ...averaged, shortcut, attention: excite(1 / 16) }
const groups32x8 = { widening: 4, groups: 32 }

/** SE-ResNet-50-D, averaged: `[224, 224, 3]` -> `[1000]`. */
export const seresnetaa50d = variant(
  'seresnetaa50d',
  { ...averagedSizes, parameters: 28_107_256, macs: 5_371_789_312 },
  residualClassifier(bottleneckOf(excited), [3, 4, 6, 3], { ...averagedBody, stem }),
)

/** SE-ResNeXt-101-D with 32 groups of 8 channels, averaged: `[288, 288, 3]` -> `[1000]`. */
export const seresnextaa101d_32x8d = variant(
  'seresnextaa101d_32x8d',
  {
    ...averagedSizes,
    inputs: { input: [288, 288, 3] },
    parameters: 93_588_280,
    macs: 28_392_882_176,
    preprocessing: { crop: 0.95 },
  },
  residualClassifier(bottleneckOf({ ...excited, ...groups32x8 }), [3, 4, 23, 3], { ...averagedBody, stem }),
)

/** SE-ResNeXt-201-D with 32 groups of 8 channels, averaged: `[384, 384, 3]` -> `[1000]`. */
export const seresnextaa201d_32x8d = variant(
  'seresnextaa201d_32x8d',
  {
    ...averagedSizes,
    inputs: { input: [384, 384, 3] },
    parameters: 149_394_904,
    macs: 100_711_505_920,
    preprocessing: { crop: 1 },
  },
  residualClassifier(bottleneckOf({ ...excited, ...groups32x8 }), [3, 24, 36, 4], {
    ...averagedBody,
    stem: deepStem(64, 64, 128),
  }),
)
