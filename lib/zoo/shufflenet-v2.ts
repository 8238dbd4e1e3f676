import {
  type AnySym,
  batchNorm,
  channelShuffle,
  chunk,
  concat,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'shufflenet_v2',
  task: 'image-classification',
  paper: {
    title: 'ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design',
    authors: 'Ma, Zhang, Zheng, Sun',
    year: 2018,
    url: 'https://arxiv.org/abs/1807.11164',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })
const depthwise = (stride: number) => depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false })
const shuffle = channelShuffle(2)

const branch = (width: number, stride: number) =>
  sequential(pointwise(width), batchNorm(), relu, depthwise(stride), batchNorm(), pointwise(width), batchNorm(), relu)

/** Half of the channels go through a branch, the others past it. */
const unit = (width: number) => {
  const m = { branch2: branch(width / 2, 1) }
  return module(m, (x: AnySym) => {
    const [kept, changed] = chunk(x, 2)
    return shuffle(concat(kept, m.branch2(changed))) as AnySym
  })
}

/** Halves the size: all channels go through two branches. */
const downsamplingUnit = (width: number) => {
  const m = {
    branch1: sequential(depthwise(2), batchNorm(), pointwise(width / 2), batchNorm(), relu),
    branch2: branch(width / 2, 2),
  }
  return module(m, (x: AnySym) => shuffle(concat(m.branch1(x), m.branch2(x))) as AnySym)
}

const stage = (width: number, depth: number) =>
  sequential(downsamplingUnit(width), ...Array.from({ length: depth - 1 }, () => unit(width)))

/** Channels of the three stages and of the last convolution: the paper's table 5. */
type Widths = readonly [number, number, number, number]

const shufflenetV2 =
  (widths: Widths) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: sequential(conv2d(24, { kernel: 3, stride: 2, padding: 1, bias: false }), batchNorm(), relu),
      maxpool: maxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      stage2: stage(widths[0], 4),
      stage3: stage(widths[1], 8),
      stage4: stage(widths[2], 4),
      conv5: sequential(pointwise(widths[3]), batchNorm(), relu),
      avgpool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.stage4(m.stage3(m.stage2(m.maxpool(m.conv1(x)))))
      return m.fc(flatten(m.avgpool(m.conv5(features))))
    })
  }

/**
 * ShuffleNet v2 with half of the channels: `[224, 224, 3]` -> `[1000]`. Ma et al., arXiv:1807.11164.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('shufflenet_v2_x0_5', { numClasses: 10 })
 * ```
 */
export const shufflenetV2_x0_5 = variant(
  'shufflenet_v2_x0_5',
  { parameters: 1_366_792, macs: 40_476_448 },
  shufflenetV2([48, 96, 192, 1024]),
)

/** ShuffleNet v2: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV2_x1_0 = variant(
  'shufflenet_v2_x1_0',
  { parameters: 2_278_604, macs: 144_907_992 },
  shufflenetV2([116, 232, 464, 1024]),
)

/** ShuffleNet v2 with 1.5 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV2_x1_5 = variant(
  'shufflenet_v2_x1_5',
  { parameters: 3_503_624, macs: 295_759_392, preprocessing: { crop: 224 / 232 } },
  shufflenetV2([176, 352, 704, 1024]),
)

/** ShuffleNet v2 with twice the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV2_x2_0 = variant(
  'shufflenet_v2_x2_0',
  { parameters: 7_393_996, macs: 583_253_464, preprocessing: { crop: 224 / 232 } },
  shufflenetV2([244, 488, 976, 2048]),
)
