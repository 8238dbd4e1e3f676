/** Cases of the operators that move or resample elements. */

import fc from 'fast-check'
import {
  type AnySym,
  chunk,
  gridSample,
  type Layer,
  type PaddingMode,
  pad,
  permute,
  pixelShuffle,
  pixelUnshuffle,
  type ResizeMode,
  relu,
  reshape,
  resize,
  slice,
  split,
  unflatten,
} from '../../lib/index.js'
import { anyShape, type Cases, channels, image, int, net, size } from './sweep-shapes.js'

const layerOf = <const T>(layer: T) => layer as unknown as Layer

const rankShape = fc.oneof(image, fc.tuple(int(1, 20), channels), fc.tuple(int(1, 4), int(1, 4), int(1, 6), channels))

const permuteCases: Cases = rankShape.chain((shape) =>
  fc
    .shuffledSubarray(
      shape.map((_, axis) => axis),
      { minLength: shape.length, maxLength: shape.length },
    )
    .map((axes) => ({ inputs: { input: shape }, net: layerOf(permute(axes)), options: { axes } })),
)

const reshapeCases: Cases = fc
  .record({
    factors: fc.array(int(1, 6), { minLength: 2, maxLength: 6 }),
    from: fc.array(int(0, 6), { maxLength: 3 }),
    to: fc.array(int(0, 6), { maxLength: 3 }),
    order: fc.constantFrom('channels-first' as const, 'channels-last' as const),
  })
  .map(({ factors, from, to, order }) => {
    const grouped = (cuts: readonly number[]) => {
      const edges = [0, ...cuts.map((cut) => Math.min(cut, factors.length)).sort((a, b) => a - b), factors.length]
      return edges.slice(1).map((end, i) => factors.slice(edges[i], end).reduce((a, b) => a * b, 1))
    }
    const [shape, target] = [grouped(from), grouped(to).toReversed()]
    return { inputs: { input: shape }, net: layerOf(reshape(target, { order })), options: { target, order } }
  })

const unflattenCases: Cases = fc
  .record({ before: int(1, 9), a: int(1, 5), b: channels, after: int(1, 9), axis: fc.constantFrom(0, 1, 2) })
  .map(({ before, a, b, after, axis }) => {
    const shape = [before, after].toSpliced(axis, 0, a * b)
    return { inputs: { input: shape }, net: layerOf(unflatten(axis, [a, b])), options: { axis, a, b } }
  })

const pixelCases: Cases = fc
  .record({
    height: int(1, 6),
    width: int(1, 6),
    depth: fc.constantFrom(1, 2, 3, 5, 16, 17),
    factor: int(1, 4),
    isReverse: fc.boolean(),
  })
  .map(({ height, width, depth, factor, isReverse }) => ({
    inputs: { input: isReverse ? [height * factor, width * factor, depth] : [height, width, depth * factor * factor] },
    net: layerOf(isReverse ? pixelUnshuffle(factor) : pixelShuffle(factor)),
    options: { factor },
  }))

const padCases: Cases = fc
  .record({
    shape: rankShape,
    amounts: fc.array(fc.tuple(int(0, 4), int(0, 4)), { minLength: 4, maxLength: 4 }),
    mode: fc.constantFrom<PaddingMode>('constant', 'reflect', 'replicate', 'circular'),
    value: int(-2, 2),
  })
  .map(({ shape, amounts, mode, value }) => {
    const room = (size: number) => (mode === 'reflect' ? size - 1 : mode === 'circular' ? size : 4)
    const pairs = shape.map((size, axis) =>
      (amounts[axis] as [number, number]).map((cells) => Math.min(cells, room(size))),
    )
    const options = mode === 'constant' ? { mode, value } : { mode }
    const layer = pad(pairs as unknown as [number, number][], options)
    return { inputs: { input: shape }, net: layerOf(layer), options: { pairs, ...options } }
  })

const cutCases: Cases = fc
  .record({ shape: image, axis: int(-3, 2), start: fc.nat(), length: fc.nat(), step: int(1, 3), kind: int(0, 2) })
  .map(({ shape, axis, start: from, length, step, kind }) => {
    const size = shape.at(axis) as number
    const start = from % size
    const end = start + 1 + (length % (size - start))
    const cut = (x: AnySym): AnySym => {
      if (kind === 0) return slice(x, { start, end, axis, step }) as AnySym
      if (kind === 1) return relu((chunk(x, size, { axis }) as readonly AnySym[])[start] as AnySym)
      const parts = split(x, start === 0 ? [size] : [start, size - start], { axis }) as readonly AnySym[]
      return parts.at(-1) as AnySym
    }
    return { inputs: { input: shape }, net: cut, options: { axis, start, end, step, kind } }
  })

const spatialShape = fc.oneof(
  fc.tuple(int(1, 20), channels),
  image,
  fc.tuple(int(1, 4), int(1, 5), int(1, 6), fc.constantFrom(1, 3, 16, 17)),
)

const resizeCases: Cases = fc
  .record({
    shape: spatialShape,
    kind: int(0, 4),
    sizes: fc.tuple(int(1, 14), int(1, 14), int(1, 7)),
    factors: fc.tuple(int(3, 30), int(3, 30), int(5, 20)),
    isFactor: fc.boolean(),
    alignCorners: fc.boolean(),
    antialias: fc.boolean(),
  })
  .map(({ shape, kind, sizes, factors, isFactor, alignCorners, antialias }) => {
    const rank = shape.length - 1
    const linear = (['linear', 'bilinear', 'trilinear'] as const)[rank - 1] as ResizeMode
    const modes: readonly ResizeMode[] = ['nearest', 'nearest-exact', 'area', linear, rank === 2 ? 'bicubic' : linear]
    const mode = modes[kind] as ResizeMode
    const options = {
      mode,
      alignCorners: kind > 2 && alignCorners,
      antialias: (mode === 'bilinear' || mode === 'bicubic') && antialias,
      ...(isFactor
        ? { scaleFactor: shape.slice(0, rank).map((input, i) => Math.max((factors[i] as number) / 10, 1 / input)) }
        : { size: sizes.slice(0, rank) }),
    }
    return { inputs: { input: shape }, net: layerOf(resize(options)), options }
  })

const gridCases: Cases = fc
  .record({
    shape: fc.oneof(image, fc.tuple(int(1, 4), int(1, 5), int(1, 6), fc.constantFrom(1, 3, 16, 17))),
    place: fc.tuple(int(1, 3), size, size),
    mode: fc.constantFrom('bilinear' as const, 'nearest' as const, 'bicubic' as const),
    padding: fc.constantFrom('zeros' as const, 'border' as const, 'reflection' as const),
    alignCorners: fc.boolean(),
  })
  .map(({ shape, place, mode: chosen, padding, alignCorners }) => {
    const rank = shape.length - 1
    const mode = rank === 3 && chosen === 'bicubic' ? 'nearest' : chosen
    const options = { mode, padding, alignCorners }
    return {
      inputs: { x: shape, grid: [...place.slice(3 - rank), rank] },
      net: ({ x, grid }: Readonly<Record<'x' | 'grid', AnySym>>) => gridSample(x, grid, options),
      finite: mode === 'bicubic',
      options,
    }
  })

export const movingFamilies: Readonly<Record<string, Cases>> = {
  permute: permuteCases,
  reshape: reshapeCases,
  unflatten: unflattenCases,
  'pixelShuffle, pixelUnshuffle': pixelCases,
  pad: padCases,
  'pad of a flat value': net(
    anyShape.filter((shape) => shape.length === 1),
    fc.tuple(int(0, 20), int(0, 20)).map((pair) => layerOf(pad([pair]))),
  ),
  'slice, split and chunk of any axis': cutCases,
  resize: resizeCases,
  gridSample: gridCases,
}
