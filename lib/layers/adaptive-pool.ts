import type { AdaptivePool1dShape, AdaptivePool3dShape } from '../conv-shape-types.js'
import { ShapeError, show } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import { type Size2d, type Size3d, sizes } from '../shape.js'
import type { AdaptivePool2dShape, GlobalPoolShape } from '../shape-types.js'
import { axisNames } from './conv-options.js'

type AdaptiveOp = 'adaptiveAvgPool' | 'adaptiveMaxPool'

/** `size` undefined means 1 along every axis that is there. */
const adaptivePool = (type: string, op: AdaptiveOp, size: readonly number[] | undefined) => {
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    const rank = shape.length - 1
    if (size === undefined ? rank < 1 : rank !== size.length) {
      const expected = size === undefined ? 'a value with spatial axes' : axisNames[size.length]
      throw new ShapeError(`${at.label} takes ${expected} but received ${show(shape)}`, {
        layer: at.path,
        expected,
        actual: shape,
      })
    }
    const outputSize = size ?? new Array<number>(rank).fill(1)
    return at.emit(op, { outputSize }, [...outputSize, shape[rank] as number])
  }
  return layer
}

/**
 * The mean of every channel: `[H, W, C]` -> `[1, 1, C]`, `[L, C]` -> `[1, C]`.
 *
 * Throws ShapeError when applied to a flat value.
 *
 * ```ts
 * import { dense, flatten, globalAvgPool, sequential } from 'im2col'
 *
 * const head = sequential(globalAvgPool(), flatten, dense(1000))
 * ```
 */
export const globalAvgPool = (): (<X>(x: Sym<X>) => Sym<GlobalPoolShape<X>>) =>
  adaptivePool('globalAvgPool', 'adaptiveAvgPool', undefined) as never

/**
 * The largest element of every channel: `[H, W, C]` -> `[1, 1, C]`, `[L, C]` -> `[1, C]`.
 *
 * Throws ShapeError when applied to a flat value.
 *
 * ```ts
 * import { globalMaxPool } from 'im2col'
 *
 * const strongest = globalMaxPool()
 * ```
 */
export const globalMaxPool = (): (<X>(x: Sym<X>) => Sym<GlobalPoolShape<X>>) =>
  adaptivePool('globalMaxPool', 'adaptiveMaxPool', undefined) as never

/**
 * Means over a grid of `size` windows that tile the input: `[H, W, C]` -> `[size, size, C]`, as PyTorch's layer.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { adaptiveAvgPool2d } from 'im2col'
 *
 * const grid = adaptiveAvgPool2d([6, 6])
 * ```
 */
export const adaptiveAvgPool2d = <const Out extends Size2d>(
  size: Out,
): (<X>(x: Sym<X>) => Sym<AdaptivePool2dShape<X, Out>>) =>
  adaptivePool('adaptiveAvgPool2d', 'adaptiveAvgPool', sizes('size of adaptiveAvgPool2d', 2, size)) as never

/**
 * Maxima over a grid of `size` windows that tile the input: `[H, W, C]` -> `[size, size, C]`, as PyTorch's layer.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { adaptiveMaxPool2d } from 'im2col'
 *
 * const grid = adaptiveMaxPool2d(7)
 * ```
 */
export const adaptiveMaxPool2d = <const Out extends Size2d>(
  size: Out,
): (<X>(x: Sym<X>) => Sym<AdaptivePool2dShape<X, Out>>) =>
  adaptivePool('adaptiveMaxPool2d', 'adaptiveMaxPool', sizes('size of adaptiveMaxPool2d', 2, size)) as never

/**
 * Means over `size` windows that tile a series: `[L, C]` -> `[size, C]`; otherwise as adaptiveAvgPool2d.
 *
 * ```ts
 * import { adaptiveAvgPool1d } from 'im2col'
 *
 * const summary = adaptiveAvgPool1d(4)
 * ```
 */
export const adaptiveAvgPool1d = <const Out extends number>(
  size: Out,
): (<X>(x: Sym<X>) => Sym<AdaptivePool1dShape<X, Out>>) =>
  adaptivePool('adaptiveAvgPool1d', 'adaptiveAvgPool', sizes('size of adaptiveAvgPool1d', 1, size)) as never

/**
 * Means over a grid of `size` windows that tile a volume: `[D, H, W, C]` -> `[size, size, size, C]`; otherwise as
 * adaptiveAvgPool2d.
 *
 * ```ts
 * import { adaptiveAvgPool3d } from 'im2col'
 *
 * const grid = adaptiveAvgPool3d([1, 7, 7])
 * ```
 */
export const adaptiveAvgPool3d = <const Out extends Size3d>(
  size: Out,
): (<X>(x: Sym<X>) => Sym<AdaptivePool3dShape<X, Out>>) =>
  adaptivePool('adaptiveAvgPool3d', 'adaptiveAvgPool', sizes('size of adaptiveAvgPool3d', 3, size)) as never

/**
 * Maxima over `size` windows that tile a series: `[L, C]` -> `[size, C]`; otherwise as adaptiveMaxPool2d.
 *
 * ```ts
 * import { adaptiveMaxPool1d } from 'im2col'
 *
 * const summary = adaptiveMaxPool1d(4)
 * ```
 */
export const adaptiveMaxPool1d = <const Out extends number>(
  size: Out,
): (<X>(x: Sym<X>) => Sym<AdaptivePool1dShape<X, Out>>) =>
  adaptivePool('adaptiveMaxPool1d', 'adaptiveMaxPool', sizes('size of adaptiveMaxPool1d', 1, size)) as never

/**
 * Maxima over a grid of `size` windows that tile a volume: `[D, H, W, C]` -> `[size, size, size, C]`; otherwise as
 * adaptiveMaxPool2d.
 *
 * ```ts
 * import { adaptiveMaxPool3d } from 'im2col'
 *
 * const grid = adaptiveMaxPool3d([1, 7, 7])
 * ```
 */
export const adaptiveMaxPool3d = <const Out extends Size3d>(
  size: Out,
): (<X>(x: Sym<X>) => Sym<AdaptivePool3dShape<X, Out>>) =>
  adaptivePool('adaptiveMaxPool3d', 'adaptiveMaxPool', sizes('size of adaptiveMaxPool3d', 3, size)) as never
