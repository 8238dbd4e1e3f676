/** Operators that move or resample elements, naively, in float64, with bounds as in reference-ops.ts. */

import type { OpAttributes } from '../../lib/graph/graph.js'
import { type Extents, makeTensor, type RefTensor } from './reference-ops.js'
import { gamma, TINY } from './tolerance.js'

type Position = readonly [d: number, h: number, w: number, c: number]

function elementAt({ extents: [d, h, w, c] }: RefTensor, n: number, [z, y, x, k]: Position): number {
  return (((n * d + z) * h + y) * w + x) * c + k
}

function forEachElement({ batch, extents }: RefTensor, visit: (n: number, at: Position, index: number) => void): void {
  const [d, h, w, c] = extents
  let index = 0
  for (let n = 0; n < batch; n++) {
    for (let z = 0; z < d; z++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          for (let k = 0; k < c; k++) visit(n, [z, y, x, k], index++)
        }
      }
    }
  }
}

export function rearrange(
  x: RefTensor,
  extents: Extents,
  { loops }: Pick<OpAttributes['rearrange'], 'loops'>,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  y.data.fill(Number.NaN)
  const walk = (n: number, depth: number, from: Position, to: Position): void => {
    const loop = loops[depth]
    if (!loop) {
      const [source, target] = [elementAt(x, n, from), elementAt(y, n, to)]
      y.data[target] = x.data[source] as number
      y.error[target] = x.error[source] as number
      return
    }
    const moved = (at: Position, axis: number, by: number) =>
      at.with(axis, (at[axis] as number) + by) as unknown as Position
    for (let i = 0; i < loop.size; i++) {
      walk(n, depth + 1, moved(from, loop.from.axis, i * loop.from.step), moved(to, loop.to.axis, i * loop.to.step))
    }
  }
  for (let n = 0; n < x.batch; n++) walk(n, 0, [0, 0, 0, 0], [0, 0, 0, 0])
  return y
}

/** `indices` for d, h, w, c. */
export function gather(
  x: RefTensor,
  extents: Extents,
  indices: readonly (Int32Array | null | undefined)[],
  value: number,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  forEachElement(y, (n, at, i) => {
    const from = at.map((place, axis) => indices[axis]?.[place] ?? place)
    const source = from.includes(-1) ? -1 : elementAt(x, n, from as unknown as Position)
    y.data[i] = source < 0 ? value : (x.data[source] as number)
    y.error[i] = source < 0 ? 0 : (x.error[source] as number)
  })
  return y
}

type Table = OpAttributes['resample']['tables'][number]

/** `tables` for d, h, w; an axis without taps stays. Weights are rounded to float32 before they are used. */
export function resample(x: RefTensor, extents: Extents, tables: readonly (Table | undefined)[]): RefTensor {
  const y = makeTensor(x.batch, extents)
  const tapsOf = (axis: number, place: number): readonly (readonly [number, number])[] => {
    const table = tables[axis]
    if (!table?.taps) return [[place, 1]]
    return Array.from({ length: table.taps }, (_, t) => {
      const i = place * table.taps + t
      return [table.indices[i] as number, Math.fround(table.weights[i] as number)] as const
    })
  }
  forEachElement(y, (n, [d, h, w, c], i) => {
    let [sum, magnitude, carried, count] = [0, 0, 0, 0]
    for (const [z, a] of tapsOf(0, d)) {
      for (const [row, b] of tapsOf(1, h)) {
        for (const [column, e] of tapsOf(2, w)) {
          const source = elementAt(x, n, [z, row, column, c])
          const [weight, element] = [a * b * e, x.data[source] as number]
          sum += weight * element
          magnitude += Math.abs(weight * element)
          carried += weight === 0 ? 0 : Math.abs(weight) * (x.error[source] as number)
          count++
        }
      }
    }
    y.data[i] = sum
    y.error[i] = carried * (1 + gamma(count + 6)) + gamma(count + 6) * magnitude + (count + 2) * TINY
  })
  return y
}

const { fround, floor, abs, min, max } = Math

type Sampling = OpAttributes['gridSample']

/** Where a coordinate lies among the pixels of an axis, in single precision as in the engine. */
function place({ alignCorners }: Sampling, coordinate: number, size: number): number {
  const shifted = fround(coordinate + 1)
  if (alignCorners) return fround((shifted / 2) * fround(size - 1))
  return fround(fround(fround(shifted * size) - 1) / 2)
}

function inside({ padding, alignCorners }: Sampling, at: number, size: number): number {
  if (padding === 'zeros') return at
  let mirrored = at
  if (padding === 'reflection') {
    const [low, span] = alignCorners ? [0, size - 1] : [-0.5, size]
    const distance = fround(abs(fround(at - low)))
    const extra = distance % span
    const turned = floor(fround(distance / span)) % 2 !== 0
    mirrored = span === 0 ? 0 : fround(turned ? fround(span - extra) + low : extra + low)
  }
  return Number.isNaN(mirrored) ? 0 : min(max(0, mirrored), size - 1)
}

const toEven = (x: number): number => {
  const down = floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}

function cubicWeight(distance: number): number {
  const x = abs(distance)
  return x <= 1 ? 1.25 * x ** 3 - 2.25 * x * x + 1 : -0.75 * x ** 3 + 3.75 * x * x - 6 * x + 3
}

function axisTaps(sampling: Sampling, coordinate: number, size: number): readonly (readonly [number, number])[] {
  const at = place(sampling, coordinate, size)
  const all = () => {
    if (sampling.mode === 'nearest') return [[toEven(inside(sampling, at, size)), 1]] as const
    if (sampling.mode === 'bilinear') {
      const x = inside(sampling, at, size)
      const first = floor(x)
      return [
        [first, fround(fround(first + 1) - x)],
        [first + 1, fround(x - first)],
      ] as const
    }
    const first = floor(at)
    const t = fround(at - first)
    return [-1, 0, 1, 2].map((i) => [inside(sampling, fround(first + i), size), cubicWeight(fround(t - i))] as const)
  }
  return all()
    .filter(([index]) => index >= 0 && index <= size - 1)
    .map(([index, weight]) => [Math.trunc(index), weight] as const)
}

export function gridSample(x: RefTensor, grid: RefTensor, extents: Extents, sampling: Sampling): RefTensor {
  const y = makeTensor(x.batch, extents)
  const [depth, height, width] = x.extents
  forEachElement(y, (n, [d, h, w, c], i) => {
    const coordinate = (k: number) => grid.data[elementAt(grid, n, [d, h, w, k])] as number
    const xs = axisTaps(sampling, coordinate(0), width)
    const ys = axisTaps(sampling, coordinate(1), height)
    const zs = grid.extents[3] === 3 ? axisTaps(sampling, coordinate(2), depth) : [[0, 1] as const]
    let [sum, magnitude, carried] = [0, 0, 0]
    for (const [z, a] of zs) {
      for (const [row, b] of ys) {
        for (const [column, e] of xs) {
          const source = elementAt(x, n, [z, row, column, c])
          const [weight, element] = [a * b * e, x.data[source] as number]
          sum += weight * element
          // A cubic weight is a difference of terms of up to 6.
          magnitude += (abs(weight) + (sampling.mode === 'bicubic' ? 4 : 0)) * abs(element)
          carried += abs(weight) * (x.error[source] as number)
        }
      }
    }
    y.data[i] = sum
    y.error[i] = carried * (1 + gamma(32)) + gamma(32) * magnitude + 32 * TINY
  })
  return y
}
