import { invalidOption } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { elementCount } from '../shape.js'
import type { FlattenShape } from '../shape-types.js'
import type { Tensor } from '../tensor.js'
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
 * What leaves out a whole residual branch with probability `p` in training: the identity at inference.
 *
 * Throws OptionError. Huang et al., arXiv:1603.09382.
 *
 * ```ts
 * import { add, conv2d, module, stochasticDepth, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(64, { kernel: 3, padding: 1 }), drop: stochasticDepth({ p: 0.2 }) }
 * const block = module(m, <X>(x: Sym<X>) => add(m.drop(m.conv(x)), x))
 * ```
 */
export const stochasticDepth = (options: { readonly p: number }): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('stochasticDepth', options, ['p'])
  return identityWith('stochasticDepth', options.p)
}

/**
 * A stored tensor as a value of the network; the argument of the layer only says which network.
 *
 * ```ts
 * import { add, constant, model, type Sym, Tensor } from 'im2col'
 *
 * const offset = constant(new Tensor(new Float32Array([1, 2, 3]), [3]))
 * const net = model({ input: [3] }, <X>(x: Sym<X>) => add(x, offset(x)))
 * ```
 */
export const constant = (tensor: Tensor): ((anchor: Sym<unknown>) => AnySym) => {
  const layer = (anchor: Sym<unknown>) => {
    apply('constant', layer, [anchor])
    return anchor.tracer.constant(tensor.data, tensor.shape)
  }
  return layer
}
