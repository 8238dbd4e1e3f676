import { batchNorm, relu, sequential } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { excite } from './blocks.js'
import { averagedProjection, bottleneckOf, conv3x3, type Depths, deepStem, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'resnet_rs',
  task: 'image-classification',
  paper: {
    title: 'Revisiting ResNets: Improved Training and Scaling Strategies',
    authors: 'Bello, Fedus, Du, Cubuk, Srinivas, Lin, Shlens, Zoph',
    year: 2021,
    url: 'https://arxiv.org/abs/2103.07579',
  },
  inputs: { input: [256, 256, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 1, interpolation: 'bicubic' },
})

const block = bottleneckOf({ shortcut: averagedProjection, attention: excite(1 / 4) })

/** ResNet-D with a convolution instead of the max pooling, and squeeze and excitation. */
const resnetRs = (depths: Depths) =>
  residualClassifier(block, depths, {
    stem: deepStem(32, 32, 64),
    pool: () => sequential(conv3x3(64, 2), batchNorm(), relu),
  })

/**
 * ResNet-RS-50: `[160, 160, 3]` -> `[1000]`. Bello et al., arXiv:2103.07579.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnetrs50', { numClasses: 10 })
 * ```
 */
export const resnetrs50 = variant(
  'resnetrs50',
  { inputs: { input: [160, 160, 3] }, parameters: 35_691_912, macs: 2_278_629_376, preprocessing: { crop: 0.91 } },
  resnetRs([3, 4, 6, 3]),
)

/** ResNet-RS-101: `[192, 192, 3]` -> `[1000]`. */
export const resnetrs101 = variant(
  'resnetrs101',
  { inputs: { input: [192, 192, 3] }, parameters: 63_618_696, macs: 6_012_157_952, preprocessing: { crop: 0.94 } },
  resnetRs([3, 4, 23, 3]),
)

/** ResNet-RS-152: `[256, 256, 3]` -> `[1000]`. */
export const resnetrs152 = variant(
  'resnetrs152',
  { parameters: 86_621_576, macs: 15_527_886_848 },
  resnetRs([3, 8, 36, 3]),
)

/** ResNet-RS-200: `[256, 256, 3]` -> `[1000]`. */
export const resnetrs200 = variant(
  'resnetrs200',
  { parameters: 93_209_992, macs: 20_093_386_752 },
  resnetRs([3, 24, 36, 3]),
)

/** ResNet-RS-270: `[256, 256, 3]` -> `[1000]`. */
export const resnetrs270 = variant(
  'resnetrs270',
  { parameters: 129_861_448, macs: 26_950_189_056 },
  resnetRs([4, 29, 53, 4]),
)

/** ResNet-RS-350: `[288, 288, 3]` -> `[1000]`. */
export const resnetrs350 = variant(
  'resnetrs350',
  { inputs: { input: [288, 288, 3] }, parameters: 163_956_168, macs: 43_493_793_792 },
  resnetRs([4, 36, 72, 4]),
)

/** ResNet-RS-420: `[320, 320, 3]` -> `[1000]`. */
export const resnetrs420 = variant(
  'resnetrs420',
  { inputs: { input: [320, 320, 3] }, parameters: 191_891_656, macs: 63_942_344_704 },
  resnetRs([4, 44, 87, 4]),
)
