/** Activations that join channels or look along other axes than the channels. */

import { invalidOption } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import type { ChunkShape } from '../moved-shape-types.js'
import { positiveInteger } from '../shape.js'
import { sigmoid, softmax } from './activations.js'
import { maximum, multiply } from './arithmetic.js'
import { axisIndex } from './options.js'
import { permute, reshape } from './rearrange.js'
import { channelShuffle, chunk } from './slice.js'

/**
 * The first half of the channels times the sigmoid of the second: `[H, W, C]` -> `[H, W, C / 2]`.
 *
 * Throws ShapeError when the channels are odd. Dauphin et al., arXiv:1612.08083.
 *
 * ```ts
 * import { conv1d, glu, sequential } from 'im2col'
 *
 * const layer = sequential(conv1d(128, { kernel: 3, padding: 'same' }), glu)
 * ```
 */
export const glu = <X>(x: Sym<X>): Sym<ChunkShape<X, 2, -1>> => {
  const [value, gate] = chunk(x as unknown as AnySym, 2)
  return multiply(value, sigmoid(gate)) as never
}

/**
 * The largest of every `pieces` neighbouring channels: `[H, W, C]` -> `[H, W, C / pieces]`.
 *
 * Throws OptionError at once, ShapeError when `pieces` does not divide the channels. Goodfellow et al., arXiv:1302.4389.
 *
 * ```ts
 * import { conv2d, maxout, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(96, { kernel: 3 }), maxout(2))
 * ```
 */
export const maxout = <const Pieces extends number>(
  pieces: Pieces,
): (<X>(x: Sym<X>) => Sym<ChunkShape<X, Pieces, -1>>) => {
  const count = positiveInteger('pieces of maxout', pieces)
  const layer = (x: AnySym): AnySym => {
    const channels = x.shape[x.shape.length - 1] as number
    // Dealt out this way, the first of every range lie side by side, then the second, and so on.
    const dealt = channels % count === 0 ? channelShuffle(channels / count)(x) : x
    return (chunk(dealt, count) as readonly AnySym[]).reduce((best, part) => maximum(best, part) as unknown as AnySym)
  }
  return layer as never
}

/**
 * Softmax over other axes than the channels, over several of them together; the shape stays.
 *
 * Axes count as the shape is written, channels last; negative ones from the end: [0, 1] is the spatial softmax of an image. Throws
 * OptionError.
 *
 * ```ts
 * import { conv2d, sequential, softmaxOver } from 'im2col'
 *
 * const attention = sequential(conv2d(1, { kernel: 1 }), softmaxOver([0, 1]))
 * ```
 */
export const softmaxOver = (axes: readonly number[]): (<X>(x: Sym<X>) => Sym<X>) => {
  if (!Array.isArray(axes) || axes.length === 0) throw invalidOption('axes of softmaxOver', 'a list of axes', axes)
  const layer = (x: AnySym): AnySym => {
    const at = apply('softmaxOver', layer, [x])
    const chosen = new Set(axes.map((axis) => axisIndex(at, axis, x.shape)))
    const all = x.shape.map((_, axis) => axis)
    const order = [...all.filter((axis) => !chosen.has(axis)), ...all.filter((axis) => chosen.has(axis))]
    const moved = permute(order)(x) as unknown as AnySym
    const outer = moved.shape.slice(0, all.length - chosen.size)
    const flat = reshape([...outer, -1], { order: 'channels-last' })(moved) as unknown as AnySym
    const back = reshape(moved.shape, { order: 'channels-last' })(softmax(flat)) as unknown as AnySym
    return permute(all.map((axis) => order.indexOf(axis)))(back) as unknown as AnySym
  }
  return layer as never
}
