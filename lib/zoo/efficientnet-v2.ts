import { type AnySym, conv2d, dense, dropout, flatten, globalAvgPool, module, sequential } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { fusedMBConv, mbConv, normSilu, pointwise } from './mbconv.js'

const variant = defineFamily({
  family: 'efficientnet_v2',
  task: 'image-classification',
  paper: {
    title: 'EfficientNetV2: Smaller Models and Faster Training',
    authors: 'Tan, Le',
    year: 2021,
    url: 'https://arxiv.org/abs/2104.00298',
  },
  inputs: { input: [480, 480, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 1 },
})

/** A stage repeats its block of 3 x 3 convolutions; only the first one has the stride. */
interface Stage {
  readonly block: typeof mbConv
  readonly expansion: number
  readonly stride: number
  readonly width: number
  readonly depth: number
}

const eps = 0.001
const lastWidth = 1280

/** What the probabilities of leaving a block out in training grow towards, evenly from 0 at the first. */
const dropRate = 0.2

const blocksOf = (stages: readonly Stage[]) => {
  const blockCount = stages.reduce((sum, { depth }) => sum + depth, 0)
  let index = 0
  return stages.map(({ block, expansion, stride, width, depth }, stage) =>
    sequential(
      ...Array.from({ length: depth }, (_, i) =>
        block({
          inChannels: i > 0 ? width : (stages[Math.max(0, stage - 1)] as Stage).width,
          outChannels: width,
          expansion,
          kernel: 3,
          stride: i > 0 ? 1 : stride,
          dropRate: (dropRate * index++) / blockCount,
          eps,
        }),
      ),
    ),
  )
}

interface Configuration {
  readonly stages: readonly [Stage, ...Stage[]]
  /** Probability of the last dropout. */
  readonly dropout: number
}

/** The stem has the channels of the first stage. */
const efficientnetV2 =
  ({ stages, dropout: p }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const stem = conv2d(stages[0].width, { kernel: 3, stride: 2, padding: 1, bias: false })
    const m = {
      features: sequential(normSilu(stem, eps), ...blocksOf(stages), normSilu(pointwise(lastWidth), eps)),
      avgpool: globalAvgPool(),
      classifier: sequential(dropout({ p }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  }

/**
 * EfficientNetV2-S: `[384, 384, 3]` -> `[1000]`. Tan and Le, arXiv:2104.00298.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('efficientnet_v2_s', { numClasses: 10 })
 * ```
 */
export const efficientnetV2S = variant(
  'efficientnet_v2_s',
  { parameters: 21_458_488, macs: 8_365_617_152, inputs: { input: [384, 384, 3] } },
  efficientnetV2({
    stages: [
      { block: fusedMBConv, expansion: 1, stride: 1, width: 24, depth: 2 },
      { block: fusedMBConv, expansion: 4, stride: 2, width: 48, depth: 4 },
      { block: fusedMBConv, expansion: 4, stride: 2, width: 64, depth: 4 },
      { block: mbConv, expansion: 4, stride: 2, width: 128, depth: 6 },
      { block: mbConv, expansion: 6, stride: 1, width: 160, depth: 9 },
      { block: mbConv, expansion: 6, stride: 2, width: 256, depth: 15 },
    ],
    dropout: 0.2,
  }),
)

/** EfficientNetV2-M: `[480, 480, 3]` -> `[1000]`. */
export const efficientnetV2M = variant(
  'efficientnet_v2_m',
  { parameters: 54_139_356, macs: 24_582_460_384 },
  efficientnetV2({
    stages: [
      { block: fusedMBConv, expansion: 1, stride: 1, width: 24, depth: 3 },
      { block: fusedMBConv, expansion: 4, stride: 2, width: 48, depth: 5 },
      { block: fusedMBConv, expansion: 4, stride: 2, width: 80, depth: 5 },
      { block: mbConv, expansion: 4, stride: 2, width: 160, depth: 7 },
      { block: mbConv, expansion: 6, stride: 1, width: 176, depth: 14 },
      { block: mbConv, expansion: 6, stride: 2, width: 304, depth: 18 },
      { block: mbConv, expansion: 6, stride: 1, width: 512, depth: 5 },
    ],
    dropout: 0.3,
  }),
)

/** EfficientNetV2-L: `[480, 480, 3]` -> `[1000]`. */
export const efficientnetV2L = variant(
  'efficientnet_v2_l',
  { parameters: 118_515_272, macs: 56_079_699_008, preprocessing: { preset: 'inception', interpolation: 'bicubic' } },
  efficientnetV2({
    stages: [
      { block: fusedMBConv, expansion: 1, stride: 1, width: 32, depth: 4 },
      { block: fusedMBConv, expansion: 4, stride: 2, width: 64, depth: 7 },
      { block: fusedMBConv, expansion: 4, stride: 2, width: 96, depth: 7 },
      { block: mbConv, expansion: 4, stride: 2, width: 192, depth: 10 },
      { block: mbConv, expansion: 6, stride: 1, width: 224, depth: 19 },
      { block: mbConv, expansion: 6, stride: 2, width: 384, depth: 25 },
      { block: mbConv, expansion: 6, stride: 1, width: 640, depth: 7 },
    ],
    dropout: 0.4,
  }),
)
