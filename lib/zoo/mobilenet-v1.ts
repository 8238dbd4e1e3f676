import { type AnySym, batchNorm, module, relu6 } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, mobileNet, pointwise } from './inverted-residual.js'

const variant = defineFamily({
  family: 'mobilenet_v1',
  task: 'image-classification',
  paper: {
    title: 'MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications',
    authors: 'Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam',
    year: 2017,
    url: 'https://arxiv.org/abs/1704.04861',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { preset: 'inception', interpolation: 'bicubic' },
})

/** The paper's table 1: the first convolution of a stage has the stride. */
const stages = [
  { width: 64, depth: 1, stride: 1 },
  { width: 128, depth: 2, stride: 2 },
  { width: 256, depth: 2, stride: 2 },
  { width: 512, depth: 6, stride: 2 },
  { width: 1024, depth: 2, stride: 2 },
] as const

const stemWidth = 32

/** A filter for every channel alone, then a mixture of the channels of every pixel. */
const separable = (width: number, stride: number) => {
  const m = { conv_dw: depthwise(3, stride), bn1: batchNorm(), conv_pw: pointwise(width), bn2: batchNorm() }
  return module(m, (x: AnySym) => relu6(m.bn2(m.conv_pw(relu6(m.bn1(m.conv_dw(x)))))))
}

/** `scale` is the paper's width multiplier. */
const mobilenetV1 =
  (scale: number) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}) => {
    const scaled = (channels: number) => roundToMultiple(channels * scale, 8)
    return mobileNet({
      stemWidth: scaled(stemWidth),
      stages: stages.map(({ width, depth, stride }) =>
        Array.from({ length: depth }, (_, i) => separable(scaled(width), i > 0 ? 1 : stride)),
      ),
      activation: relu6,
      numClasses,
    })
  }

/**
 * MobileNet v1 with a quarter of the channels: `[224, 224, 3]` -> `[1000]`. Howard et al., arXiv:1704.04861.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenetv1_025', { numClasses: 10 })
 * ```
 */
export const mobilenetV1_025 = variant('mobilenetv1_025', { parameters: 470_072, macs: 41_030_272 }, mobilenetV1(0.25))

/** MobileNet v1 with half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV1_050 = variant(
  'mobilenetv1_050',
  { parameters: 1_331_592, macs: 149_497_088 },
  mobilenetV1(0.5),
)

/** MobileNet v1 with three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV1_075 = variant(
  'mobilenetv1_075',
  { parameters: 2_585_560, macs: 325_400_448 },
  mobilenetV1(0.75),
)

/** MobileNet v1: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV1_100 = variant('mobilenetv1_100', { parameters: 4_231_976, macs: 568_740_352 }, mobilenetV1(1))

/** MobileNet v1 with 1.25 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV1_125 = variant(
  'mobilenetv1_125',
  { parameters: 6_270_840, macs: 879_516_800, preprocessing: { crop: 0.9 } },
  mobilenetV1(1.25),
)
