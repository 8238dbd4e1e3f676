import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool,
  module,
  relu6,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, invertedResidual, mobileNet, mobileNetV2Stages, pointwise } from './inverted-residual.js'

const variant = defineFamily({
  family: 'mobilenet_v2',
  task: 'image-classification',
  paper: {
    title: 'MobileNetV2: Inverted Residuals and Linear Bottlenecks',
    authors: 'Sandler, Howard, Zhu, Zhmoginov, Chen',
    year: 2018,
    url: 'https://arxiv.org/abs/1801.04381',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const normRelu6 = (conv: (x: AnySym) => AnySym) => sequential(conv, batchNorm(), relu6)

interface BlockOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly expansion: number
  readonly stride: number
}

/**
 * Expands by 1 x 1, filters every channel alone, projects back without an activation; a shortcut where the shape stays. Under
 * torchvision's names.
 */
const block = ({ inChannels, outChannels, expansion, stride }: BlockOptions) => {
  const expand = expansion === 1 ? [] : [normRelu6(pointwise(inChannels * expansion))]
  const m = { conv: sequential(...expand, normRelu6(depthwise(3, stride)), pointwise(outChannels), batchNorm()) }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym) => (keepsShape ? add(x, m.conv(x)) : m.conv(x)))
}

const stemWidth = 32
const headWidth = 1280

const blocks = () =>
  mobileNetV2Stages.flatMap(({ expansion, width, depth, stride }, stage) =>
    Array.from({ length: depth }, (_, i) =>
      block({
        inChannels: i > 0 ? width : (mobileNetV2Stages[stage - 1]?.width ?? stemWidth),
        outChannels: width,
        expansion,
        stride: i > 0 ? 1 : stride,
      }),
    ),
  )

/**
 * MobileNet v2: `[224, 224, 3]` -> `[1000]`. Sandler et al., arXiv:1801.04381.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenet_v2', { numClasses: 10 })
 * ```
 */
export const mobilenetV2 = variant(
  'mobilenet_v2',
  { parameters: 3_504_872, macs: 300_774_272, preprocessing: { crop: 224 / 232, interpolation: 'bilinear' } },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(
        normRelu6(conv2d(stemWidth, { kernel: 3, stride: 2, padding: 1, bias: false })),
        ...blocks(),
        normRelu6(pointwise(headWidth)),
      ),
      avgpool: globalAvgPool(),
      classifier: sequential(dropout({ p: 0.2 }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  },
)

interface Scaling {
  /** Channels, in parts of those of the table, rounded to multiples of 8; the last convolution never has fewer. */
  readonly width: number
  /** Blocks per stage but the first and the last, in parts of those of the table, rounded up. With it stem and head do not grow. */
  readonly depth?: number
}

/** The paper's width multiplier, and timm's depth multiplier, under timm's names. */
const scaledMobilenetV2 =
  ({ width, depth }: Scaling) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}) => {
    const scaled = (channels: number) => roundToMultiple(channels * width, 8)
    const firstWidth = depth ? stemWidth : scaled(stemWidth)
    let inChannels = firstWidth
    const blocksOf = (stage: (typeof mobileNetV2Stages)[number]) => {
      const outChannels = scaled(stage.width)
      const length = stage.depth === 1 ? 1 : Math.ceil(stage.depth * (depth ?? 1))
      return Array.from({ length }, (_, i) => {
        const stride = i > 0 ? 1 : stage.stride
        const layer = invertedResidual({
          inChannels,
          outChannels,
          stride,
          activation: relu6,
          ...(stage.expansion > 1 && { expand: pointwise(inChannels * stage.expansion) }),
          filter: depthwise(3, stride),
          project: pointwise(outChannels),
        })
        inChannels = outChannels
        return layer
      })
    }
    return mobileNet({
      stemWidth: firstWidth,
      stages: mobileNetV2Stages.map(blocksOf),
      headWidth: depth ? headWidth : Math.max(headWidth, scaled(headWidth)),
      activation: relu6,
      numClasses,
    })
  }

/** MobileNet v2 with 0.35 of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV2_035 = variant(
  'mobilenetv2_035',
  { parameters: 1_677_128, macs: 59_285_808 },
  scaledMobilenetV2({ width: 0.35 }),
)

/** MobileNet v2 with half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV2_050 = variant(
  'mobilenetv2_050',
  { parameters: 1_968_680, macs: 97_131_840 },
  scaledMobilenetV2({ width: 0.5 }),
)

/** MobileNet v2 with three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV2_075 = variant(
  'mobilenetv2_075',
  { parameters: 2_636_424, macs: 209_069_792 },
  scaledMobilenetV2({ width: 0.75 }),
)

/** MobileNet v2 with 1.1 times the channels and 1.2 times the blocks: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV2_110d = variant(
  'mobilenetv2_110d',
  { parameters: 4_516_520, macs: 430_516_080 },
  scaledMobilenetV2({ width: 1.1, depth: 1.2 }),
)

/** MobileNet v2 with 1.2 times the channels and 1.4 times the blocks: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV2_120d = variant(
  'mobilenetv2_120d',
  { parameters: 5_831_144, macs: 668_857_568 },
  scaledMobilenetV2({ width: 1.2, depth: 1.4 }),
)

/** MobileNet v2 with 1.4 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV2_140 = variant(
  'mobilenetv2_140',
  { parameters: 6_108_776, macs: 582_195_824 },
  scaledMobilenetV2({ width: 1.4 }),
)
