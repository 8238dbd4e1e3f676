import { invalidOption, ShapeError, show } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import {
  type Padding1d,
  type Padding2d,
  padding,
  type Size2d,
  sizes,
  slideWindow,
  type WindowOptions,
} from '../shape.js'
import type { Pool1dShape, Pool2dShape } from '../shape-types.js'
import { booleanOption, knownOptions } from './options.js'

interface PoolGeometry<K, S, P, D, C, E> {
  readonly kernel: K
  /** The kernel's size by default. */
  readonly stride?: S
  /** At most half the kernel; 0 by default. */
  readonly padding?: P
  /** Distance between neighbouring elements of a window; 1 (contiguous) by default. */
  readonly dilation?: D
  /** Rounds the output size up, as PyTorch's `ceil_mode`; false by default. */
  readonly ceil?: C
  /** Demands that the windows cover the padded input exactly; false by default. */
  readonly exact?: E
}

interface AverageSwitches {
  /** Counts the zeros of the padding as elements of the mean; true by default. */
  readonly countIncludePad?: boolean
}

export type MaxPool1dOptions<
  K = number,
  S = number,
  P = Padding1d,
  D = number,
  C = boolean,
  E = boolean,
> = PoolGeometry<K, S, P, D, C, E>
export type MaxPool2dOptions<
  K = Size2d,
  S = Size2d,
  P = Padding2d,
  D = Size2d,
  C = boolean,
  E = boolean,
> = PoolGeometry<K, S, P, D, C, E>
export type AvgPool1dOptions<K = number, S = number, P = Padding1d, C = boolean, E = boolean> = Omit<
  PoolGeometry<K, S, P, 1, C, E>,
  'dilation'
> &
  AverageSwitches
export type AvgPool2dOptions<K = Size2d, S = Size2d, P = Padding2d, C = boolean, E = boolean> = Omit<
  PoolGeometry<K, S, P, 1, C, E>,
  'dilation'
> &
  AverageSwitches

type Unchecked = PoolGeometry<unknown, unknown, unknown, unknown, unknown, unknown>

/** PyTorch's rule, which keeps every window in touch with the input. */
const checkPadding = (type: string, window: WindowOptions): void => {
  if (window.padding === 'same') return
  const { start, end } = window.padding
  window.kernel.forEach((kernel, axis) => {
    const half = Math.floor(((window.dilation[axis] as number) * (kernel - 1) + 1) / 2)
    const largest = Math.max(start[axis] as number, end[axis] as number)
    if (largest > half) throw invalidOption(`padding of ${type}`, `at most half the kernel (${half})`, largest)
  })
}

const poolWindow = (type: string, rank: number, options: Unchecked): WindowOptions => {
  const { padding: pad = 0, dilation = 1, ceil = false, exact = false } = options
  const kernel = sizes(`kernel of ${type}`, rank, options.kernel)
  const window = {
    kernel,
    stride: options.stride === undefined ? kernel : sizes(`stride of ${type}`, rank, options.stride),
    padding: padding(`padding of ${type}`, rank, pad),
    dilation: sizes(`dilation of ${type}`, rank, dilation),
    ceil: booleanOption(`ceil of ${type}`, ceil),
    exact: booleanOption(`exact of ${type}`, exact),
  }
  checkPadding(type, window)
  return window
}

const geometryNames = ['kernel', 'stride', 'padding', 'ceil', 'exact']

const pool = (type: string, rank: number, options: Unchecked & AverageSwitches, op: 'maxPool' | 'avgPool') => {
  knownOptions(type, options, [...geometryNames, op === 'maxPool' ? 'dilation' : 'countIncludePad'])
  const spec = poolWindow(type, rank, options)
  const { countIncludePad = true } = options
  booleanOption(`countIncludePad of ${type}`, countIncludePad)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    if (shape.length !== rank + 1) {
      const expected = rank === 1 ? '[length, channels]' : '[height, width, channels]'
      throw new ShapeError(`${at.label} takes ${expected} but received ${show(shape)}`, {
        layer: at.path,
        expected,
        actual: shape,
      })
    }
    const { window, output } = slideWindow(at, shape.slice(0, rank), spec)
    const result = [...output, shape[rank] as number]
    const attributes = { ...window, ceil: spec.ceil }
    return op === 'maxPool'
      ? at.emit('maxPool', attributes, result)
      : at.emit('avgPool', { ...attributes, countIncludePad }, result)
  }
  return layer
}

/**
 * The largest element of every window of a series: `[L, C]` -> `[L', C]`; padding never wins, NaN always does.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { maxPool1d } from 'im2col'
 *
 * const halve = maxPool1d({ kernel: 2 })
 * ```
 */
export const maxPool1d = <
  const K extends number,
  const S extends number = K,
  const P extends Padding1d = 0,
  const D extends number = 1,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: MaxPool1dOptions<K, S, P, D, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool1dShape<X, K, S, P, D, C, E>>) => pool('maxPool1d', 1, options, 'maxPool') as never

/**
 * The largest element of every window: `[H, W, C]` -> `[H', W', C]`; padding never wins, NaN always does.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { maxPool2d, model } from 'im2col'
 *
 * const net = model({ input: [224, 224, 64] }, maxPool2d({ kernel: 2 }))
 * net.outputs.output // [112, 112, 64]
 * ```
 */
export const maxPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: MaxPool2dOptions<K, S, P, D, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, D, C, E>>) => pool('maxPool2d', 2, options, 'maxPool') as never

/**
 * The mean of every window of a series: `[L, C]` -> `[L', C]`.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { avgPool1d } from 'im2col'
 *
 * const movingAverage = avgPool1d({ kernel: 10, stride: 1 })
 * ```
 */
export const avgPool1d = <
  const K extends number,
  const S extends number = K,
  const P extends Padding1d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: AvgPool1dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool1dShape<X, K, S, P, 1, C, E>>) => pool('avgPool1d', 1, options, 'avgPool') as never

/**
 * The mean of every window: `[H, W, C]` -> `[H', W', C]`.
 *
 * Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { avgPool2d } from 'im2col'
 *
 * const smooth = avgPool2d({ kernel: 3, stride: 1, padding: 1, countIncludePad: false })
 * ```
 */
export const avgPool2d = <
  const K extends Size2d,
  const S extends Size2d = K,
  const P extends Padding2d = 0,
  const C extends boolean = false,
  const E extends boolean = false,
>(
  options: AvgPool2dOptions<K, S, P, C, E>,
): (<X>(x: Sym<X>) => Sym<Pool2dShape<X, K, S, P, 1, C, E>>) => pool('avgPool2d', 2, options, 'avgPool') as never
