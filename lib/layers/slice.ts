import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import type { Chunks, SliceShape, SplitParts } from '../shape-types.js'
import { knownOptions } from './options.js'

const channelsOf = (x: AnySym): number => x.shape[x.shape.length - 1] as number

/** Channels [start, end) of a value, as a node of the layer `type`. */
const cut = (type: string, layer: object, x: AnySym, start: number, end: number): AnySym =>
  apply(type, layer, [x]).emit('slice', { start }, [...x.shape.slice(0, -1), end - start])

/** Neighbouring channel ranges of the given sizes. */
const cutAll = (type: string, layer: object, x: AnySym, sizes: readonly number[]): readonly AnySym[] => {
  let start = 0
  return sizes.map((size) => {
    start += size
    return cut(type, layer, x, start - size, start)
  })
}

/**
 * The channels from `start` (0 by default) up to, but without, `end`: `[H, W, C]` -> `[H, W, end - start]`.
 *
 * Nothing is computed: the result is a view. Throws OptionError, ShapeError when there are fewer than `end` channels.
 *
 * ```ts
 * import { model, slice, type Sym } from 'im2col'
 *
 * const net = model({ input: [8, 8, 64] }, <X>(x: Sym<X>) => slice(x, { start: 16, end: 48 }))
 * net.outputs.output // [8, 8, 32]
 * ```
 */
export const slice = <X, const End extends number, const Start extends number = 0>(
  x: Sym<X>,
  options: { readonly start?: Start; readonly end: End },
): Sym<SliceShape<X, Start, End>> => {
  const at = apply('slice', slice, [x])
  knownOptions('slice', options, ['start', 'end'])
  const { start = 0, end } = options
  positiveInteger('end of slice', end)
  if (!Number.isInteger(start) || start < 0 || start >= end) {
    throw invalidOption('start of slice', `an integer from 0 to ${end - 1}`, start)
  }
  const value = x as unknown as AnySym
  if (end > channelsOf(value)) {
    throw new ShapeError(`${at.label} takes at least ${end} channels but received ${show(value.shape)}`, {
      layer: at.path,
      expected: end,
      actual: value.shape,
    })
  }
  return cut('slice', slice, value, start, end) as never
}

/**
 * Consecutive ranges of the channels, of the given sizes: `[H, W, A + B]` -> `[H, W, A]`, `[H, W, B]`.
 *
 * Nothing is computed: the results are views. Throws OptionError, ShapeError when the sizes do not add up to the channels.
 *
 * ```ts
 * import { concat, model, relu, split, type Sym } from 'im2col'
 *
 * const net = model({ input: [8, 8, 64] }, <X>(x: Sym<X>) => {
 *   const [left, right] = split(x, [16, 48])
 *   return concat(relu(left), right)
 * })
 * ```
 */
export const split = <X, const Sizes extends readonly number[]>(x: Sym<X>, sizes: Sizes): SplitParts<X, Sizes> => {
  const at = apply('split', split, [x])
  if (!Array.isArray(sizes) || sizes.length === 0) throw invalidOption('sizes of split', 'a list of sizes', sizes)
  for (const size of sizes) positiveInteger('size of split', size)
  const value = x as unknown as AnySym
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total !== channelsOf(value)) {
    throw new ShapeError(`${at.label} into ${show(sizes)} takes ${total} channels but received ${show(value.shape)}`, {
      layer: at.path,
      expected: total,
      actual: value.shape,
    })
  }
  return cutAll('split', split, value, sizes) as never
}

/**
 * As many equal ranges of the channels as `count` says: `[H, W, C]` -> `count` times `[H, W, C / count]`.
 *
 * Nothing is computed: the results are views. Throws OptionError, ShapeError when `count` does not divide the channels.
 *
 * ```ts
 * import { chunk, concat, conv2d, module, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(32, { kernel: 3, padding: 1 }) }
 * const block = module(m, <X>(x: Sym<X>) => {
 *   const [left, right] = chunk(x, 2)
 *   return concat(left, m.conv(right))
 * })
 * ```
 */
export const chunk = <X, const Count extends number>(x: Sym<X>, count: Count): Chunks<X, Count> => {
  const at = apply('chunk', chunk, [x])
  const parts = positiveInteger('count of chunk', count)
  const value = x as unknown as AnySym
  const channels = channelsOf(value)
  if (channels % parts !== 0) throw indivisible(at, `${parts} chunks`, parts, value)
  return cutAll('chunk', chunk, value, Array(parts).fill(channels / parts)) as never
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
    if (channelsOf(x) % groups !== 0) throw indivisible(at, `${groups} groups`, groups, x)
    return at.emit(type, { groups }, x.shape)
  }
  return layer as never
}

const indivisible = (
  at: { readonly label: string; readonly path: string },
  parts: string,
  count: number,
  { shape }: AnySym,
): ShapeError =>
  new ShapeError(`${at.label}: ${parts} do not divide the ${shape[shape.length - 1]} channels of ${show(shape)}`, {
    layer: at.path,
    expected: `a multiple of ${count}`,
    actual: shape,
  })
