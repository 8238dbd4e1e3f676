import {
  type AnySym,
  add,
  conv2d,
  convTranspose2d,
  dropout,
  type Layer,
  maxPool2d,
  module,
  relu,
  slice,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'fcn_vgg',
  task: 'semantic-segmentation',
  paper: {
    title: 'Fully Convolutional Networks for Semantic Segmentation',
    authors: 'Long, Shelhamer, Darrell',
    year: 2014,
    url: 'https://arxiv.org/abs/1411.4038',
  },
  inputs: { input: [500, 500, 3] },
  minInputSize: 1,
  numClasses: 21,
  preprocessing: 'imagenet-bgr-caffe',
})

/** Output channels of VGG-16's convolutions, by stage; a pool ends each. */
const widths = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
]

/** The very first convolution pads so much that the dense layers, as convolutions, fit pictures of every size. */
const firstPadding = 100

const pool = maxPool2d({ kernel: 2, ceil: true })

const vggStages = (): readonly (readonly Layer[])[] =>
  widths.map((stage, i) =>
    stage.map((width, j) => conv2d(width, { kernel: 3, padding: i + j === 0 ? firstPadding : 1 }) as Layer),
  )

/** Where a finer map is scored too: the stage whose pool ends in it, how much is cut off its scores, how the coarse ones are enlarged. */
interface Skip {
  readonly stage: number
  readonly offset: number
  readonly enlarge: string
}

const fourth: Skip = { stage: 4, offset: 5, enlarge: 'upscore2' }
const third: Skip = { stage: 3, offset: 9, enlarge: 'upscore_pool4' }

interface Configuration {
  /** From coarse to fine. */
  readonly skips: readonly Skip[]
  /** How much the last layer enlarges. */
  readonly stride: number
  readonly lastName: string
  /** Rows and columns that are cut off at the top and left of what the last layer makes. */
  readonly offset: number
}

/** As much of a map as another one has, from `offset` on. */
const cropTo = (x: AnySym, { shape: [height, width] }: AnySym, offset: number): AnySym => {
  const rows = slice(x, { start: offset, end: offset + (height as number), axis: 0 }) as AnySym
  return slice(rows, { start: offset, end: offset + (width as number), axis: 1 }) as AnySym
}

const fcnVgg16 =
  ({ skips, stride, lastName, offset }: Configuration) =>
  ({ numClasses = 21 }: ClassifierOptions = {}) => {
    const stages = vggStages()
    const score = () => conv2d(numClasses, { kernel: 1 }) as Layer
    const enlarge = (factor: number) =>
      convTranspose2d(numClasses, { kernel: 2 * factor, stride: factor, bias: false }) as Layer
    const dense = { fc6: conv2d(4096, { kernel: 7 }) as Layer, fc7: conv2d(4096, { kernel: 1 }) as Layer }
    const scoreCoarsest = score()
    const merges = skips.map((skip) => ({ ...skip, score: score(), enlargeBefore: enlarge(2) }))
    const last = enlarge(stride)
    const drop = dropout() as Layer
    const children = Object.assign(
      { ...dense, score_fr: scoreCoarsest, [lastName]: last },
      ...stages.flatMap((stage, i) => stage.map((conv, j) => ({ [`conv${i + 1}_${j + 1}`]: conv }))),
      ...merges.map(({ stage, score, enlarge, enlargeBefore }) => ({
        [`score_pool${stage}`]: score,
        [enlarge]: enlargeBefore,
      })),
    )
    return module(children, (x: AnySym) => {
      const pools: AnySym[] = []
      const map = stages.reduce((value, stage) => {
        const pooled = pool(stage.reduce((features, conv) => relu(conv(features)), value)) as AnySym
        pools.push(pooled)
        return pooled
      }, x)
      const hidden = drop(relu(dense.fc7(drop(relu(dense.fc6(map))))))
      const scores = merges.reduce((coarse, { stage, score, offset, enlargeBefore }): AnySym => {
        const enlarged = enlargeBefore(coarse)
        return add(enlarged, cropTo(score(pools[stage - 1] as AnySym), enlarged, offset)) as AnySym
      }, scoreCoarsest(hidden))
      return cropTo(last(scores), x, offset)
    })
  }

/**
 * FCN-32s on VGG-16, one class map enlarged 32 times: `[500, 500, 3]` -> `[500, 500, 21]`, logits. Long et al., arXiv:1411.4038.
 *
 * The enlarging layers start as bilinear interpolation, and the last one stays that; their weights are in the published files.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('fcn32s_vgg16', { inputSize: [375, 500] })
 * ```
 */
export const fcn32sVgg16 = variant(
  'fcn32s_vgg16',
  { parameters: 136_152_917, macs: 181_365_854_976 },
  fcnVgg16({ skips: [], stride: 32, lastName: 'upscore', offset: 19 }),
)

/** FCN-16s, which scores the map of 1/16 of the size as well: `[500, 500, 3]` -> `[500, 500, 21]`. */
export const fcn16sVgg16 = variant(
  'fcn16s_vgg16',
  { parameters: 134_815_994, macs: 181_448_086_272 },
  fcnVgg16({ skips: [fourth], stride: 16, lastName: 'upscore16', offset: 27 }),
)

/** FCN-8s, which scores those of 1/16 and 1/8 of the size as well: `[500, 500, 3]` -> `[500, 500, 21]`. */
export const fcn8sVgg16 = variant(
  'fcn8s_vgg16',
  { parameters: 134_489_759, macs: 181_529_034_048 },
  fcnVgg16({ skips: [fourth, third], stride: 8, lastName: 'upscore8', offset: 31 }),
)
