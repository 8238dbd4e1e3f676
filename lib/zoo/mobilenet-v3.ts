import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAvgPool,
  hardSigmoid,
  hardSwish,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple, squeezeExcite } from './blocks.js'

const variant = defineFamily({
  family: 'mobilenet_v3',
  task: 'image-classification',
  paper: {
    title: 'Searching for MobileNetV3',
    authors: 'Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam',
    year: 2019,
    url: 'https://arxiv.org/abs/1905.02244',
  },
  inputShape: [224, 224, 3],
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

type Activation = (x: AnySym) => AnySym

/** A line of the paper's tables; `gated` blocks weigh their channels by squeeze and excitation. */
interface Line {
  readonly kernel: number
  /** Channels of the depthwise convolution. */
  readonly expanded: number
  readonly width: number
  readonly gated: boolean
  readonly activation: Activation
  readonly stride: number
}

/** The paper's table 1. */
const large: readonly Line[] = [
  { kernel: 3, expanded: 16, width: 16, gated: false, activation: relu, stride: 1 },
  { kernel: 3, expanded: 64, width: 24, gated: false, activation: relu, stride: 2 },
  { kernel: 3, expanded: 72, width: 24, gated: false, activation: relu, stride: 1 },
  { kernel: 5, expanded: 72, width: 40, gated: true, activation: relu, stride: 2 },
  { kernel: 5, expanded: 120, width: 40, gated: true, activation: relu, stride: 1 },
  { kernel: 5, expanded: 120, width: 40, gated: true, activation: relu, stride: 1 },
  { kernel: 3, expanded: 240, width: 80, gated: false, activation: hardSwish, stride: 2 },
  { kernel: 3, expanded: 200, width: 80, gated: false, activation: hardSwish, stride: 1 },
  { kernel: 3, expanded: 184, width: 80, gated: false, activation: hardSwish, stride: 1 },
  { kernel: 3, expanded: 184, width: 80, gated: false, activation: hardSwish, stride: 1 },
  { kernel: 3, expanded: 480, width: 112, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 3, expanded: 672, width: 112, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 672, width: 160, gated: true, activation: hardSwish, stride: 2 },
  { kernel: 5, expanded: 960, width: 160, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 960, width: 160, gated: true, activation: hardSwish, stride: 1 },
]

/** The paper's table 2. */
const small: readonly Line[] = [
  { kernel: 3, expanded: 16, width: 16, gated: true, activation: relu, stride: 2 },
  { kernel: 3, expanded: 72, width: 24, gated: false, activation: relu, stride: 2 },
  { kernel: 3, expanded: 88, width: 24, gated: false, activation: relu, stride: 1 },
  { kernel: 5, expanded: 96, width: 40, gated: true, activation: hardSwish, stride: 2 },
  { kernel: 5, expanded: 240, width: 40, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 240, width: 40, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 120, width: 48, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 144, width: 48, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 288, width: 96, gated: true, activation: hardSwish, stride: 2 },
  { kernel: 5, expanded: 576, width: 96, gated: true, activation: hardSwish, stride: 1 },
  { kernel: 5, expanded: 576, width: 96, gated: true, activation: hardSwish, stride: 1 },
]

const stemWidth = 16

const norm = () => batchNorm({ eps: 0.001 })
const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })
const depthwise = (kernel: number, stride: number) =>
  depthwiseConv2d({ kernel, stride, padding: (kernel - 1) / 2, bias: false })

/** Expands by 1 x 1, filters every channel alone, may weigh the channels, projects back; a shortcut where the shape stays. */
const invertedResidual = (inChannels: number, { kernel, expanded, width, gated, activation, stride }: Line) => {
  const squeezed = roundToMultiple(Math.floor(expanded / 4), 8)
  const m = {
    block: sequential(
      ...(expanded === inChannels ? [] : [sequential(pointwise(expanded), norm(), activation)]),
      sequential(depthwise(kernel, stride), norm(), activation),
      ...(gated ? [squeezeExcite(expanded, { squeezed, activation: relu, gate: hardSigmoid })] : []),
      sequential(pointwise(width), norm()),
    ),
  }
  const keepsShape = stride === 1 && inChannels === width
  return module(m, (x: AnySym) => (keepsShape ? add(m.block(x), x) : m.block(x)))
}

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
      features: sequential(
        sequential(conv2d(stemWidth, { kernel: 3, stride: 2, padding: 1, bias: false }), norm(), hardSwish),
        ...lines.map((line, i) => invertedResidual(lines[i - 1]?.width ?? stemWidth, line)),
        sequential(pointwise(lastWidth), norm(), hardSwish),
      ),
      avgpool: globalAvgPool(),
      classifier: sequential(dense(hidden), hardSwish, dropout({ p: 0.2 }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  }

/**
 * MobileNet v3 Large: `[224, 224, 3]` -> `[1000]`. Howard et al., arXiv:1905.02244.
 *
 * ```ts
 * import { mobilenetV3Large, model } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, mobilenetV3Large({ numClasses: 10 }))
 * ```
 */
export const mobilenetV3Large = variant(
  'mobilenet_v3_large',
  { parameters: 5_483_032, macs: 216_589_760 },
  mobilenetV3({ lines: large, lastWidth: 960, hidden: 1280 }),
)

/** MobileNet v3 Small: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV3Small = variant(
  'mobilenet_v3_small',
  { parameters: 2_542_856, macs: 56_510_400 },
  mobilenetV3({ lines: small, lastWidth: 576, hidden: 1024 }),
)
