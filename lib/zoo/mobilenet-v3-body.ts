/** The features of MobileNet v3: Howard et al., arXiv:1905.02244, under torchvision's names. */

import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  hardSigmoid,
  hardSwish,
  type Layer,
  module,
  relu,
  sequential,
  squeezeExcite,
} from '../layers/index.js'
import { roundToMultiple } from './blocks.js'

type Activation = (x: AnySym) => AnySym

/** A line of the paper's tables; `gated` blocks weigh their channels by squeeze and excitation. */
export interface Line {
  readonly kernel: number
  /** Channels of the depthwise convolution. */
  readonly expanded: number
  readonly width: number
  readonly gated: boolean
  readonly activation: Activation
  readonly stride: number
  /** Of the depthwise convolution, which then has no stride; 1 by default. */
  readonly dilation?: number
}

/** The paper's table 1. */
export const large: readonly Line[] = [
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
export const small: readonly Line[] = [
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

export const stemWidth = 16

const norm = () => batchNorm({ eps: 0.001 })
const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })
const depthwise = (kernel: number, stride: number, dilation: number) =>
  depthwiseConv2d({
    kernel,
    stride: dilation > 1 ? 1 : stride,
    padding: (dilation * (kernel - 1)) / 2,
    dilation,
    bias: false,
  })

/** Expands by 1 x 1, filters every channel alone, may weigh the channels, projects back. */
export const blockLayers = (inChannels: number, line: Line): readonly Layer[] => {
  const { kernel, expanded, width, gated, activation, stride, dilation = 1 } = line
  const squeezed = roundToMultiple(Math.floor(expanded / 4), 8)
  return [
    ...(expanded === inChannels ? [] : [sequential(pointwise(expanded), norm(), activation) as Layer]),
    sequential(depthwise(kernel, stride, dilation), norm(), activation) as Layer,
    ...(gated ? [squeezeExcite(expanded, { squeezed, gate: hardSigmoid }) as Layer] : []),
    sequential(pointwise(width), norm()) as Layer,
  ]
}

/** The layers of a block, and a shortcut past them where the shape stays. */
const invertedResidual = (inChannels: number, line: Line) => {
  const m = { block: sequential(...blockLayers(inChannels, line)) as Layer }
  const keepsShape = line.stride === 1 && inChannels === line.width
  return module(m, (x: AnySym) => (keepsShape ? (add(m.block(x), x) as AnySym) : m.block(x)))
}

/** The stem, the blocks, and the convolution to `lastWidth` channels. */
export const features = (lines: readonly Line[], lastWidth: number): readonly Layer[] => [
  sequential(conv2d(stemWidth, { kernel: 3, stride: 2, padding: 1, bias: false }), norm(), hardSwish) as Layer,
  ...lines.map((line, i) => invertedResidual(lines[i - 1]?.width ?? stemWidth, line)),
  sequential(pointwise(lastWidth), norm(), hardSwish) as Layer,
]

/** Table 1 with dilated convolutions in the place of the last halving. */
export const dilatedLarge: readonly Line[] = large.map((line, i) => (i >= 12 ? { ...line, dilation: 2 } : line))
