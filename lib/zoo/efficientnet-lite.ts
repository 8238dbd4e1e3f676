import { relu6 } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, invertedResidual, mobileNet, pointwise } from './inverted-residual.js'
import { efficientNetStages as stages } from './mbconv.js'

const variant = defineFamily({
  family: 'efficientnet_lite',
  task: 'image-classification',
  paper: {
    title: 'EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks',
    authors: 'Tan, Le',
    year: 2019,
    url: 'https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const stemWidth = 32
const headWidth = 1280

interface Scaling {
  /** Channels of the blocks, in parts of those of the table, rounded to multiples of 8. */
  readonly width: number
  /** Blocks per stage but the first and the last, in parts of those of the table, rounded up. */
  readonly depth: number
}

/** EfficientNet without squeeze and excitation, with ReLU6; stem, head and the outer stages do not grow. */
const efficientnetLite =
  ({ width, depth }: Scaling) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}) => {
    let inChannels = stemWidth
    const blocksOf = (stage: (typeof stages)[number]) => {
      const isOuter = stage === stages[0] || stage === stages[6]
      const outChannels = roundToMultiple(stage.width * width, 8)
      return Array.from({ length: isOuter ? stage.depth : Math.ceil(stage.depth * depth) }, (_, i) => {
        const stride = i > 0 ? 1 : stage.stride
        const block = invertedResidual({
          inChannels,
          outChannels,
          stride,
          activation: relu6,
          ...(stage.expansion > 1 && { expand: pointwise(inChannels * stage.expansion) }),
          filter: depthwise(stage.kernel, stride),
          project: pointwise(outChannels),
        })
        inChannels = outChannels
        return block
      })
    }
    return mobileNet({ stemWidth, stages: stages.map(blocksOf), headWidth, activation: relu6, numClasses })
  }

/**
 * EfficientNet-Lite0: `[224, 224, 3]` -> `[1000]`. Tan and Le, after arXiv:1905.11946.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('efficientnet_lite0', { numClasses: 10 })
 * ```
 */
export const efficientnetLite0 = variant(
  'efficientnet_lite0',
  { parameters: 4_652_008, macs: 385_187_552 },
  efficientnetLite({ width: 1, depth: 1 }),
)

/** EfficientNet-Lite1: `[240, 240, 3]` -> `[1000]`. */
export const efficientnetLite1 = variant(
  'efficientnet_lite1',
  { parameters: 5_416_680, macs: 600_185_232, inputs: { input: [240, 240, 3] }, preprocessing: { crop: 0.882 } },
  efficientnetLite({ width: 1, depth: 1.1 }),
)

/** EfficientNet-Lite2: `[260, 260, 3]` -> `[1000]`. */
export const efficientnetLite2 = variant(
  'efficientnet_lite2',
  { parameters: 6_092_072, macs: 859_736_272, inputs: { input: [260, 260, 3] }, preprocessing: { crop: 0.89 } },
  efficientnetLite({ width: 1.1, depth: 1.2 }),
)

/** EfficientNet-Lite3: `[300, 300, 3]` -> `[1000]`. */
export const efficientnetLite3 = variant(
  'efficientnet_lite3',
  { parameters: 8_197_096, macs: 1_607_554_544, inputs: { input: [300, 300, 3] }, preprocessing: { crop: 0.904 } },
  efficientnetLite({ width: 1.2, depth: 1.4 }),
)

/** EfficientNet-Lite4: `[380, 380, 3]` -> `[1000]`. */
export const efficientnetLite4 = variant(
  'efficientnet_lite4',
  { parameters: 13_006_568, macs: 3_943_564_112, inputs: { input: [380, 380, 3] }, preprocessing: { crop: 0.922 } },
  efficientnetLite({ width: 1.4, depth: 1.8 }),
)
