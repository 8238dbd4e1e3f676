import { ShapeError, show } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import type { DenseShape } from '../shape-types.js'
import { booleanOption, knownOptions } from './options.js'

export interface DenseOptions {
  /** Adds a learned number per output feature; true by default. */
  readonly bias?: boolean
}

/**
 * Every output is a weighted sum of all inputs: `[features]` -> `[outFeatures]`.
 *
 * Weights: `weight` (outFeatures, features), `bias` (outFeatures). Throws OptionError at once, ShapeError when the input is not flat.
 *
 * ```ts
 * import { dense, model } from 'im2col'
 *
 * const net = model({ input: [784] }, dense(10))
 * net.parameterCount // 7850
 * ```
 */
export const dense = <const O extends number>(
  outFeatures: O,
  options: DenseOptions = {},
): (<X>(x: Sym<X>) => Sym<DenseShape<X, O>>) => {
  const out = positiveInteger('outFeatures of dense', outFeatures)
  knownOptions('dense', options, ['bias'])
  const { bias = true } = options
  booleanOption('bias of dense', bias)
  const layer = (x: Sym<unknown>) => {
    const at = apply('dense', layer, [x])
    const shape = x.shape as readonly number[]
    const [features] = shape
    if (shape.length !== 1 || features === undefined) {
      throw new ShapeError(`${at.label} takes [features] but received ${show(shape)}`, {
        layer: at.path,
        expected: '[features]',
        actual: shape,
        hint: 'Put flatten before it',
      })
    }
    return at.emit('dense', { outFeatures: out }, [out], {
      weight: [out, features],
      ...(bias ? { bias: [out] } : {}),
    })
  }
  return layer as never
}
