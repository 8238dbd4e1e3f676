import { ShapeError, show } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import type { BlurPool2dShape } from '../pool-shape-types.js'
import { positiveInteger } from '../shape.js'
import { checkRank } from './conv-options.js'
import { knownOptions } from './options.js'

/** The engine's largest filter. */
const largestFilter = 64

export interface BlurPool2dOptions<K = number, S = number> {
  /** Size of the filter, at most 64; 3 by default. */
  readonly kernel?: K
  /** 2 by default. */
  readonly stride?: S
}

/**
 * A binomial filter, then every stride-th element, with the image reflected at its edges: `[H, W, C]` -> `[H', W', C]`.
 *
 * The filter is the outer product of a row of Pascal's triangle, scaled to sum 1; the padding is
 * floor((stride + kernel - 2) / 2) on every side (timm's BlurPool2d). No weights. Throws OptionError at once, ShapeError when the image is
 * smaller than its reflection needs. Zhang, Making Convolutional Networks Shift-Invariant Again, arXiv:1904.11486.
 *
 * ```ts
 * import { blurPool2d, maxPool2d, sequential } from 'im2col'
 *
 * const pool = sequential(maxPool2d({ kernel: 2, stride: 1 }), blurPool2d({ kernel: 3, stride: 2 }))
 * ```
 */
export const blurPool2d = <const K extends number = 3, const S extends number = 2>(
  options: BlurPool2dOptions<K, S> = {},
): (<X>(x: Sym<X>) => Sym<BlurPool2dShape<X, K, S>>) => {
  const type = 'blurPool2d'
  knownOptions(type, options, ['kernel', 'stride'])
  const { kernel = 3, stride = 2 } = options
  const size = positiveInteger(`kernel of ${type}`, kernel, largestFilter)
  const step = positiveInteger(`stride of ${type}`, stride)
  const padding = Math.floor((step + size - 2) / 2)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, 2, shape)
    const [height = 1, width = 1, channels = 1] = shape
    if (Math.min(height, width) <= padding) {
      throw new ShapeError(
        `${at.label} reflects ${padding} cells, which ${show(shape)} does not have beside its edge`,
        {
          layer: at.path,
          expected: `at least ${padding + 1}`,
          actual: shape,
        },
      )
    }
    const output = [height, width].map((axis) => Math.floor((axis + 2 * padding - size) / step) + 1)
    return at.emit('blurPool', { size, stride: step, padding }, [...output, channels])
  }
  return layer as never
}
