import { invalidOption } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import { elementCount, positiveInteger } from '../shape.js'
import type { FlattenShape } from '../shape-types.js'
import { finiteNumber, knownOptions } from './options.js'

/**
 * All elements in a row: `[H, W, C]` -> `[H * W * C]`, in the order C, H, W, so that PyTorch's dense weights fit.
 *
 * ```ts
 * import { dense, flatten, sequential } from 'im2col'
 *
 * const head = sequential(flatten, dense(10))
 * ```
 */
export const flatten = <X>(x: Sym<X>): Sym<FlattenShape<X>> =>
  apply('flatten', flatten, [x]).emit('flatten', {}, [elementCount(x.shape as readonly number[])]) as never

/**
 * The value itself; holds a place in a `sequential`.
 *
 * ```ts
 * import { conv2d, identity } from 'im2col'
 *
 * const downsample = (stride: number) => (stride === 1 ? identity : conv2d(64, { kernel: 1, stride }))
 * ```
 */
export const identity = <X>(x: Sym<X>): Sym<X> =>
  apply('identity', identity, [x]).emit('identity', { of: 'identity' }, x.shape as readonly number[]) as never

/** A layer that does something with probability `p` in training only. */
const identityWith = (type: string, p: unknown): (<X>(x: Sym<X>) => Sym<X>) => {
  const probability = finiteNumber(`p of ${type}`, p)
  if (probability < 0 || probability > 1) throw invalidOption(`p of ${type}`, 'a probability', p)
  const layer = (x: Sym<unknown>) =>
    apply(type, layer, [x]).emit('identity', { of: type }, x.shape as readonly number[])
  return layer as never
}

/**
 * What drops elements with probability `p` (0.5 by default) in training: the identity at inference.
 *
 * Throws OptionError. Srivastava et al., JMLR 15, 2014.
 *
 * ```ts
 * import { dense, dropout, relu, sequential } from 'im2col'
 *
 * const classifier = sequential(dropout({ p: 0.5 }), dense(4096), relu)
 * ```
 */
export const dropout = (options: { readonly p?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('dropout', options, ['p'])
  const { p = 0.5 } = options
  return identityWith('dropout', p)
}

/**
 * What drops whole channels with probability `p` (0.5 by default) in training: the identity at inference.
 *
 * PyTorch's `Dropout1d`, `Dropout2d` and `Dropout3d`. Throws OptionError. Tompson et al., arXiv:1411.4280.
 *
 * ```ts
 * import { conv2d, relu, sequential, spatialDropout } from 'im2col'
 *
 * const stage = sequential(conv2d(64, { kernel: 3 }), relu, spatialDropout({ p: 0.1 }))
 * ```
 */
export const spatialDropout = (options: { readonly p?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('spatialDropout', options, ['p'])
  const { p = 0.5 } = options
  return identityWith('spatialDropout', p)
}

/**
 * What drops squares of `blockSize` x `blockSize` pixels (7 by default), `p` (0.1 by default) of all pixels, in training: the identity at
 * inference.
 *
 * Throws OptionError. Ghiasi et al., arXiv:1810.12890.
 *
 * ```ts
 * import { conv2d, dropBlock, relu, sequential } from 'im2col'
 *
 * const stage = sequential(conv2d(64, { kernel: 3 }), relu, dropBlock({ p: 0.1, blockSize: 7 }))
 * ```
 */
export const dropBlock = (
  options: { readonly p?: number; readonly blockSize?: number } = {},
): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('dropBlock', options, ['p', 'blockSize'])
  const { p = 0.1, blockSize = 7 } = options
  positiveInteger('blockSize of dropBlock', blockSize)
  return identityWith('dropBlock', p)
}

/**
 * What leaves out a whole residual branch with probability `p` in training: the identity at inference.
 *
 * Throws OptionError. Huang et al., arXiv:1603.09382.
 *
 * ```ts
 * import { add, conv2d, module, stochasticDepth, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(64, { kernel: 3, padding: 1 }), drop: stochasticDepth({ p: 0.2 }) }
 * const block = module(m, <X,>(x: Sym<X>) => add(m.drop(m.conv(x)), x))
 * ```
 */
export const stochasticDepth = (options: { readonly p: number }): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('stochasticDepth', options, ['p'])
  return identityWith('stochasticDepth', options.p)
}
