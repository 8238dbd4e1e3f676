/** Inverted residual blocks and the networks that are made of them, under timm's names. Sandler et al., arXiv:1801.04381. */

import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  identity,
  module,
  sequential,
} from '../layers/index.js'
import type { Classifier } from './architecture.js'

export type Layer = (x: AnySym) => AnySym

/** MobileNet v2's table 2: a stage repeats its block; only the first one has the stride. */
export const mobileNetV2Stages = [
  { expansion: 1, width: 16, depth: 1, stride: 1 },
  { expansion: 6, width: 24, depth: 2, stride: 2 },
  { expansion: 6, width: 32, depth: 3, stride: 2 },
  { expansion: 6, width: 64, depth: 4, stride: 2 },
  { expansion: 6, width: 96, depth: 3, stride: 1 },
  { expansion: 6, width: 160, depth: 3, stride: 2 },
  { expansion: 6, width: 320, depth: 1, stride: 1 },
] as const

export const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })

/** How a convolution with a stride is padded: by half of its kernel on all sides, or as TensorFlow does. */
export type PaddingMode = 'half' | 'same'

export const paddingOf = (kernel: number, mode: PaddingMode = 'half') => (mode === 'same' ? 'same' : (kernel - 1) / 2)

export const depthwise = (kernel: number, stride: number, mode?: PaddingMode) =>
  depthwiseConv2d({ kernel, stride, padding: paddingOf(kernel, mode), bias: false })

export interface InvertedResidualOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly stride: number
  readonly activation: Layer
  /** More channels; absent where the block filters those that it gets. */
  readonly expand?: Layer | undefined
  /** One filter, or more, for every channel alone. */
  readonly filter: Layer
  /** Weighs the channels. */
  readonly weigh?: Layer | undefined
  readonly project: Layer
  /** Of the batch norms; 1e-5 by default. */
  readonly eps?: number
}

/** Expands, filters every channel alone, projects back; a shortcut where the shape stays. */
export const invertedResidual = (options: InvertedResidualOptions) => {
  const { inChannels, outChannels, stride, activation, expand, filter, weigh = identity, project, eps = 1e-5 } = options
  const norm = () => batchNorm({ eps })
  const [norm1, norm2, norm3] = [norm(), norm(), norm()]
  const m = expand
    ? { conv_pw: expand, bn1: norm1, conv_dw: filter, bn2: norm2, se: weigh, conv_pwl: project, bn3: norm3 }
    : { conv_dw: filter, bn1: norm2, se: weigh, conv_pw: project, bn2: norm3 }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym) => {
    const expanded = expand ? activation(norm1(expand(x))) : x
    const y = norm3(project(weigh(activation(norm2(filter(expanded))))))
    return keepsShape ? add(y, x) : y
  })
}

interface MobileNetOptions<N extends number> {
  readonly stemWidth: number
  readonly stages: readonly (readonly Layer[])[]
  /** Channels of a last convolution; absent where the blocks end the features. */
  readonly headWidth?: number
  readonly activation: Layer
  readonly numClasses: N
  /** Of the first convolution; 'half' by default. */
  readonly padding?: PaddingMode
  /** Of the batch norms; 1e-5 by default. */
  readonly eps?: number
}

/** A stem that halves the size, stages of blocks, a last 1 x 1 convolution, the means of its channels, one dense layer. */
export const mobileNet = <const N extends number>(options: MobileNetOptions<N>): Classifier<N> => {
  const { stemWidth, stages, headWidth, activation, numClasses, padding, eps = 1e-5 } = options
  const head = headWidth && { conv_head: pointwise(headWidth), bn2: batchNorm({ eps }) }
  const m = {
    conv_stem: conv2d(stemWidth, { kernel: 3, stride: 2, padding: paddingOf(3, padding), bias: false }),
    bn1: batchNorm({ eps }),
    blocks: sequential(...stages.map((blocks) => sequential(...blocks))),
    ...head,
    global_pool: globalAvgPool(),
    classifier: dense(numClasses),
  }
  return module(m, (x: AnySym) => {
    const features = m.blocks(activation(m.bn1(m.conv_stem(x))))
    const last = head ? activation(head.bn2(head.conv_head(features))) : features
    return m.classifier(flatten(m.global_pool(last)))
  })
}
