/** Residual networks whose weights are standardised instead of their activations: Brock et al., arXiv:2101.08692. */

import {
  type AnySym,
  add,
  affine,
  dense,
  flatten,
  gelu,
  globalAvgPool,
  identity,
  type Layer,
  layerScale,
  module,
  relu,
  scaledStdConv2d,
  sequential,
  silu,
} from '../layers/index.js'
import type { Classifier, ClassifierOptions } from './architecture.js'
import { averageBefore, type Depths } from './residual.js'

/** An activation, and what brings the deviation of its outputs back to 1 when its inputs have mean 0 and variance 1. */
interface Nonlinearity {
  readonly activation: Layer
  readonly gamma: number
}

export const withRelu: Nonlinearity = { activation: relu, gamma: 1.7139588594436646 }
export const withGelu: Nonlinearity = { activation: gelu(), gamma: 1.7015043497085571 }
/** The same, with the deviation brought back behind the activation instead of in the convolution after it. */
export const withScaledGelu: Nonlinearity = {
  activation: (x) => affine({ scale: withGelu.gamma })(withGelu.activation(x)),
  gamma: 1,
}
export const withSilu: Nonlinearity = { activation: silu, gamma: 1.7881293296813965 }

/** Keeps the size, but for its stride. */
export type Conv = (
  width: number,
  kernel: number,
  options?: { readonly stride?: number; readonly groups?: number },
) => Layer

const convOf =
  ({ gamma, padsEnd = false }: NormalizerFree): Conv =>
  (width, kernel, { stride = 1, groups = 1 } = {}) => {
    const padding = padsEnd ? 'same' : (kernel - 1) / 2
    return scaledStdConv2d(width, { kernel, stride, padding, groups, gamma, eps: 1e-5 })
  }

export interface NormalizerFree extends Nonlinearity {
  /** Reduces a picture to a quarter of its size. */
  readonly stem: (conv: Conv, activation: Layer) => Layer
  readonly depths: Depths
  /** Channels of the stages. */
  readonly widths: Depths
  /** Channels inside a block, in parts of those outside. */
  readonly narrowing: number
  /** Channels of a group of the 3 x 3 convolutions; a single group by default. */
  readonly groupWidth?: number
  /** A second 3 x 3 convolution in each block. */
  readonly isDouble?: boolean
  /** Weighs the channels of a block by factors around a half. */
  readonly attention?: (channels: number) => Layer
  /** Multiplies what a block adds by a learned number. */
  readonly isLearned?: boolean
  /** Where a stride leaves one cell of padding, it is behind the picture, not before it. */
  readonly padsEnd?: boolean
  /** Channels of a last 1 x 1 convolution, if there is one. */
  readonly lastWidth?: number
}

/** The share of a block in the sum with its input. */
const alpha = 0.2

/** Makes up for the variance that the attention takes. */
const attentionGain = 2

interface BlockOptions {
  readonly width: number
  readonly stride: number
  readonly project: boolean
  /** Of the block's input, as it is expected. */
  readonly variance: number
}

const block = (configuration: NormalizerFree, { width, stride, project, variance }: BlockOptions) => {
  const { activation, narrowing, groupWidth, isDouble, attention, isLearned } = configuration
  const conv = convOf(configuration)
  const inner = width * narrowing
  const groups = groupWidth ? inner / groupWidth : 1
  const normalize = affine({ scale: 1 / Math.sqrt(variance) })
  const second = isDouble ? { conv2b: conv(inner, 3, { groups }) } : {}
  const convs = { conv1: conv(inner, 1), conv2: conv(inner, 3, { stride, groups }), ...second, conv3: conv(width, 1) }
  const weigh = attention?.(width) ?? identity
  const learned = isLearned ? layerScale({ shared: true }) : identity
  const share = affine({ scale: attention ? attentionGain * alpha : alpha })
  const downsample = { pool: averageBefore(stride), conv: conv(width, 1) }
  const [first, ...others] = Object.values(convs) as [Layer, ...Layer[]]
  const children = { ...convs, attn_last: weigh, skipinit_gain: learned, ...(project && { downsample }) }
  return module(children, (x: AnySym) => {
    const activated = normalize(activation(x))
    const filtered = others.reduce((value, layer) => layer(activation(value)), first(activated))
    return add(learned(share(weigh(filtered))), project ? downsample.conv(downsample.pool(activated)) : x)
  })
}

/** Every block adds `alpha` squared to the variance; the first of a stage, which starts a sum of its own, brings it back to 1. */
const stage = (configuration: NormalizerFree, index: number) => {
  const { depths, widths } = configuration
  const added = alpha ** 2
  const width = widths[index] as number
  const before = index > 0 ? 1 + added * (depths[index - 1] as number) : 1
  return sequential(
    block(configuration, { width, stride: index > 0 ? 2 : 1, project: true, variance: before }),
    ...Array.from({ length: (depths[index] as number) - 1 }, (_, i) =>
      block(configuration, { width, stride: 1, project: false, variance: 1 + added * (i + 1) }),
    ),
  )
}

/** A network of blocks whose sums have a known variance. */
export const normalizerFree =
  (configuration: NormalizerFree) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { stem, activation, depths, lastWidth } = configuration
    const conv = convOf(configuration)
    const head = { global_pool: globalAvgPool(), fc: dense(numClasses) }
    const m = {
      stem: stem(conv, activation),
      stages: sequential(...depths.map((_, index) => stage(configuration, index))),
      final_conv: lastWidth ? conv(lastWidth, 1) : identity,
      head,
    }
    return module(m, (x: AnySym) => {
      const features = activation(m.final_conv(m.stages(m.stem(x))))
      return head.fc(flatten(head.global_pool(features)))
    })
  }
