import { invalidOption } from '../errors.js'
import type { Activation } from '../graph/activation.js'
import { apply, type Sym } from '../graph/trace.js'
import { finiteNumber, knownOptions } from './options.js'

const activation = (type: string, attributes: Activation): (<X>(x: Sym<X>) => Sym<X>) => {
  const layer = (x: Sym<unknown>) =>
    apply(type, layer, [x]).emit('activation', { activation: attributes }, x.shape as readonly number[])
  return layer as never
}

/**
 * max(x, 0), element by element.
 *
 * ```ts
 * import { conv2d, relu, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3 }), relu)
 * ```
 */
export const relu = activation('relu', { kind: 'relu' })

/**
 * min(max(x, 0), 6), element by element.
 *
 * ```ts
 * import { relu6, sequential } from 'im2col'
 *
 * const layer = sequential(relu6)
 * ```
 */
export const relu6 = activation('relu6', { kind: 'clamp', min: 0, max: 6 })

/**
 * 1 / (1 + exp(-x)), element by element.
 *
 * ```ts
 * import { dense, sequential, sigmoid } from 'im2col'
 *
 * const layer = sequential(dense(1), sigmoid)
 * ```
 */
export const sigmoid = activation('sigmoid', { kind: 'sigmoid' })

/**
 * The hyperbolic tangent, element by element.
 *
 * ```ts
 * import { dense, sequential, tanh } from 'im2col'
 *
 * const layer = sequential(dense(84), tanh)
 * ```
 */
export const tanh = activation('tanh', { kind: 'tanh' })

/**
 * x where x > 0, else `negativeSlope` x (0.01 by default), element by element.
 *
 * Throws OptionError.
 *
 * ```ts
 * import { leakyRelu } from 'im2col'
 *
 * const layer = leakyRelu({ negativeSlope: 0.1 })
 * ```
 */
export const leakyRelu = (options: { readonly negativeSlope?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('leakyRelu', options, ['negativeSlope'])
  const { negativeSlope = 0.01 } = options
  finiteNumber('negativeSlope of leakyRelu', negativeSlope)
  return activation('leakyRelu', { kind: 'leakyRelu', negativeSlope })
}

/**
 * x where x > 0, else `alpha` (exp(x) - 1) (alpha 1 by default), element by element. Clevert et al., arXiv:1511.07289.
 *
 * Throws OptionError.
 *
 * ```ts
 * import { elu } from 'im2col'
 *
 * const layer = elu({ alpha: 1 })
 * ```
 */
export const elu = (options: { readonly alpha?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('elu', options, ['alpha'])
  const { alpha = 1 } = options
  return activation('elu', { kind: 'elu', alpha: finiteNumber('alpha of elu', alpha) })
}

/**
 * min(max(x, `min`), `max`), element by element.
 *
 * Throws OptionError.
 *
 * ```ts
 * import { clamp } from 'im2col'
 *
 * const layer = clamp({ min: -1, max: 1 })
 * ```
 */
export const clamp = (options: { readonly min: number; readonly max: number }): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('clamp', options, ['min', 'max'])
  const min = finiteNumber('min of clamp', options.min)
  const max = finiteNumber('max of clamp', options.max)
  if (min > max) throw invalidOption('max of clamp', `at least min (${min})`, max)
  return activation('clamp', { kind: 'clamp', min, max })
}

/**
 * exp(x) over the sum of exp(x) along the channels; the shape stays.
 *
 * ```ts
 * import { dense, sequential, softmax } from 'im2col'
 *
 * const classify = sequential(dense(10), softmax)
 * ```
 */
export const softmax = <X>(x: Sym<X>): Sym<X> =>
  apply('softmax', softmax, [x]).emit('softmax', {}, x.shape as readonly number[]) as never
