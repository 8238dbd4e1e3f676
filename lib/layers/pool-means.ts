import { invalidOption } from '../errors.js'
import type { Sym } from '../graph/trace.js'
import type { Padding1d, Padding2d, Size2d } from '../shape.js'
import type { Pool1dShape, Pool2dShape } from '../shape-types.js'
import { finiteNumber, knownOptions } from './options.js'
import { type DensePoolGeometry, poolLayer, poolOptionNames, type UncheckedPool } from './pool-options.js'

interface Norm {
  /** The exponent, at least 1; 2 by default. */
  readonly p?: number
}

export type LpPool1dOptions<K = number, S = number, P = Padding1d, C = boolean, E = boolean> = DensePoolGeometry<
  K,
  S,
  P,
  C,
  E
> &
  Norm
export type LpPool2dOptions<K = Size2d, S = Size2d, P = Padding2d, C = boolean, E = boolean> = DensePoolGeometry<
  K,
  S,
  P,
  C,
  E
> &
  Norm
export type Pool2dOptions<K = Size2d, S = Size2d, P = Padding2d, C = boolean, E = boolean> = DensePoolGeometry<
  K,
  S,
  P,
  C,
  E
>

const lpPool = (type: string, rank: number, options: UncheckedPool & Norm) => {
  knownOptions(type, options, [...poolOptionNames, 'p'])
  const { p = 2 } = options
  if (finiteNumber(`p of ${type}`, p) < 1) throw invalidOption(`p of ${type}`, 'a number of at least 1', p)
  return poolLayer(type, rank, options, (at, attributes, shape) => at.emit('lpPool', { ...attributes, p }, shape))
}

/**
 * The p-norm of every window of a series: `[L, C]` -> `[L', C]`; otherwise as lpPool2d.
 *
 * ```ts
 * import { lpPool1d } from 'im2col'
 *
 * const energy = lpPool1d({ kernel: 4 })
 * ```
 */
export const lpPool1d = <
  const K extends number,
  const S extends number = K,
  const P extends Padding1d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: LpPool1dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool1dShape<X, K, S, P, 1, C, E>>) => lpPool('lpPool1d', 1, options) as never

/**
 * The p-norm of every window, (sum of x^p)^(1 / p), 2 by default: `[H, W, C]` -> `[H', W', C]`.
 *
 * As in PyTorch signs are kept, so that p = 1 is a plain sum and an odd power may give NaN; a window that `ceil` lets stick out is
 * scaled up to its whole size. Throws OptionError at once, ShapeError when applied. Sermanet et al., arXiv:1204.3968.
 *
 * ```ts
 * import { lpPool2d } from 'im2col'
 *
 * const energy = lpPool2d({ kernel: 2, p: 2 })
 * ```
 */
export const lpPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: LpPool2dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, 1, C, E>>) => lpPool('lpPool2d', 2, options) as never

/**
 * a times the largest element of every window and 1 - a times its mean, a being learned: `[H, W, C]` -> `[H', W', C]`.
 *
 * The zeros of the padding count in the mean. Weights: `weight` (1), which is a. Throws OptionError at once, ShapeError when applied.
 * Lee et al., Generalizing Pooling Functions, arXiv:1509.08985.
 *
 * ```ts
 * import { conv2d, mixedPool2d, sequential } from 'im2col'
 *
 * const stage = sequential(conv2d(32, { kernel: 3 }), mixedPool2d({ kernel: 2 }))
 * ```
 */
export const mixedPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: Pool2dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, 1, C, E>>) => {
  knownOptions('mixedPool2d', options, poolOptionNames)
  return poolLayer('mixedPool2d', 2, options, (at, attributes, shape) =>
    at.emit('mixedPool', attributes, shape, { weight: [1] }),
  ) as never
}

/**
 * Stochastic pooling at inference, the mean of every window weighted by each element's share of the sum: `[H, W, C]` -> `[H', W', C]`.
 *
 * y = sum of x^2 / sum of x, and 0 where that sum is 0; meant for values that are not negative. Throws OptionError at once, ShapeError
 * when applied. Zeiler and Fergus, arXiv:1301.3557.
 *
 * ```ts
 * import { conv2d, relu, sequential, stochasticPool2d } from 'im2col'
 *
 * const stage = sequential(conv2d(64, { kernel: 5, padding: 2 }), relu, stochasticPool2d({ kernel: 3, stride: 2 }))
 * ```
 */
export const stochasticPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: Pool2dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, 1, C, E>>) => {
  knownOptions('stochasticPool2d', options, poolOptionNames)
  return poolLayer('stochasticPool2d', 2, options, (at, attributes, shape) =>
    at.emit('stochasticPool', attributes, shape),
  ) as never
}
