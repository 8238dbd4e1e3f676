import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import type { MaxUnpool2dShape } from '../pool-shape-types.js'
import { type Padding2d, padding, type Size2d, sizes } from '../shape.js'
import type { Pool2dShape } from '../shape-types.js'
import { checkRank } from './conv-options.js'
import { knownOptions } from './options.js'
import type { MaxPool2dOptions } from './pool.js'
import { poolLayer, poolOptionNames } from './pool-options.js'

/** Positions are float32, which count exactly up to here. */
const largestPlane = 2 ** 24

/**
 * Max pooling, and where each maximum lies: `[H, W, C]` -> two values `[H', W', C]`.
 *
 * A place is h W + w in the input's plane, as PyTorch's `return_indices`: the first of equal elements, or a NaN. Throws OptionError at
 * once, ShapeError when applied or when a plane has more than 2^24 places. Badrinarayanan et al., SegNet, arXiv:1511.00561.
 *
 * ```ts
 * import { conv2d, maxPool2dWithIndices, maxUnpool2d, module, type Sym } from 'im2col'
 *
 * const m = { pool: maxPool2dWithIndices({ kernel: 2 }), conv: conv2d(64, { kernel: 1 }), unpool: maxUnpool2d({ kernel: 2 }) }
 * const block = module(m, <X,>(x: Sym<X>) => {
 *   const [pooled, indices] = m.pool(x)
 *   return m.unpool(m.conv(pooled), indices)
 * })
 * ```
 */
export const maxPool2dWithIndices = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: MaxPool2dOptions<K, S, P, D, C, E>,
): (<X>(
  x: Sym<X>,
) => readonly [pooled: Sym<Pool2dShape<X, K, S, P, D, C, E>>, indices: Sym<Pool2dShape<X, K, S, P, D, C, E>>]) => {
  const type = 'maxPool2dWithIndices'
  knownOptions(type, options, [...poolOptionNames, 'dilation'])
  return poolLayer(type, 2, options, (at, attributes, shape, x) => {
    const [height = 1, width = 1] = x.shape
    if (height * width > largestPlane) {
      throw new ShapeError(`${at.label} takes at most 2^24 places but received ${show(x.shape)}`, {
        layer: at.path,
        expected: largestPlane,
        actual: height * width,
      })
    }
    return [at.emit('maxPool', attributes, shape), at.emit('maxPoolIndices', attributes, shape)] as const
  }) as never
}

export interface MaxUnpool2dOptions<K = Size2d, S = Size2d, P = Padding2d, Out = Size2d> {
  /** Of the pooling, as are stride and padding. */
  readonly kernel: K
  /** The kernel's size by default. */
  readonly stride?: S
  /** 0 by default. */
  readonly padding?: P
  /** Height and width of the output; (H - 1) stride - padding + kernel by default. */
  readonly outputSize?: Out
}

/**
 * Puts every value to its place of a max pooling, zeros elsewhere: `[H, W, C]`, `[H, W, C]` -> `[H', W', C]`.
 *
 * Takes the values and the places that maxPool2dWithIndices gave. Of several values for one place the last one stays; what is no place
 * of the output is left out. Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { maxPool2dWithIndices, maxUnpool2d, model, type Sym } from 'im2col'
 *
 * const pool = maxPool2dWithIndices({ kernel: 2 })
 * const unpool = maxUnpool2d({ kernel: 2, outputSize: [7, 7] })
 * const net = model({ input: [7, 7, 3] }, <X,>(x: Sym<X>) => unpool(...pool(x)))
 * ```
 */
export const maxUnpool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Exclude<Padding2d, 'same'> = 0,
  const Out extends Size2d | undefined = undefined,
>(
  options: MaxUnpool2dOptions<K, S, P, Out>,
): (<X, I>(x: Sym<X>, indices: Sym<I>) => Sym<MaxUnpool2dShape<X, K, S, P, Out>>) => {
  const type = 'maxUnpool2d'
  knownOptions(type, options, ['kernel', 'stride', 'padding', 'outputSize'])
  const { padding: pad = 0, outputSize } = options
  const kernel = sizes(`kernel of ${type}`, 2, options.kernel)
  const stride = options.stride === undefined ? kernel : sizes(`stride of ${type}`, 2, options.stride)
  const sides = padding(`padding of ${type}`, 2, pad, []) as { start: readonly number[]; end: readonly number[] }
  const wanted = outputSize === undefined ? undefined : sizes(`outputSize of ${type}`, 2, outputSize)
  const layer = (x: AnySym, indices: AnySym) => {
    const at = apply(type, layer, [x, indices])
    checkRank(at, 2, x.shape)
    if (x.shape.join() !== indices.shape.join()) {
      throw new ShapeError(`${at.label} takes equal shapes but received ${show(x.shape)} and ${show(indices.shape)}`, {
        layer: at.path,
        expected: x.shape,
        actual: indices.shape,
      })
    }
    const output =
      wanted ??
      [0, 1].map((axis) => {
        const of = (list: readonly number[]) => list[axis] as number
        return (of(x.shape) - 1) * of(stride) + of(kernel) - of(sides.start) - of(sides.end)
      })
    if (output.some((size) => size < 1)) throw invalidOption(`padding of ${type}`, 'smaller than what it pads', pad)
    return at.emit('maxUnpool', {}, [...output, x.shape[2] as number])
  }
  return layer as never
}
