/** Values of a network that come from nowhere else in it: stored tensors and learned ones. */

import { invalidOption } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import { Tensor } from '../tensor.js'

/**
 * A stored tensor as a value of the network; the argument of the layer only says which network. Throws OptionError when it is no tensor.
 *
 * ```ts
 * import { add, constant, model, type Sym, Tensor } from 'im2col'
 *
 * const offset = constant(new Tensor(new Float32Array([1, 2, 3]), [3]))
 * const net = model({ input: [3] }, <X,>(x: Sym<X>) => add(x, offset(x)))
 * ```
 */
export const constant = (tensor: Tensor): ((anchor: Sym<unknown>) => AnySym) => {
  if (!(tensor instanceof Tensor)) throw invalidOption('the value of constant', 'a Tensor', tensor)
  const layer = (anchor: Sym<unknown>) => {
    apply('constant', layer, [anchor])
    return anchor.tracer.constant(tensor.data, tensor.shape)
  }
  return layer
}

const LARGEST_RANK = 4

/**
 * A learned tensor as a value of the network: anything -> `shape`, one to four sizes, channels last; the argument of the layer only
 * says which network.
 *
 * The parameter has the layer's own name and the value's shape. What is computed from parameters alone is computed once, when the
 * network is compiled. Throws OptionError.
 *
 * ```ts
 * import { broadcastAdd, conv2d, module, parameter, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(64, { kernel: 16, stride: 16 }), pos_embed: parameter([14, 14, 64]) }
 * const embed = module(m, <X,>(x: Sym<X>) => broadcastAdd(m.conv(x), m.pos_embed(x)))
 * ```
 */
export const parameter = <const Shape extends readonly number[]>(
  shape: Shape,
): ((anchor: Sym<unknown>) => Sym<Shape>) => {
  if (!Array.isArray(shape) || shape.length < 1 || shape.length > LARGEST_RANK) {
    throw invalidOption('shape of parameter', `one to ${LARGEST_RANK} sizes`, shape)
  }
  for (const [axis, size] of shape.entries()) positiveInteger(`shape[${axis}] of parameter`, size)
  const layer = (anchor: Sym<unknown>) =>
    apply('parameter', layer, [anchor]).on().emit('parameter', {}, shape, { weight: shape }, { weight: '' })
  return layer as never
}
