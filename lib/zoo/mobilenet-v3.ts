import {
  type AnySym,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool,
  hardSigmoid,
  hardSwish,
  type Layer,
  module,
  relu,
  sequential,
  squeezeExcite,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, invertedResidual, type PaddingMode, paddingOf, pointwise } from './inverted-residual.js'
import { features, type Line, large, small, stemWidth } from './mobilenet-v3-body.js'

const variant = defineFamily({
  family: 'mobilenet_v3',
  task: 'image-classification',
  paper: {
    title: 'Searching for MobileNetV3',
    authors: 'Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam',
    year: 2019,
    url: 'https://arxiv.org/abs/1905.02244',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

interface Configuration {
  readonly lines: readonly Line[]
  /** Channels of the last convolution. */
  readonly lastWidth: number
  /** Features of the dense layer before the last. */
  readonly hidden: number
}

const mobilenetV3 =
  ({ lines, lastWidth, hidden }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(...features(lines, lastWidth)) as Layer,
      avgpool: globalAvgPool(),
      classifier: sequential(dense(hidden), hardSwish, dropout({ p: 0.2 }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  }

/**
 * MobileNet v3 Large: `[224, 224, 3]` -> `[1000]`. Howard et al., arXiv:1905.02244.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenet_v3_large', { numClasses: 10 })
 * ```
 */
export const mobilenetV3Large = variant(
  'mobilenet_v3_large',
  { parameters: 5_483_032, macs: 216_589_760, preprocessing: { crop: 224 / 232 } },
  mobilenetV3({ lines: large, lastWidth: 960, hidden: 1280 }),
)

/** MobileNet v3 Small: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV3Small = variant(
  'mobilenet_v3_small',
  { parameters: 2_542_856, macs: 56_510_400 },
  mobilenetV3({ lines: small, lastWidth: 576, hidden: 1024 }),
)

/** In what timm's transcriptions of TensorFlow's networks differ from its own. */
interface Conventions {
  readonly padding: PaddingMode
  /** Of the batch norms. */
  readonly eps: number
}

const torchLike: Conventions = { padding: 'half', eps: 1e-5 }
const tensorflowLike: Conventions = { padding: 'same', eps: 1e-3 }

/** Filters the channels that it gets where the line has as many of them, expands them first elsewhere. Under timm's names. */
const scaledBlock = (
  inChannels: number,
  outChannels: number,
  line: Line,
  expansion: number,
  conventions: Conventions,
) => {
  const { kernel, stride, activation, gated } = line
  const expanded = roundToMultiple(inChannels * expansion, 8)
  const squeezed = roundToMultiple(expanded / 4, 8)
  const names = ['conv_reduce', 'conv_expand'] as const
  return invertedResidual({
    inChannels,
    outChannels,
    stride,
    activation,
    ...(expansion !== 1 && { expand: pointwise(expanded) }),
    filter: depthwise(kernel, stride, conventions.padding),
    eps: conventions.eps,
    ...(gated && { weigh: squeezeExcite(expanded, { squeezed, activation: relu, gate: hardSigmoid, names }) }),
    project: pointwise(outChannels),
  })
}

/** Blocks of one width are a stage. */
const scaledStages = (lines: readonly Line[], scaled: (width: number) => number, conventions: Conventions) => {
  const stages: Layer[][] = []
  for (const [i, line] of lines.entries()) {
    const inWidth = lines[i - 1]?.width ?? stemWidth
    const inChannels = i > 0 ? scaled(inWidth) : stemWidth
    if (i === 0 || line.width !== inWidth) stages.push([])
    stages
      .at(-1)
      ?.push(scaledBlock(inChannels, scaled(line.width), line, line.expanded / inWidth, conventions) as Layer)
  }
  return stages
}

interface ScaledOptions {
  readonly activation?: Layer
  readonly conventions?: Conventions
}

/** The width multiplier of the paper; the stem and the last features stay. */
const scaledMobilenetV3 =
  ({ lines, lastWidth, hidden }: Configuration, width: number, options: ScaledOptions = {}) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { activation = hardSwish, conventions = torchLike } = options
    const { padding, eps } = conventions
    const scaled = (channels: number) => roundToMultiple(channels * width, 8)
    const last = { conv: pointwise(scaled(lastWidth)), bn1: batchNorm({ eps }) }
    const lastStage = sequential(module(last, (x: AnySym) => activation(last.bn1(last.conv(x)))))
    const stages = scaledStages(lines, scaled, conventions)
    const m = {
      conv_stem: conv2d(stemWidth, { kernel: 3, stride: 2, padding: paddingOf(3, padding), bias: false }),
      bn1: batchNorm({ eps }),
      blocks: sequential(...stages.map((blocks) => sequential(...blocks)), lastStage) as Layer,
      global_pool: globalAvgPool(),
      conv_head: conv2d(hidden, { kernel: 1 }),
      classifier: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.blocks(activation(m.bn1(m.conv_stem(x)) as AnySym))
      return m.classifier(flatten(activation(m.conv_head(m.global_pool(features)) as AnySym)))
    })
  }

/** MobileNet v3 Large with three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV3Large075 = variant(
  'mobilenetv3_large_075',
  { parameters: 3_993_528, macs: 154_560_624 },
  scaledMobilenetV3({ lines: large, lastWidth: 960, hidden: 1280 }, 0.75),
)

/** MobileNet v3 Small with half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV3Small050 = variant(
  'mobilenetv3_small_050',
  { parameters: 1_593_224, macs: 24_188_688, preprocessing: { interpolation: 'bicubic' } },
  scaledMobilenetV3({ lines: small, lastWidth: 576, hidden: 1024 }, 0.5),
)

/** MobileNet v3 Small with three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV3Small075 = variant(
  'mobilenetv3_small_075',
  { parameters: 2_041_872, macs: 43_399_344, preprocessing: { interpolation: 'bicubic' } },
  scaledMobilenetV3({ lines: small, lastWidth: 576, hidden: 1024 }, 0.75),
)

/** Without what some devices compute slowly: 3 x 3 kernels and ReLU alone, and nothing that weighs channels. */
const minimal = (lines: readonly Line[]): readonly Line[] =>
  lines.map((line) => ({ ...line, kernel: 3, gated: false, activation: relu }))

const minimalOptions = { activation: relu, conventions: tensorflowLike }

/**
 * MobileNet v3 Large of the parts that every device computes fast: `[224, 224, 3]` -> `[1000]`, of 3 x 3 kernels and ReLU, without
 * squeeze and excitation. https://github.com/tensorflow/models/tree/master/research/slim/nets/mobilenet
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('tf_mobilenetv3_large_minimal_100')
 * ```
 */
export const tfMobilenetV3LargeMinimal100 = variant(
  'tf_mobilenetv3_large_minimal_100',
  { parameters: 3_924_288, macs: 209_136_704, preprocessing: 'inception' },
  scaledMobilenetV3({ lines: minimal(large), lastWidth: 960, hidden: 1280 }, 1, minimalOptions),
)

/** MobileNet v3 Small of the same parts: `[224, 224, 3]` -> `[1000]`. */
export const tfMobilenetV3SmallMinimal100 = variant(
  'tf_mobilenetv3_small_minimal_100',
  { parameters: 2_044_736, macs: 52_288_448, preprocessing: 'inception' },
  scaledMobilenetV3({ lines: minimal(small), lastWidth: 576, hidden: 1024 }, 1, minimalOptions),
)
