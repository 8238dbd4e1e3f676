import { invalidOption } from '../errors.js'
import type { AnySym, Sym } from '../graph/trace.js'
import type { SpatialPyramidShape } from '../pool-shape-types.js'
import { positiveInteger } from '../shape.js'
import { adaptiveMaxPool2d } from './adaptive-pool.js'
import { concat } from './combine.js'
import { module } from './module.js'
import { knownOptions } from './options.js'
import { flatten } from './reshape.js'

/**
 * Maxima over grids of several sizes, in one row, whatever the image's size: `[H, W, C]` -> `[C * (sum of n^2)]`.
 *
 * Each level n has n x n windows that tile the image; its elements are in the order C, H, W. Throws OptionError at once, ShapeError when
 * applied. He et al., Spatial Pyramid Pooling, arXiv:1406.4729.
 *
 * ```ts
 * import { dense, sequential, spatialPyramidPool } from 'im2col'
 *
 * const head = sequential(spatialPyramidPool({ levels: [1, 2, 3, 6] }), dense(1000))
 * ```
 */
export const spatialPyramidPool = <const Levels extends readonly number[]>(options: {
  /** Windows along each axis of every grid. */
  readonly levels: Levels
}): (<X>(x: Sym<X>) => Sym<SpatialPyramidShape<X, Levels>>) => {
  const type = 'spatialPyramidPool'
  knownOptions(type, options, ['levels'])
  const { levels } = options
  if (!Array.isArray(levels) || levels.length === 0) throw invalidOption(`levels of ${type}`, 'a list of sizes', levels)
  const pools = levels.map((size: unknown) => adaptiveMaxPool2d(positiveInteger(`level of ${type}`, size)))
  return module(pools, (x: AnySym) => concat(...pools.map((pool) => flatten(pool(x))))) as never
}
