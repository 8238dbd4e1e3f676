import { invalidOption } from '../errors.js'
import type { Activation } from '../graph/activation.js'
import { apply, type Sym } from '../graph/trace.js'
import { booleanOption, finiteNumber, knownOptions, positiveNumber } from './options.js'

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
 * min(max(x + 3, 0), 6) / 6, element by element: sigmoid in straight lines.
 *
 * ```ts
 * import { conv2d, hardSigmoid, sequential } from 'im2col'
 *
 * const gate = sequential(conv2d(64, { kernel: 1 }), hardSigmoid)
 * ```
 */
export const hardSigmoid = activation('hardSigmoid', { kind: 'hardSigmoid' })

/**
 * x / (1 + exp(-x)), element by element, also called swish. Elfwing et al., arXiv:1702.03118; Ramachandran et al., arXiv:1710.05941.
 *
 * ```ts
 * import { batchNorm, conv2d, sequential, silu } from 'im2col'
 *
 * const layer = sequential(conv2d(32, { kernel: 3, stride: 2, bias: false }), batchNorm(), silu)
 * ```
 */
export const silu = activation('silu', { kind: 'silu' })

/**
 * x min(max(x + 3, 0), 6) / 6, element by element: swish in straight lines. Howard et al., arXiv:1905.02244.
 *
 * ```ts
 * import { batchNorm, conv2d, hardSwish, sequential } from 'im2col'
 *
 * const stem = sequential(conv2d(16, { kernel: 3, stride: 2, bias: false }), batchNorm(), hardSwish)
 * ```
 */
export const hardSwish = activation('hardSwish', { kind: 'hardSwish' })

/**
 * x tanh(log(1 + exp(x))), element by element. Misra, arXiv:1908.08681.
 *
 * ```ts
 * import { batchNorm, conv2d, mish, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, padding: 1, bias: false }), batchNorm(), mish)
 * ```
 */
export const mish = activation('mish', { kind: 'mish' })

/**
 * x / (1 + |x|), element by element.
 *
 * ```ts
 * import { dense, sequential, softsign } from 'im2col'
 *
 * const layer = sequential(dense(84), softsign)
 * ```
 */
export const softsign = activation('softsign', { kind: 'softsign' })

/**
 * 1.0507 x where x > 0, else 1.0507 * 1.6733 (exp(x) - 1), element by element. Klambauer et al., arXiv:1706.02515.
 *
 * ```ts
 * import { dense, selu, sequential } from 'im2col'
 *
 * const layer = sequential(dense(256), selu)
 * ```
 */
export const selu = activation('selu', { kind: 'selu' })

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
 * x where x > 0, else `alpha` (exp(x / `alpha`) - 1) (alpha 1 by default), element by element. Barron, arXiv:1704.07483.
 *
 * Throws OptionError when alpha is not positive.
 *
 * ```ts
 * import { celu } from 'im2col'
 *
 * const layer = celu({ alpha: 0.5 })
 * ```
 */
export const celu = (options: { readonly alpha?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('celu', options, ['alpha'])
  const { alpha = 1 } = options
  return activation('celu', { kind: 'celu', alpha: positiveNumber('alpha of celu', alpha) })
}

/**
 * log(1 + exp(`beta` x)) / `beta` (beta 1 by default), element by element: a smooth relu.
 *
 * Throws OptionError when beta is not positive.
 *
 * ```ts
 * import { softplus } from 'im2col'
 *
 * const layer = softplus({ beta: 2 })
 * ```
 */
export const softplus = (options: { readonly beta?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('softplus', options, ['beta'])
  const { beta = 1 } = options
  return activation('softplus', { kind: 'softplus', beta: positiveNumber('beta of softplus', beta) })
}

/**
 * x times the normal distribution function of x, element by element. Hendrycks and Gimpel, arXiv:1606.08415.
 *
 * `approximate: 'tanh'` computes x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 instead; 'none' by default. Throws OptionError.
 *
 * ```ts
 * import { dense, gelu, sequential } from 'im2col'
 *
 * const layer = sequential(dense(384), gelu())
 * ```
 */
export const gelu = (options: { readonly approximate?: 'none' | 'tanh' } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('gelu', options, ['approximate'])
  const { approximate = 'none' } = options
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw invalidOption('approximate of gelu', "'none' or 'tanh'", approximate)
  }
  return activation('gelu', { kind: approximate === 'tanh' ? 'geluTanh' : 'gelu' })
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
 * |x|, element by element.
 *
 * ```ts
 * import { abs, conv2d, sequential } from 'im2col'
 *
 * const magnitude = sequential(conv2d(8, { kernel: 3 }), abs)
 * ```
 */
export const abs = activation('abs', { kind: 'abs' })

/**
 * e to the power of x, element by element.
 *
 * ```ts
 * import { conv2d, exp, sequential } from 'im2col'
 *
 * const sizes = sequential(conv2d(4, { kernel: 1 }), exp)
 * ```
 */
export const exp = activation('exp', { kind: 'exp' })

/**
 * The square root, element by element; NaN below 0.
 *
 * ```ts
 * import { relu, sequential, sqrt } from 'im2col'
 *
 * const layer = sequential(relu, sqrt)
 * ```
 */
export const sqrt = activation('sqrt', { kind: 'sqrt' })

/**
 * `scale` x + `shift` (1 and 0 by default) with two numbers, element by element.
 *
 * Throws OptionError.
 *
 * ```ts
 * import { affine, sequential, sigmoid } from 'im2col'
 *
 * const complement = sequential(sigmoid, affine({ scale: -1, shift: 1 }))
 * ```
 */
export const affine = (
  options: { readonly scale?: number; readonly shift?: number } = {},
): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('affine', options, ['scale', 'shift'])
  const scale = finiteNumber('scale of affine', options.scale ?? 1)
  const shift = finiteNumber('shift of affine', options.shift ?? 0)
  return activation('affine', { kind: 'linear', scale, shift })
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

/**
 * The logarithm of softmax over the channels of every pixel: `[classes]` -> `[classes]`.
 *
 * ```ts
 * import { dense, logSoftmax, sequential } from 'im2col'
 *
 * const head = sequential(dense(10), logSoftmax)
 * ```
 */
export const logSoftmax = <X>(x: Sym<X>): Sym<X> =>
  apply('logSoftmax', logSoftmax, [x]).emit('logSoftmax', {}, x.shape as readonly number[]) as never

/**
 * x where x > 0, else a learned slope times x, element by element; the shape stays.
 *
 * Weights: `weight`, one slope for each channel (C), or (1) when `shared` (false by default). Throws OptionError.
 * He et al., arXiv:1502.01852.
 *
 * ```ts
 * import { conv2d, prelu, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3 }), prelu())
 * ```
 */
export const prelu = (options: { readonly shared?: boolean } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('prelu', options, ['shared'])
  const { shared = false } = options
  booleanOption('shared of prelu', shared)
  const layer = (x: Sym<unknown>) => {
    const shape = x.shape as readonly number[]
    const slopes = shared ? 1 : (shape[shape.length - 1] as number)
    return apply('prelu', layer, [x]).emit('prelu', {}, shape, { weight: [slopes] })
  }
  return layer as never
}
