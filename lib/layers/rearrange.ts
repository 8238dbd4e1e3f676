/** Layers that move elements to other places without computing anything. */

import { invalidOption, ShapeError, show } from '../errors.js'
import type { RearrangeLoop } from '../graph/graph.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import type {
  PermuteShape,
  PixelShuffleShape,
  PixelUnshuffleShape,
  ReshapeShape,
  UnflattenShape,
} from '../moved-shape-types.js'
import { elementCount, positiveInteger } from '../shape.js'
import { axisIndex, knownOptions } from './options.js'

/** In which order a reshape reads and writes elements: PyTorch's own, or that of the shapes as they are written. */
export type ElementOrder = 'channels-first' | 'channels-last'

/** A value has at most this many axes. */
const maxRank = 4

/**
 * The axes in another order: axis i of the result is axis `axes[i]` of the input, `[H, W, C]` with axes [2, 0, 1] -> `[C, H, W]`.
 *
 * Axes count as the shape is written, channels last, without the batch. Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { model, permute } from 'im2col'
 *
 * const net = model({ input: [49, 8, 32] }, permute([1, 0, 2]))
 * net.outputs.output // [8, 49, 32]
 * ```
 */
export const permute = <const Axes extends readonly number[]>(
  axes: Axes,
): (<X>(x: Sym<X>) => Sym<PermuteShape<X, Axes>>) => {
  const isPermutation = Array.isArray(axes) && axes.toSorted((a, b) => a - b).every((axis, i) => axis === i)
  if (!isPermutation || axes.length === 0) throw invalidOption('axes of permute', 'a permutation of 0, 1, ...', axes)
  const layer = (x: AnySym) => {
    const at = apply('permute', layer, [x])
    if (x.shape.length !== axes.length) {
      throw new ShapeError(`${at.label} takes a value of ${axes.length} axes but received ${show(x.shape)}`, {
        layer: at.path,
        expected: axes.length,
        actual: x.shape,
      })
    }
    const loops = axes.map((from, to) => loop(x.shape[from] as number, [from, 1], [to, 1]))
    return emitRearrange(
      at,
      'permute',
      loops,
      x.shape,
      loops.map(({ size }) => size),
    )
  }
  return layer as never
}

type Place = readonly [axis: number, step: number]

/** A loop in the axes of the values; {@link emitRearrange} aligns them at the channels. */
export const loop = (size: number, [fromAxis, fromStep]: Place, [toAxis, toStep]: Place): RearrangeLoop => ({
  size,
  from: { axis: fromAxis, step: fromStep },
  to: { axis: toAxis, step: toStep },
})

/** Appends a rearrangement from one shape to another. */
export const emitRearrange = (
  at: Application,
  of: string,
  loops: readonly RearrangeLoop[],
  from: readonly number[],
  to: readonly number[],
): AnySym => {
  const aligned = loops.map(({ size, from: source, to: target }) => ({
    size,
    from: { ...source, axis: source.axis + maxRank - from.length },
    to: { ...target, axis: target.axis + maxRank - to.length },
  }))
  return at.emit('rearrange', { of, loops: aligned }, to)
}

/** The axes of a value of `rank` axes from the slowest to the fastest of an order. */
const inOrder = (rank: number, order: ElementOrder): readonly number[] => {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  return order === 'channels-last' ? axes : [rank - 1, ...axes.slice(0, -1)]
}

interface Run {
  readonly axis: number
  /** Elements between neighbours along the axis, and behind all of them. */
  readonly stride: number
  readonly end: number
}

const runsOf = (shape: readonly number[], order: ElementOrder): readonly Run[] => {
  let stride = 1
  return inOrder(shape.length, order)
    .toReversed()
    .map((axis) => {
      const run = { axis, stride, end: stride * (shape[axis] as number) }
      stride = run.end
      return run
    })
}

/** Loops whose turns stay on one axis of either shape; undefined where the sizes have no such common parts. */
const commonLoops = (
  from: readonly number[],
  to: readonly number[],
  order: ElementOrder,
): readonly RearrangeLoop[] | undefined => {
  const [sources, targets] = [runsOf(from, order), runsOf(to, order)]
  const ends = [...new Set([1, ...[...sources, ...targets].map(({ end }) => end)])].sort((a, b) => a - b)
  const place = (runs: readonly Run[], start: number, end: number): Place | undefined => {
    const run = runs.find((candidate) => candidate.stride <= start && end <= candidate.end)
    return run && start % run.stride === 0 ? [run.axis, start / run.stride] : undefined
  }
  const loops: RearrangeLoop[] = []
  for (let i = 1; i < ends.length; i++) {
    const [start, end] = [ends[i - 1] as number, ends[i] as number]
    const [source, target] = [place(sources, start, end), place(targets, start, end)]
    if (end % start !== 0 || !source || !target) return undefined
    loops.unshift(loop(end / start, source, target))
  }
  return loops
}

/** The same elements in another shape; through a flat value where the sizes have nothing in common. */
const reshaped = (type: string, layer: object, x: AnySym, to: readonly number[], order: ElementOrder): AnySym => {
  const loops = commonLoops(x.shape, to, order)
  if (loops) return emitRearrange(apply(type, layer, [x]), type, loops, x.shape, to)
  return reshaped(type, layer, reshaped(type, layer, x, [elementCount(x.shape)], order), to, order)
}

/**
 * The same elements in another shape, as PyTorch's `view`: `[7, 7, 64]` to `[49, 64]`. One size may be -1 and follows from the others.
 *
 * Elements keep PyTorch's order, as in `flatten`: `[H, W, C]` stands for C, H, W. With `order: 'channels-last'` they keep the order
 * of the shapes as they are written, which cuts the channels of a pixel into parts. Throws OptionError at once, ShapeError
 * when applied to another number of elements.
 *
 * ```ts
 * import { dense, model, reshape, sequential } from 'im2col'
 *
 * const net = model({ input: [100] }, sequential(dense(7 * 7 * 64), reshape([7, 7, 64])))
 * net.outputs.output // [7, 7, 64]
 * ```
 */
export const reshape = <const Shape extends readonly number[]>(
  shape: Shape,
  options: { readonly order?: ElementOrder } = {},
): (<X>(x: Sym<X>) => Sym<ReshapeShape<X, Shape>>) => {
  knownOptions('reshape', options, ['order'])
  const order = elementOrder(options.order)
  if (!Array.isArray(shape) || shape.length === 0 || shape.length > maxRank) {
    throw invalidOption('shape of reshape', `a list of 1 to ${maxRank} sizes`, shape)
  }
  for (const size of shape) if (size !== -1) positiveInteger('size of reshape', size)
  if (shape.filter((size) => size === -1).length > 1) throw invalidOption('shape of reshape', 'at most one -1', shape)
  const layer = (x: AnySym) => reshaped('reshape', layer, x, inferred(apply('reshape', layer, [x]), x, shape), order)
  return layer as never
}

const elementOrder = (order: unknown = 'channels-first'): ElementOrder => {
  if (order !== 'channels-first' && order !== 'channels-last') {
    throw invalidOption('order of reshape', "'channels-first' or 'channels-last'", order)
  }
  return order
}

/** `shape` with its -1 replaced. */
const inferred = (at: Application, { shape: from }: AnySym, shape: readonly number[]): readonly number[] => {
  const count = elementCount(from)
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
  const to = shape.map((size) => (size === -1 ? count / known : size))
  if (count % known !== 0 || elementCount(to) !== count) {
    throw new ShapeError(`${at.label} to ${show(shape)} does not fit the ${count} elements of ${show(from)}`, {
      layer: at.path,
      expected: shape,
      actual: from,
    })
  }
  return to
}

/**
 * One axis cut into several: `[L, 8 * 32]` with axis 1 and sizes [8, 32] -> `[L, 8, 32]`.
 *
 * Axes count as the shape is written, channels last; negative ones from the end. Throws OptionError at once, ShapeError when
 * the sizes do not multiply to that of the axis.
 *
 * ```ts
 * import { model, unflatten } from 'im2col'
 *
 * const net = model({ input: [49, 256] }, unflatten(-1, [8, 32]))
 * net.outputs.output // [49, 8, 32]
 * ```
 */
export const unflatten = <const Axis extends number, const Sizes extends readonly number[]>(
  axis: Axis,
  sizes: Sizes,
): (<X>(x: Sym<X>) => Sym<UnflattenShape<X, Axis, Sizes>>) => {
  if (!Array.isArray(sizes) || sizes.length === 0) throw invalidOption('sizes of unflatten', 'a list of sizes', sizes)
  for (const size of sizes) positiveInteger('size of unflatten', size)
  const product = sizes.reduce((total, size) => total * size, 1)
  const layer = (x: AnySym) => {
    const at = apply('unflatten', layer, [x])
    const index = axisIndex(at, axis, x.shape)
    if (x.shape[index] !== product || x.shape.length + sizes.length - 1 > maxRank) {
      throw new ShapeError(`${at.label} of axis ${axis} into ${show(sizes)} does not fit ${show(x.shape)}`, {
        layer: at.path,
        expected: product,
        actual: x.shape,
      })
    }
    return reshaped('unflatten', layer, x, x.shape.toSpliced(index, 1, ...sizes), 'channels-last')
  }
  return layer as never
}

/** Throws unless `x` is an image. */
const imageShape = (at: Application, { shape }: AnySym): readonly [number, number, number] => {
  if (shape.length !== 3) {
    throw new ShapeError(`${at.label} takes [height, width, channels] but received ${show(shape)}`, {
      layer: at.path,
      expected: '[height, width, channels]',
      actual: shape,
    })
  }
  return shape as unknown as readonly [number, number, number]
}

/**
 * Spreads the channels of every pixel over `factor` x `factor` pixels: `[H, W, C factor^2]` -> `[H factor, W factor, C]`.
 *
 * Throws OptionError at once, ShapeError when the channels do not divide. Shi et al., ESPCN, arXiv:1609.05158.
 *
 * ```ts
 * import { conv2d, model, pixelShuffle, sequential } from 'im2col'
 *
 * const net = model({ input: [32, 32, 64] }, sequential(conv2d(27, { kernel: 3, padding: 1 }), pixelShuffle(3)))
 * net.outputs.output // [96, 96, 3]
 * ```
 */
export const pixelShuffle = <const Factor extends number>(
  factor: Factor,
): (<X>(x: Sym<X>) => Sym<PixelShuffleShape<X, Factor>>) => {
  const r = positiveInteger('factor of pixelShuffle', factor) as number
  const layer = (x: AnySym) => {
    const at = apply('pixelShuffle', layer, [x])
    const [height, width, channels] = imageShape(at, x)
    if (channels % (r * r) !== 0) throw indivisible(at, x, `${r * r} does not divide the channels`)
    const out = channels / (r * r)
    const loops = [
      loop(height, [0, 1], [0, r]),
      loop(r, [2, r], [0, 1]),
      loop(width, [1, 1], [1, r]),
      loop(r, [2, 1], [1, 1]),
      loop(out, [2, r * r], [2, 1]),
    ]
    return emitRearrange(at, 'pixelShuffle', loops, x.shape, [height * r, width * r, out])
  }
  return layer as never
}

/**
 * Gathers every `factor` x `factor` pixels into the channels of one: `[H factor, W factor, C]` -> `[H, W, C factor^2]`, the
 * reverse of `pixelShuffle`.
 *
 * Throws OptionError at once, ShapeError when the sizes do not divide.
 *
 * ```ts
 * import { model, pixelUnshuffle } from 'im2col'
 *
 * const net = model({ input: [64, 64, 3] }, pixelUnshuffle(2))
 * net.outputs.output // [32, 32, 12]
 * ```
 */
export const pixelUnshuffle = <const Factor extends number>(
  factor: Factor,
): (<X>(x: Sym<X>) => Sym<PixelUnshuffleShape<X, Factor>>) => {
  const r = positiveInteger('factor of pixelUnshuffle', factor) as number
  const layer = (x: AnySym) => {
    const at = apply('pixelUnshuffle', layer, [x])
    const [height, width, channels] = imageShape(at, x)
    if (height % r !== 0 || width % r !== 0) throw indivisible(at, x, `${r} does not divide height and width`)
    const loops = [
      loop(height / r, [0, r], [0, 1]),
      loop(r, [0, 1], [2, r]),
      loop(width / r, [1, r], [1, 1]),
      loop(r, [1, 1], [2, 1]),
      loop(channels, [2, 1], [2, r * r]),
    ]
    return emitRearrange(at, 'pixelUnshuffle', loops, x.shape, [height / r, width / r, channels * r * r])
  }
  return layer as never
}

const indivisible = (at: Application, { shape }: AnySym, reason: string): ShapeError =>
  new ShapeError(`${at.label}: ${reason} of ${show(shape)}`, { layer: at.path, actual: shape })
