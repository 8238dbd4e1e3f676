import {
  type AnySym,
  chunk,
  concat,
  mixedDepthwiseConv2d,
  module,
  relu,
  sigmoid,
  silu,
  squeezeExcite,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, invertedResidual, type Layer, mobileNet, pointwise } from './inverted-residual.js'

const variant = defineFamily({
  family: 'mixnet',
  task: 'image-classification',
  paper: {
    title: 'MixConv: Mixed Depthwise Convolutional Kernels',
    authors: 'Tan, Le',
    year: 2019,
    url: 'https://arxiv.org/abs/1907.09595',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

/** Blocks of one shape, which only the first changes. */
interface Line {
  /** Kernels of the depthwise convolution, each for a part of the channels. */
  readonly kernels: readonly number[]
  readonly expansion: number
  readonly width: number
  readonly stride?: number
  readonly depth?: number
  /** Which 1 x 1 convolutions are done in two halves of the channels. */
  readonly halves?: 'both' | 'projection'
  /** Channels between the squeeze and the excitation, in parts of the block's input; such blocks use SiLU, others ReLU. */
  readonly squeeze?: number
}

interface Configuration {
  readonly stemWidth: number
  readonly stages: readonly (readonly Line[])[]
  /** Channels, in parts of the table's. */
  readonly width?: number
}

/** The paper's figure 6. */
const small: Configuration = {
  stemWidth: 16,
  stages: [
    [{ kernels: [3], expansion: 1, width: 16 }],
    [
      { kernels: [3], expansion: 6, width: 24, stride: 2, halves: 'both' },
      { kernels: [3], expansion: 3, width: 24, halves: 'both' },
    ],
    [
      { kernels: [3, 5, 7], expansion: 6, width: 40, stride: 2, squeeze: 0.5 },
      { kernels: [3, 5], expansion: 6, width: 40, depth: 3, halves: 'both', squeeze: 0.5 },
    ],
    [
      { kernels: [3, 5, 7], expansion: 6, width: 80, stride: 2, halves: 'projection', squeeze: 0.25 },
      { kernels: [3, 5], expansion: 6, width: 80, depth: 2, halves: 'projection', squeeze: 0.25 },
    ],
    [
      { kernels: [3, 5, 7], expansion: 6, width: 120, halves: 'both', squeeze: 0.5 },
      { kernels: [3, 5, 7, 9], expansion: 3, width: 120, depth: 2, halves: 'both', squeeze: 0.5 },
    ],
    [
      { kernels: [3, 5, 7, 9, 11], expansion: 6, width: 200, stride: 2, squeeze: 0.5 },
      { kernels: [3, 5, 7, 9], expansion: 6, width: 200, depth: 2, halves: 'projection', squeeze: 0.5 },
    ],
  ],
}

const medium: Configuration = {
  stemWidth: 24,
  stages: [
    [{ kernels: [3], expansion: 1, width: 24 }],
    [
      { kernels: [3, 5, 7], expansion: 6, width: 32, stride: 2, halves: 'both' },
      { kernels: [3], expansion: 3, width: 32, halves: 'both' },
    ],
    [
      { kernels: [3, 5, 7, 9], expansion: 6, width: 40, stride: 2, squeeze: 0.5 },
      { kernels: [3, 5], expansion: 6, width: 40, depth: 3, halves: 'both', squeeze: 0.5 },
    ],
    [
      { kernels: [3, 5, 7], expansion: 6, width: 80, stride: 2, squeeze: 0.25 },
      { kernels: [3, 5, 7, 9], expansion: 6, width: 80, depth: 3, halves: 'both', squeeze: 0.25 },
    ],
    [
      { kernels: [3], expansion: 6, width: 120, squeeze: 0.5 },
      { kernels: [3, 5, 7, 9], expansion: 3, width: 120, depth: 3, halves: 'both', squeeze: 0.5 },
    ],
    [
      { kernels: [3, 5, 7, 9], expansion: 6, width: 200, stride: 2, squeeze: 0.5 },
      { kernels: [3, 5, 7, 9], expansion: 6, width: 200, depth: 3, halves: 'projection', squeeze: 0.5 },
    ],
  ],
}

const headWidth = 1536

/** A 1 x 1 convolution, of each half of the channels alone where `isHalved`. */
const mixedPointwise = (width: number, isHalved: boolean): Layer => {
  if (!isHalved) return pointwise(width)
  const halves = [pointwise(width / 2), pointwise(width / 2)] as const
  return module(halves, (x: AnySym) => {
    const [first, second] = chunk(x, 2)
    return concat(halves[0](first), halves[1](second))
  })
}

const block = (inChannels: number, outChannels: number, stride: number, line: Line) => {
  const { kernels, expansion, halves, squeeze } = line
  const expanded = inChannels * expansion
  const activation: Layer = squeeze ? silu : relu
  return invertedResidual({
    inChannels,
    outChannels,
    stride,
    activation,
    ...(expansion > 1 && { expand: mixedPointwise(expanded, halves === 'both') }),
    filter: kernels.length > 1 ? mixedDepthwiseConv2d({ kernels, stride }) : depthwise(kernels[0] as number, stride),
    ...(squeeze && {
      weigh: squeezeExcite(expanded, {
        squeezed: inChannels * squeeze,
        activation,
        gate: sigmoid,
        names: ['conv_reduce', 'conv_expand'],
      }),
    }),
    project: mixedPointwise(outChannels, halves !== undefined),
  })
}

const mixnet =
  ({ stemWidth, stages, width = 1 }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}) => {
    const scaled = (channels: number) => roundToMultiple(channels * width, 8)
    let inChannels = scaled(stemWidth)
    const blocksOf = (line: Line) =>
      Array.from({ length: line.depth ?? 1 }, (_, i) => {
        const outChannels = scaled(line.width)
        const made = block(inChannels, outChannels, i > 0 ? 1 : (line.stride ?? 1), line)
        inChannels = outChannels
        return made
      })
    return mobileNet({
      stemWidth: inChannels,
      stages: stages.map((lines) => lines.flatMap(blocksOf)),
      headWidth,
      activation: relu,
      numClasses,
    })
  }

/**
 * MixNet-S: `[224, 224, 3]` -> `[1000]`. Tan and Le, arXiv:1907.09595.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mixnet_s', { numClasses: 10 })
 * ```
 */
export const mixnetS = variant('mixnet_s', { parameters: 4_134_606, macs: 239_173_360 }, mixnet(small))

/** MixNet-M: `[224, 224, 3]` -> `[1000]`. */
export const mixnetM = variant('mixnet_m', { parameters: 5_014_382, macs: 339_172_672 }, mixnet(medium))

/** MixNet-L: `[224, 224, 3]` -> `[1000]`. */
export const mixnetL = variant(
  'mixnet_l',
  { parameters: 7_329_252, macs: 555_251_792 },
  mixnet({ ...medium, width: 1.3 }),
)

const deeper = medium.stages.map((lines) =>
  lines.map((line) => ({ ...line, depth: Math.round((line.depth ?? 1) * 1.2) })),
)

/** MixNet-XL, timm's, with 1.6 times the channels and longer stages: `[224, 224, 3]` -> `[1000]`. */
export const mixnetXl = variant(
  'mixnet_xl',
  { parameters: 11_896_768, macs: 904_010_880 },
  mixnet({ ...medium, stages: deeper, width: 1.6 }),
)
