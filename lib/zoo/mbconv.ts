/** The stages and the blocks of the EfficientNets. */

import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  module,
  sequential,
  sigmoid,
  silu,
  squeezeExcite,
  stochasticDepth,
} from '../layers/index.js'

/**
 * EfficientNet's table 1, for a scale of 1: a stage repeats its block; only the first one has the stride. Tan and Le,
 * arXiv:1905.11946.
 */
export const efficientNetStages = [
  { expansion: 1, kernel: 3, stride: 1, width: 16, depth: 1 },
  { expansion: 6, kernel: 3, stride: 2, width: 24, depth: 2 },
  { expansion: 6, kernel: 5, stride: 2, width: 40, depth: 2 },
  { expansion: 6, kernel: 3, stride: 2, width: 80, depth: 3 },
  { expansion: 6, kernel: 5, stride: 1, width: 112, depth: 3 },
  { expansion: 6, kernel: 5, stride: 2, width: 192, depth: 4 },
  { expansion: 6, kernel: 3, stride: 1, width: 320, depth: 1 },
] as const

export interface MBConvOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly expansion: number
  readonly kernel: number
  readonly stride: number
  /** Probability of leaving the block out in training. */
  readonly dropRate: number
  /** Of the batch norms. */
  readonly eps: number
}

type Layer = (x: AnySym) => AnySym

export const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })

const convOf = (width: number, kernel: number, stride: number) =>
  conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false })

export const normSilu = (conv: Layer, eps: number) => sequential(conv, batchNorm({ eps }), silu)

const withShortcut = (layers: readonly Layer[], { inChannels, outChannels, stride, dropRate }: MBConvOptions) => {
  const m = { block: sequential(...layers), stochastic_depth: stochasticDepth({ p: dropRate }) }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym) => (keepsShape ? add(m.stochastic_depth(m.block(x)), x) : m.block(x)))
}

/** Expands by 1 x 1, filters every channel alone, weighs the channels, projects back; a shortcut where the shape stays. */
export const mbConv = (options: MBConvOptions) => {
  const { inChannels, outChannels, expansion, kernel, stride, eps } = options
  const expanded = inChannels * expansion
  const depthwise = depthwiseConv2d({ kernel, stride, padding: (kernel - 1) / 2, bias: false })
  const layers = [
    normSilu(depthwise, eps),
    squeezeExcite(expanded, { squeezed: Math.floor(inChannels / 4), activation: silu, gate: sigmoid }),
    sequential(pointwise(outChannels), batchNorm({ eps })),
  ]
  return withShortcut(expansion === 1 ? layers : [normSilu(pointwise(expanded), eps), ...layers], options)
}

/** One full convolution instead of expansion and depthwise, nothing that weighs channels. Tan and Le, arXiv:2104.00298. */
export const fusedMBConv = (options: MBConvOptions) => {
  const { inChannels, outChannels, expansion, kernel, stride, eps } = options
  const layers =
    expansion === 1
      ? [normSilu(convOf(outChannels, kernel, stride), eps)]
      : [
          normSilu(convOf(inChannels * expansion, kernel, stride), eps),
          sequential(pointwise(outChannels), batchNorm({ eps })),
        ]
  return withShortcut(layers, options)
}
