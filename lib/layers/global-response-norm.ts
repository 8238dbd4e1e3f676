import { ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { affine } from './activations.js'
import { divide, multiply } from './arithmetic.js'
import { add } from './combine.js'
import { knownOptions, positiveNumber } from './options.js'
import { reduce } from './reduce.js'

/**
 * Weighs every channel by its L2 norm over all pixels, in parts of the mean of these norms, scales and shifts that by learned
 * numbers, and adds it to the input: `[H, W, C]` -> `[H, W, C]`.
 *
 * `eps`, 1e-6 by default, is added to the mean. Weights: `weight`, `bias`, each (C). Throws OptionError, ShapeError. Woo et al.,
 * arXiv:2301.00808.
 *
 * ```ts
 * import { gelu, globalResponseNorm, pointwiseDense, sequential } from 'im2col'
 *
 * const mlp = sequential(pointwiseDense(384), gelu(), globalResponseNorm(), pointwiseDense(96))
 * ```
 */
export const globalResponseNorm = (options: { readonly eps?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'globalResponseNorm'
  knownOptions(type, options, ['eps'])
  const shifted = affine({ shift: positiveNumber(`eps of ${type}`, options.eps ?? 1e-6) })
  const overChannels = reduce('mean', { axes: [-1], keepDims: true })
  const layer = (x: AnySym): AnySym => {
    const at = apply(type, layer, [x])
    if (x.shape.length < 2) {
      throw new ShapeError(`${at.label} takes a value with spatial axes but received ${show(x.shape)}`, {
        layer: at.path,
        expected: '[height, width, channels]',
        actual: x.shape,
      })
    }
    const norms = reduce('l2', { axes: x.shape.slice(0, -1).map((_, axis) => axis), keepDims: true })(x) as AnySym
    const relative = divide(norms, shifted(overChannels(norms) as AnySym)) as AnySym
    const weighed = multiply(x, relative) as AnySym
    const perChannel = [x.shape.at(-1) as number]
    const parameters = { scale: perChannel, bias: perChannel }
    return add(at.on(weighed).emit('layerScale', {}, x.shape, parameters, { scale: 'weight' }), x)
  }
  return layer as never
}
