import type { Depthwise1dShape, Depthwise3dShape, Window3d } from '../conv-shape-types.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { type Padding1d, type Padding2d, type Padding3d, positiveInteger, type Size2d, type Size3d } from '../shape.js'
import type { DepthwiseShape, Window2d } from '../shape-types.js'
import { conv2d, conv3d } from './conv.js'
import {
  type ConvPadding,
  type ConvSwitches,
  checkRank,
  convSpec,
  emitConv,
  type Geometry,
  switchNames,
  type UncheckedConv,
} from './conv-options.js'
import { module } from './module.js'

interface Multiplier<M> {
  /** Output channels per input channel; 1 by default. */
  readonly multiplier?: M
}

export type DepthwiseConv1dOptions<
  K = number,
  M = number,
  S = number,
  P = Padding1d | 'causal',
  D = number,
  E = boolean,
> = Geometry<K, S, P, D> & ConvSwitches<E> & ConvPadding & Multiplier<M>

export type DepthwiseConv2dOptions<
  K = Size2d,
  M = number,
  S = Size2d,
  P = Padding2d,
  D = Size2d,
  E = boolean,
> = Geometry<K, S, P, D> & ConvSwitches<E> & ConvPadding & Multiplier<M>

export type DepthwiseConv3dOptions<
  K = Size3d,
  M = number,
  S = Size3d,
  P = Padding3d,
  D = Size3d,
  E = boolean,
> = Geometry<K, S, P, D> & ConvSwitches<E> & ConvPadding & Multiplier<M>

const depthwiseSpec = (type: string, rank: number, options: UncheckedConv & Multiplier<unknown>) => {
  const spec = convSpec(type, rank, options, [...switchNames, 'multiplier'])
  const { multiplier = 1 } = options
  return { spec, multiplier: positiveInteger(`multiplier of ${type}`, multiplier) }
}

const depthwise = (type: string, rank: number, options: UncheckedConv & Multiplier<unknown>) => {
  const { spec, multiplier } = depthwiseSpec(type, rank, options)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, rank, shape)
    const channels = shape[rank] as number
    return emitConv(at, shape, spec, { outChannels: channels * multiplier, groups: channels })
  }
  return layer
}

/**
 * A convolution of every channel of a series alone: `[L, C]` -> `[L', C * multiplier]`.
 *
 * Weights: `weight` (C * multiplier, 1, kernel), `bias` (C * multiplier). Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { depthwiseConv1d } from 'im2col'
 *
 * const smooth = depthwiseConv1d({ kernel: 5, padding: 'causal' })
 * ```
 */
export const depthwiseConv1d = <
  const K extends number,
  const M extends number = 1,
  const S extends number = 1,
  const P extends Padding1d | 'causal' = 0,
  const D extends number = 1,
  const E extends boolean = false,
>(
  options: DepthwiseConv1dOptions<K, M, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Depthwise1dShape<X, M, K, S, P, D, E>>) => depthwise('depthwiseConv1d', 1, options) as never

/**
 * A convolution of every channel alone: `[H, W, C]` -> `[H', W', C * multiplier]`.
 *
 * Weights: `weight` (C * multiplier, 1, height, width), `bias` (C * multiplier). Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { depthwiseConv2d, model } from 'im2col'
 *
 * const net = model({ input: [112, 112, 32] }, depthwiseConv2d({ kernel: 3, padding: 1 }))
 * net.outputs.output // [112, 112, 32]
 * ```
 */
export const depthwiseConv2d = <
  const K extends Size2d,
  const M extends number = 1,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  options: DepthwiseConv2dOptions<K, M, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<DepthwiseShape<X, M, K, S, P, D, E>>) => depthwise('depthwiseConv2d', 2, options) as never

/**
 * A convolution of every channel of a volume alone: `[D, H, W, C]` -> `[D', H', W', C * multiplier]`.
 *
 * Weights: `weight` (C * multiplier, 1, depth, height, width), `bias` (C * multiplier). Throws OptionError at once, ShapeError when
 * applied.
 *
 * ```ts
 * import { depthwiseConv3d } from 'im2col'
 *
 * const layer = depthwiseConv3d({ kernel: [3, 5, 5], padding: [1, 2, 2] })
 * ```
 */
export const depthwiseConv3d = <
  const K extends Size3d,
  const M extends number = 1,
  const S extends Size3d = 1,
  const P extends Padding3d = 0,
  const D extends Size3d = 1,
  const E extends boolean = false,
>(
  options: DepthwiseConv3dOptions<K, M, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Depthwise3dShape<X, M, K, S, P, D, E>>) => depthwise('depthwiseConv3d', 3, options) as never

/**
 * A depthwise convolution, then a 1 x 1 convolution: `[H, W, C]` -> `[H', W', outChannels]`.
 *
 * The option `bias` is the 1 x 1 convolution's; the depthwise one has none. Weights: `depthwise.weight` (C * multiplier, 1, height,
 * width), `pointwise.weight` (outChannels, C * multiplier, 1, 1), `pointwise.bias` (outChannels). Throws OptionError at once,
 * ShapeError when applied. Chollet, Xception, arXiv:1610.02357.
 *
 * ```ts
 * import { model, separableConv2d, sequential } from 'im2col'
 *
 * const net = model({ input: [19, 19, 728] }, sequential(separableConv2d(728, { kernel: 3, padding: 1, bias: false })))
 * net.parameterCount // 9 * 728 + 728 * 728
 * ```
 */
export const separableConv2d = <
  const O extends number,
  const K extends Size2d,
  const M extends number = 1,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: DepthwiseConv2dOptions<K, M, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Window2d<'separableConv2d', X, O, K, S, P, D, false, E>>) => {
  checkSeparable('separableConv2d', 2, outChannels, options)
  const m = {
    depthwise: depthwiseConv2d({ ...options, bias: false }),
    pointwise: conv2d(outChannels, { kernel: 1, ...biasOf(options) }),
  }
  return module(m, (x: AnySym) => m.pointwise(m.depthwise(x))) as never
}

/**
 * A depthwise convolution, then a 1 x 1 x 1 convolution: `[D, H, W, C]` -> `[D', H', W', outChannels]`; otherwise as separableConv2d.
 *
 * ```ts
 * import { separableConv3d } from 'im2col'
 *
 * const layer = separableConv3d(64, { kernel: 3, padding: 1 })
 * ```
 */
export const separableConv3d = <
  const O extends number,
  const K extends Size3d,
  const M extends number = 1,
  const S extends Size3d = 1,
  const P extends Padding3d = 0,
  const D extends Size3d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: DepthwiseConv3dOptions<K, M, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Window3d<'separableConv3d', X, O, K, S, P, D, false, E>>) => {
  checkSeparable('separableConv3d', 3, outChannels, options)
  const m = {
    depthwise: depthwiseConv3d({ ...options, bias: false }),
    pointwise: conv3d(outChannels, { kernel: 1, ...biasOf(options) }),
  }
  return module(m, (x: AnySym) => m.pointwise(m.depthwise(x))) as never
}

/** Throws what concerns the options in the name of the layer, not of its two convolutions. */
const checkSeparable = (
  type: string,
  rank: number,
  outChannels: unknown,
  options: UncheckedConv & Multiplier<unknown>,
): void => {
  positiveInteger(`outChannels of ${type}`, outChannels)
  depthwiseSpec(type, rank, options)
}

const biasOf = ({ bias }: { readonly bias?: boolean }) => (bias === undefined ? {} : { bias })
