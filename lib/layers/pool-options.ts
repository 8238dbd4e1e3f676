/** What the pooling layers share: their options, and the windows that these describe. */

import { invalidOption } from '../errors.js'
import type { PoolAttributes } from '../graph/graph.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import { padding, sizes, slideWindow, type WindowOptions } from '../shape.js'
import { checkRank } from './conv-options.js'
import { booleanOption } from './options.js'

export interface PoolGeometry<K, S, P, D, C, E> {
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

/** Windows of neighbouring elements. */
export type DensePoolGeometry<K, S, P, C, E> = Omit<PoolGeometry<K, S, P, 1, C, E>, 'dilation'>

export type UncheckedPool = PoolGeometry<unknown, unknown, unknown, unknown, unknown, unknown>

export const poolOptionNames = ['kernel', 'stride', 'padding', 'ceil', 'exact']

/** PyTorch's rule, which keeps every window in touch with the input. */
const checkPadding = (type: string, window: WindowOptions): void => {
  if (typeof window.padding === 'string') return
  const { start, end } = window.padding
  window.kernel.forEach((kernel, axis) => {
    const half = Math.floor(((window.dilation[axis] as number) * (kernel - 1) + 1) / 2)
    const largest = Math.max(start[axis] as number, end[axis] as number)
    if (largest > half) throw invalidOption(`padding of ${type}`, `at most half the kernel (${half})`, largest)
  })
}

export const poolWindow = (type: string, rank: number, options: UncheckedPool): WindowOptions => {
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

/** A layer that slides a window over every channel; `emit` writes its nodes. */
export const poolLayer = <R>(
  type: string,
  rank: number,
  options: UncheckedPool,
  emit: (at: Application, attributes: PoolAttributes, shape: readonly number[], x: AnySym) => R,
): ((x: Sym<unknown>) => R) => {
  const spec = poolWindow(type, rank, options)
  const layer = (x: Sym<unknown>): R => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, rank, shape)
    const { window, output } = slideWindow(at, shape.slice(0, rank), spec)
    return emit(at, { ...window, ceil: spec.ceil }, [...output, shape[rank] as number], x as AnySym)
  }
  return layer
}
