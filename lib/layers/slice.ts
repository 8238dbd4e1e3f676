import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import type { Chunks, SliceShape, SplitParts } from '../moved-shape-types.js'
import { positiveInteger } from '../shape.js'
import { axisIndex, knownOptions } from './options.js'
import { indexTable } from './tables.js'

const channelsOf = (x: AnySym): number => x.shape[x.shape.length - 1] as number

interface Cut {
  readonly axis: number
  readonly start: number
  readonly end: number
  readonly step?: number
}

/** Elements start, start + step, ... before `end` of an axis, as a node of the layer `type`; of the channels as a view. */
const cut = (type: string, layer: object, x: AnySym, { axis, start, end, step = 1 }: Cut): AnySym => {
  const at = apply(type, layer, [x])
  const size = Math.ceil((end - start) / step)
  const shape = x.shape.with(axis, size)
  if (axis === x.shape.length - 1 && step === 1) return at.emit('slice', { start }, shape)
  const indices = () => x.shape.map((_, i) => (i === axis ? indexTable(at, size, (k) => start + k * step) : null))
  return at.emit('gather', () => ({ of: type, indices: indices(), value: 0 }), shape)
}

/** Neighbouring ranges of an axis of the given sizes. */
const cutAll = (type: string, layer: object, x: AnySym, axis: number, sizes: readonly number[]): readonly AnySym[] => {
  let start = 0
  return sizes.map((size) => {
    start += size
    return cut(type, layer, x, { axis, start: start - size, end: start })
  })
}

/**
 * The elements of an axis from `start` (0 by default) up to, but without, `end`: `[H, W, C]` -> `[H, W, end - start]`.
 *
 * The axis is the channels by default and counts as the shape is written; negative ones count from the end. `step` takes every
 * step-th element only. A range of channels is a view: nothing is computed. Throws OptionError, ShapeError when the axis has
 * fewer than `end` elements or when more than 2^26 are taken of another axis than the channels.
 *
 * ```ts
 * import { model, slice, type Sym } from 'im2col'
 *
 * const net = model({ input: [8, 8, 64] }, <X,>(x: Sym<X>) => slice(x, { start: 16, end: 48 }))
 * net.outputs.output // [8, 8, 32]
 * ```
 */
export const slice = <
  X,
  const End extends number,
  const Start extends number = 0,
  const Axis extends number = -1,
  const Step extends number = 1,
>(
  x: Sym<X>,
  options: { readonly start?: Start; readonly end: End; readonly axis?: Axis; readonly step?: Step },
): Sym<SliceShape<X, Start, End, Axis, Step>> => {
  const value = x as unknown as AnySym
  const at = apply('slice', slice, [x])
  knownOptions('slice', options, ['start', 'end', 'axis', 'step'])
  const { start = 0, end, step = 1 } = options
  positiveInteger('end of slice', end)
  positiveInteger('step of slice', step)
  if (!Number.isInteger(start) || start < 0 || start >= end) {
    throw invalidOption('start of slice', `an integer from 0 to ${end - 1}`, start)
  }
  const axis = axisIndex(at, options.axis ?? -1, value.shape)
  if (end > (value.shape[axis] as number)) {
    throw new ShapeError(`${at.label} takes at least ${end} ${nameOf(axis, value)} but received ${show(value.shape)}`, {
      layer: at.path,
      expected: end,
      actual: value.shape,
    })
  }
  return cut('slice', slice, value, { axis, start, end, step }) as never
}

const nameOf = (axis: number, { shape }: AnySym): string =>
  axis === shape.length - 1 ? 'channels' : `elements on axis ${axis}`

/**
 * Consecutive ranges of an axis, of the given sizes: `[H, W, A + B]` -> `[H, W, A]`, `[H, W, B]`.
 *
 * The axis is the channels by default, of which the results are views. Throws OptionError, ShapeError when the sizes do not add up.
 *
 * ```ts
 * import { concat, model, relu, split, type Sym } from 'im2col'
 *
 * const net = model({ input: [8, 8, 64] }, <X,>(x: Sym<X>) => {
 *   const [left, right] = split(x, [16, 48])
 *   return concat(relu(left), right)
 * })
 * ```
 */
export const split = <X, const Sizes extends readonly number[], const Axis extends number = -1>(
  x: Sym<X>,
  sizes: Sizes,
  options: { readonly axis?: Axis } = {},
): SplitParts<X, Sizes, Axis> => {
  const at = apply('split', split, [x])
  knownOptions('split', options, ['axis'])
  if (!Array.isArray(sizes) || sizes.length === 0) throw invalidOption('sizes of split', 'a list of sizes', sizes)
  for (const size of sizes) positiveInteger('size of split', size)
  const value = x as unknown as AnySym
  const axis = axisIndex(at, options.axis ?? -1, value.shape)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total !== value.shape[axis]) {
    throw new ShapeError(
      `${at.label} into ${show(sizes)} takes ${total} ${nameOf(axis, value)} but received ${show(value.shape)}`,
      { layer: at.path, expected: total, actual: value.shape },
    )
  }
  return cutAll('split', split, value, axis, sizes) as never
}

/**
 * As many equal ranges of an axis as `count` says: `[H, W, C]` -> `count` times `[H, W, C / count]`.
 *
 * The axis is the channels by default, of which the results are views. Throws OptionError, ShapeError when `count` does not divide
 * the axis.
 *
 * ```ts
 * import { chunk, concat, conv2d, module, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(32, { kernel: 3, padding: 1 }) }
 * const block = module(m, <X,>(x: Sym<X>) => {
 *   const [left, right] = chunk(x, 2)
 *   return concat(left, m.conv(right))
 * })
 * ```
 */
export const chunk = <X, const Count extends number, const Axis extends number = -1>(
  x: Sym<X>,
  count: Count,
  options: { readonly axis?: Axis } = {},
): Chunks<X, Count, Axis> => {
  const at = apply('chunk', chunk, [x])
  knownOptions('chunk', options, ['axis'])
  const parts = positiveInteger('count of chunk', count)
  const value = x as unknown as AnySym
  const axis = axisIndex(at, options.axis ?? -1, value.shape)
  const size = value.shape[axis] as number
  if (size % parts !== 0) throw indivisible(at, `${parts} chunks`, parts, value, axis)
  return cutAll('chunk', chunk, value, axis, Array(parts).fill(size / parts)) as never
}

/**
 * Deals the channels of `groups` equal ranges out in turn, which mixes the groups of grouped convolutions; the shape stays.
 *
 * Throws OptionError, ShapeError when `groups` does not divide the channels. Zhang et al., ShuffleNet, arXiv:1707.01083.
 *
 * ```ts
 * import { channelShuffle, conv2d, sequential } from 'im2col'
 *
 * const unit = sequential(conv2d(240, { kernel: 1, groups: 3 }), channelShuffle(3))
 * ```
 */
export const channelShuffle = (groups: number): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'channelShuffle'
  positiveInteger(`groups of ${type}`, groups)
  const layer = (x: AnySym) => {
    const at = apply(type, layer, [x])
    if (channelsOf(x) % groups !== 0) throw indivisible(at, `${groups} groups`, groups, x, x.shape.length - 1)
    return at.emit(type, { groups }, x.shape)
  }
  return layer as never
}

const indivisible = (
  at: { readonly label: string; readonly path: string },
  parts: string,
  count: number,
  x: AnySym,
  axis: number,
): ShapeError =>
  new ShapeError(`${at.label}: ${parts} do not divide the ${x.shape[axis]} ${nameOf(axis, x)} of ${show(x.shape)}`, {
    layer: at.path,
    expected: `a multiple of ${count}`,
    actual: x.shape,
  })
