/** Convolutions whose weights are standardised before they are used; at inference that happens once. */

import { apply, type Sym } from '../graph/trace.js'
import { type Padding2d, positiveInteger, type Size2d } from '../shape.js'
import type { Conv2dShape } from '../shape-types.js'
import type { Conv2dOptions } from './conv.js'
import { checkChannels, checkGroups, checkRank, convSpec, emitConv, switchNames } from './conv-options.js'
import { positiveNumber } from './options.js'

export type StdConv2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d, E = boolean> = Omit<
  Conv2dOptions<K, S, P, D, E>,
  'weightNorm'
> & {
  /** Added to the variance of the weights; 1e-6 by default. */
  readonly eps?: number
}

export type ScaledStdConv2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d, E = boolean> = StdConv2dOptions<
  K,
  S,
  P,
  D,
  E
> & {
  /** Makes up for the variance that the activation before it takes; 1 by default. */
  readonly gamma?: number
}

const stdConv = (type: string, outChannels: unknown, options: ScaledStdConv2dOptions, isScaled: boolean) => {
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = convSpec(type, 2, options, [
    ...switchNames,
    'groups',
    'inChannels',
    'eps',
    ...(isScaled ? ['gamma'] : []),
  ])
  const groups = checkGroups(type, out, options)
  const eps = positiveNumber(`eps of ${type}`, options.eps ?? 1e-6)
  const gamma = positiveNumber(`gamma of ${type}`, options.gamma ?? 1)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, 2, shape)
    checkChannels(at, shape, groups, options.inChannels)
    const fanIn = spec.window.kernel.reduce((product, size) => product * size, (shape[2] as number) / groups)
    const scale = isScaled ? gamma / Math.sqrt(fanIn) : 1
    return emitConv(at, shape, spec, {
      outChannels: out,
      groups,
      reweighting: { kind: 'standardize', eps, scale },
      hasGain: isScaled,
    })
  }
  return layer
}

/**
 * A convolution whose weights are brought to mean 0 and variance 1 for each output channel: `[H, W, C]` -> `[H', W', outChannels]`.
 *
 * Options and weights are those of `conv2d`. Throws OptionError at once, ShapeError when applied. Qiao et al., Weight
 * Standardization, arXiv:1903.10520.
 *
 * ```ts
 * import { groupNorm, relu, sequential, stdConv2d } from 'im2col'
 *
 * const layer = sequential(stdConv2d(64, { kernel: 3, padding: 1, bias: false }), groupNorm(32), relu)
 * ```
 */
export const stdConv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: StdConv2dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv2dShape<X, O, K, S, P, D, E>>) =>
  stdConv('stdConv2d', outChannels, options, false) as never

/**
 * A convolution whose weights have mean 0 and variance (gamma gain)^2 / fan-in for each output channel: `[H, W, C]` ->
 * `[H', W', outChannels]`.
 *
 * Weights: `weight`, `bias` as those of `conv2d`, and `gain` (outChannels, 1, 1, 1). Throws OptionError at once, ShapeError when applied.
 * Brock et al., NFNets, arXiv:2102.06171.
 *
 * ```ts
 * import { scaledStdConv2d, sequential, silu } from 'im2col'
 *
 * const layer = sequential(silu, scaledStdConv2d(64, { kernel: 3, padding: 1, gamma: 1.7881293296813965 }))
 * ```
 */
export const scaledStdConv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: ScaledStdConv2dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv2dShape<X, O, K, S, P, D, E>>) =>
  stdConv('scaledStdConv2d', outChannels, options, true) as never
