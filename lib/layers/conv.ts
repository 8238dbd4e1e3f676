import type { Conv3dShape } from '../conv-shape-types.js'
import { apply, type Sym } from '../graph/trace.js'
import { type Padding1d, type Padding2d, type Padding3d, positiveInteger, type Size2d, type Size3d } from '../shape.js'
import type { Conv1dShape, Conv2dShape } from '../shape-types.js'
import {
  type ConvGroups,
  type ConvPadding,
  type ConvSwitches,
  type ConvWeights,
  checkChannels,
  checkGroups,
  checkRank,
  convNames,
  convSpec,
  emitConv,
  type Geometry,
  type UncheckedConv,
} from './conv-options.js'
import { booleanOption } from './options.js'

export type { ConvPaddingMode } from './conv-options.js'

/** Padding `'causal'` puts dilation (kernel - 1) zeros before the series, so that no output sees what comes later. */
export type Conv1dOptions<K = number, S = number, P = Padding1d | 'causal', D = number, E = boolean> = Geometry<
  K,
  S,
  P,
  D
> &
  ConvSwitches<E> &
  ConvPadding &
  ConvGroups &
  ConvWeights

export type Conv2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d, E = boolean> = Geometry<K, S, P, D> &
  ConvSwitches<E> &
  ConvPadding &
  ConvGroups &
  ConvWeights

export type Conv3dOptions<K = Size3d, S = Size3d, P = Padding3d, D = Size3d, E = boolean> = Geometry<K, S, P, D> &
  ConvSwitches<E> &
  ConvPadding &
  ConvGroups &
  ConvWeights

type UncheckedOptions = UncheckedConv & ConvGroups & ConvWeights

const conv = (type: string, rank: number, outChannels: unknown, options: UncheckedOptions) => {
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = convSpec(type, rank, options, convNames)
  const isNormed = booleanOption(`weightNorm of ${type}`, options.weightNorm ?? false)
  const groups = checkGroups(type, out, options)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, rank, shape)
    checkChannels(at, shape, groups, options.inChannels)
    const norm = isNormed ? ({ reweighting: { kind: 'weightNorm' }, hasGain: true } as const) : {}
    return emitConv(at, shape, spec, { outChannels: out, groups, ...norm })
  }
  return layer
}

/**
 * Cross-correlation of a series with learned kernels: `[L, C]` -> `[L', outChannels]`.
 *
 * Weights: `weight` (outChannels, C / groups, kernel), `bias` (outChannels). Throws OptionError at once, ShapeError when applied.
 * Weight normalisation: Salimans and Kingma, arXiv:1602.07868.
 *
 * ```ts
 * import { conv1d, model } from 'im2col'
 *
 * const net = model({ input: [1000, 1] }, conv1d(1, { kernel: 10, bias: false }))
 * net.outputs.output // [991, 1]
 * const causal = conv1d(16, { kernel: 3, dilation: 4, padding: 'causal' })
 * ```
 */
export const conv1d = <
  const O extends number,
  const K extends number,
  const S extends number = 1,
  const P extends Padding1d | 'causal' = 0,
  const D extends number = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: Conv1dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv1dShape<X, O, K, S, P, D, E>>) => conv('conv1d', 1, outChannels, options) as never

/**
 * Cross-correlation of an image with learned kernels: `[H, W, C]` -> `[H', W', outChannels]` with
 * H' = floor((H + top + bottom - dilation (kernel - 1) - 1) / stride) + 1.
 *
 * Weights: `weight` (outChannels, C / groups, height, width), `bias` (outChannels). Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { conv2d, model } from 'im2col'
 *
 * const net = model({ input: [227, 227, 3] }, conv2d(96, { kernel: 11, stride: 4 }))
 * net.outputs.output // [55, 55, 96]
 * ```
 */
export const conv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: Conv2dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv2dShape<X, O, K, S, P, D, E>>) => conv('conv2d', 2, outChannels, options) as never

/**
 * Cross-correlation of a volume or a clip with learned kernels: `[D, H, W, C]` -> `[D', H', W', outChannels]`.
 *
 * Weights: `weight` (outChannels, C / groups, depth, height, width), `bias` (outChannels). Throws OptionError at once, ShapeError
 * when applied. Tran et al., arXiv:1412.0767.
 *
 * ```ts
 * import { conv3d, model } from 'im2col'
 *
 * const net = model({ input: [16, 112, 112, 3] }, conv3d(64, { kernel: 3, padding: 1 }))
 * net.outputs.output // [16, 112, 112, 64]
 * ```
 */
export const conv3d = <
  const O extends number,
  const K extends Size3d,
  const S extends Size3d = 1,
  const P extends Padding3d = 0,
  const D extends Size3d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: Conv3dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv3dShape<X, O, K, S, P, D, E>>) => conv('conv3d', 3, outChannels, options) as never
