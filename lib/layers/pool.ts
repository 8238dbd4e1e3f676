import type { Pool3dShape } from '../conv-shape-types.js'
import type { Sym } from '../graph/trace.js'
import type { Padding1d, Padding2d, Padding3d, Size2d, Size3d } from '../shape.js'
import type { Pool1dShape, Pool2dShape } from '../shape-types.js'
import { booleanOption, knownOptions } from './options.js'
import {
  type DensePoolGeometry,
  type PoolGeometry,
  poolLayer,
  poolOptionNames,
  type UncheckedPool,
} from './pool-options.js'

interface AverageSwitches {
  /** Counts the zeros of the padding as elements of the mean; true by default. */
  readonly countIncludePad?: boolean
}

export type MaxPool1dOptions<
  K = number,
  S = number,
  P = Padding1d,
  D = number,
  C = boolean,
  E = boolean,
> = PoolGeometry<K, S, P, D, C, E>
export type MaxPool2dOptions<
  K = Size2d,
  S = Size2d,
  P = Padding2d,
  D = Size2d,
  C = boolean,
  E = boolean,
> = PoolGeometry<K, S, P, D, C, E>
export type MaxPool3dOptions<
  K = Size3d,
  S = Size3d,
  P = Padding3d,
  D = Size3d,
  C = boolean,
  E = boolean,
> = PoolGeometry<K, S, P, D, C, E>
export type AvgPool1dOptions<K = number, S = number, P = Padding1d, C = boolean, E = boolean> = DensePoolGeometry<
  K,
  S,
  P,
  C,
  E
> &
  AverageSwitches
export type AvgPool2dOptions<K = Size2d, S = Size2d, P = Padding2d, C = boolean, E = boolean> = DensePoolGeometry<
  K,
  S,
  P,
  C,
  E
> &
  AverageSwitches
export type AvgPool3dOptions<K = Size3d, S = Size3d, P = Padding3d, C = boolean, E = boolean> = DensePoolGeometry<
  K,
  S,
  P,
  C,
  E
> &
  AverageSwitches

const maxPool = (type: string, rank: number, options: UncheckedPool) => {
  knownOptions(type, options, [...poolOptionNames, 'dilation'])
  return poolLayer(type, rank, options, (at, attributes, shape) => at.emit('maxPool', attributes, shape))
}

const avgPool = (type: string, rank: number, options: UncheckedPool & AverageSwitches) => {
  knownOptions(type, options, [...poolOptionNames, 'countIncludePad'])
  const { countIncludePad = true } = options
  booleanOption(`countIncludePad of ${type}`, countIncludePad)
  return poolLayer(type, rank, options, (at, attributes, shape) =>
    at.emit('avgPool', { ...attributes, countIncludePad }, shape),
  )
}

/**
 * The largest element of every window of a series: `[L, C]` -> `[L', C]`; padding never wins, NaN always does.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { maxPool1d } from 'im2col'
 *
 * const halve = maxPool1d({ kernel: 2 })
 * ```
 */
export const maxPool1d = <
  const K extends number,
  const S extends number = K,
  const P extends Padding1d = 0,
  const D extends number = 1,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: MaxPool1dOptions<K, S, P, D, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool1dShape<X, K, S, P, D, C, E>>) => maxPool('maxPool1d', 1, options) as never

/**
 * The largest element of every window: `[H, W, C]` -> `[H', W', C]`; padding never wins, NaN always does.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { maxPool2d, model } from 'im2col'
 *
 * const net = model({ input: [224, 224, 64] }, maxPool2d({ kernel: 2 }))
 * net.outputs.output // [112, 112, 64]
 * ```
 */
export const maxPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: MaxPool2dOptions<K, S, P, D, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, D, C, E>>) => maxPool('maxPool2d', 2, options) as never

/**
 * The mean of every window of a series: `[L, C]` -> `[L', C]`.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { avgPool1d } from 'im2col'
 *
 * const movingAverage = avgPool1d({ kernel: 10, stride: 1 })
 * ```
 */
export const avgPool1d = <
  const K extends number,
  const S extends number = K,
  const P extends Padding1d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: AvgPool1dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool1dShape<X, K, S, P, 1, C, E>>) => avgPool('avgPool1d', 1, options) as never

/**
 * The mean of every window: `[H, W, C]` -> `[H', W', C]`.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { avgPool2d } from 'im2col'
 *
 * const smooth = avgPool2d({ kernel: 3, stride: 1, padding: 1, countIncludePad: false })
 * ```
 */
export const avgPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: AvgPool2dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, 1, C, E>>) => avgPool('avgPool2d', 2, options) as never

/**
 * The largest element of every window of a volume: `[D, H, W, C]` -> `[D', H', W', C]`; padding never wins, NaN always does.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { maxPool3d } from 'im2col'
 *
 * const first = maxPool3d({ kernel: [1, 2, 2] })
 * ```
 */
export const maxPool3d = <
  const K extends Size3d,
  const S extends Size3d = K,
  const P extends Padding3d = 0,
  const D extends Size3d = 1,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: MaxPool3dOptions<K, S, P, D, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool3dShape<X, K, S, P, D, C, E>>) => maxPool('maxPool3d', 3, options) as never

/**
 * The mean of every window of a volume: `[D, H, W, C]` -> `[D', H', W', C]`.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { avgPool3d } from 'im2col'
 *
 * const halve = avgPool3d({ kernel: 2 })
 * ```
 */
export const avgPool3d = <
  const K extends Size3d,
  const S extends Size3d = K,
  const P extends Padding3d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: AvgPool3dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool3dShape<X, K, S, P, 1, C, E>>) => avgPool('avgPool3d', 3, options) as never
