import { invalidOption } from '../errors.js'
import type { Reduction } from '../graph/graph.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import type { ReduceShape } from '../moved-shape-types.js'
import { axisIndex, booleanOption, knownOptions } from './options.js'
import { reshape } from './rearrange.js'

const reductions: readonly unknown[] = ['mean', 'sum', 'prod', 'max', 'min', 'l1', 'l2'] satisfies readonly Reduction[]

/**
 * The mean, sum, product, maximum, minimum, or L1 or L2 norm over some axes: `[H, W, C]` over [0, 1] -> `[C]`.
 *
 * Axes count as the shape is written, channels last; negative ones from the end. With `keepDims` (false by default) they stay
 * with size 1: `[1, 1, C]`; a value of which nothing else stays is `[1]`. A NaN wins. Throws OptionError.
 *
 * ```ts
 * import { model, reduce } from 'im2col'
 *
 * const net = model({ input: [7, 7, 64] }, reduce('max', { axes: [-1], keepDims: true }))
 * net.outputs.output // [7, 7, 1]
 * ```
 */
export const reduce = <const Axes extends readonly number[], const Keep extends boolean = false>(
  operator: Reduction,
  options: { readonly axes: Axes; readonly keepDims?: Keep },
): (<X>(x: Sym<X>) => Sym<ReduceShape<X, Axes, Keep>>) => {
  knownOptions('reduce', options, ['axes', 'keepDims'])
  if (!reductions.includes(operator)) throw invalidOption('operator of reduce', reductions.join(', '), operator)
  const { axes, keepDims = false } = options
  if (!Array.isArray(axes) || axes.length === 0) throw invalidOption('axes of reduce', 'a list of axes', axes)
  booleanOption('keepDims of reduce', keepDims)
  const layer = (x: AnySym): AnySym => {
    const at = apply('reduce', layer, [x])
    const reduced = new Set(axes.map((axis) => axisIndex(at, axis, x.shape)))
    const kept = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size))
    const y = at.emit('reduce', { operator, axes: [...reduced].sort((a, b) => a - b) }, kept)
    if (keepDims) return y
    const rest = x.shape.filter((_, axis) => !reduced.has(axis))
    return reshape(rest.length === 0 ? [1] : rest, { order: 'channels-last' })(y) as unknown as AnySym
  }
  return layer as never
}
