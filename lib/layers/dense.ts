import { ShapeError, show } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import type { DenseShape, PointwiseDenseShape } from '../shape-types.js'
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

/**
 * The same dense layer over the channels of every pixel: `[H, W, C]` -> `[H, W, outChannels]`, a convolution of 1 x 1.
 *
 * Weights: `weight` (outChannels, C), `bias` (outChannels), as PyTorch's Linear over channels-last values has them. Throws
 * OptionError at once, ShapeError when the input is flat.
 *
 * ```ts
 * import { gelu, model, pointwiseDense, sequential } from 'im2col'
 *
 * const net = model({ input: [7, 7, 96] }, sequential(pointwiseDense(384), gelu(), pointwiseDense(96)))
 * net.parameters()[0]?.shape // [384, 96]
 * ```
 */
export const pointwiseDense = <const O extends number>(
  outChannels: O,
  options: DenseOptions = {},
): (<X>(x: Sym<X>) => Sym<PointwiseDenseShape<X, O>>) => {
  const type = 'pointwiseDense'
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  knownOptions(type, options, ['bias'])
  const { bias = true } = options
  booleanOption(`bias of ${type}`, bias)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    const spatial = shape.slice(0, -1)
    if (spatial.length === 0) {
      throw new ShapeError(`${at.label} takes a value with spatial axes but received ${show(shape)}`, {
        layer: at.path,
        expected: 'a value with spatial axes',
        actual: shape,
        hint: 'Use dense',
      })
    }
    const all = (value: number) => spatial.map(() => value)
    const window = { kernel: all(1), stride: all(1), dilation: all(1), padStart: all(0), padEnd: all(0) }
    return at.emit('conv', { ...window, outChannels: out, groups: 1, flip: false }, [...spatial, out], {
      weight: [out, shape[shape.length - 1] as number],
      ...(bias ? { bias: [out] } : {}),
    })
  }
  return layer as never
}
