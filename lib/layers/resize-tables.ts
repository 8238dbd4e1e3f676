/** Where the elements of a resized axis come from, by PyTorch's rules, single precision included. */

import type { ResampleTable } from '../graph/graph.js'

export interface ResizedAxis {
  readonly input: number
  readonly output: number
  /** What was asked for, when it was a factor: the sizes' own ratio may differ from it. */
  readonly factor?: number | undefined
  readonly alignCorners: boolean
}

const { ceil, floor, fround, max, min } = Math

/** Input elements for each output element. */
const stepOf = ({ input, output, factor, alignCorners }: ResizedAxis): number => {
  if (alignCorners) return output > 1 ? fround((input - 1) / (output - 1)) : 0
  return factor === undefined ? fround(input / output) : fround(1 / factor)
}

const forEach = <T>(count: number, of: (i: number) => T): readonly T[] => Array.from({ length: count }, (_, i) => of(i))

/**
 * The element under each output element: at its start, or 'exact' under its centre.
 *
 * Of images, not of series or volumes, PyTorch takes a size that stays or doubles for a ratio of 1 or 2, whatever the factor was.
 */
export const nearestTable = (axis: ResizedAxis, exact: boolean, rank: number): readonly number[] => {
  const step = stepOf(axis)
  const bySize = rank === 2 && !exact
  return forEach(axis.output, (i) => {
    if (bySize && axis.output === axis.input) return i
    if (bySize && axis.output === 2 * axis.input) return i >> 1
    return min(floor(fround((exact ? i + 0.5 : i) * step)), axis.input - 1)
  })
}

/** Where the centre of output element `i` lies among the centres of the input's. */
const centre = ({ alignCorners }: ResizedAxis, step: number, i: number): number =>
  alignCorners ? fround(step * i) : fround(fround(step * (i + 0.5)) - 0.5)

/** Two neighbours by their distance. */
export const linearTable = (axis: ResizedAxis): ResampleTable => {
  const step = stepOf(axis)
  const cells = forEach(axis.output, (i) => {
    const place = axis.input === axis.output ? i : max(0, centre(axis, step, i))
    const first = min(floor(place), axis.input - 1)
    const weight = min(max(fround(place - first), 0), 1)
    return { indices: [first, min(first + 1, axis.input - 1)], weights: [fround(1 - weight), weight] }
  })
  return toTable(2, cells)
}

/** Keys' cubic kernel at a distance. */
const cubic = (distance: number, a: number): number => {
  const x = Math.abs(distance)
  if (x >= 2) return 0
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
}

/** Four neighbours by Keys' kernel with a = -0.75; the edge stands for what lies beyond it. */
export const cubicTable = (axis: ResizedAxis): ResampleTable => {
  const step = stepOf(axis)
  const cells = forEach(axis.output, (i) => {
    const place = centre(axis, step, i)
    const first = floor(place)
    const taps = [-1, 0, 1, 2]
    return {
      indices: taps.map((tap) => min(max(first + tap, 0), axis.input - 1)),
      weights: taps.map((tap) => cubic(place - first - tap, -0.75)),
    }
  })
  return toTable(4, cells)
}

const triangle = (distance: number): number => max(0, 1 - Math.abs(distance))

/** All elements under a kernel that grows with the step, as Pillow's; the cubic one has a = -0.5. An axis that keeps its size stays. */
export const antialiasedTable = (axis: ResizedAxis, kind: 'linear' | 'cubic'): ResampleTable => {
  if (axis.input === axis.output)
    return toTable(
      1,
      forEach(axis.output, (i) => ({ indices: [i], weights: [1] })),
    )
  const step = stepOf(axis)
  const stretch = max(step, 1)
  const support = (kind === 'linear' ? 1 : 2) * stretch
  const kernel = kind === 'linear' ? triangle : (distance: number) => cubic(distance, -0.5)
  const taps = ceil(support) * 2 + 1
  const cells = forEach(axis.output, (i) => {
    const middle = step * (i + 0.5)
    const first = max(Math.trunc(middle - support + 0.5), 0)
    const count = max(1, min(Math.trunc(middle + support + 0.5), axis.input) - first)
    const weights = forEach(count, (j) => kernel((j + first - middle + 0.5) / stretch))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return { indices: forEach(count, (j) => first + j), weights: weights.map((weight) => weight / (total || 1)) }
  })
  return toTable(taps, cells)
}

/** Cells with fewer taps repeat their last element with weight 0. */
const toTable = (
  most: number,
  cells: readonly { readonly indices: readonly number[]; readonly weights: readonly number[] }[],
): ResampleTable => {
  const taps = min(most, max(...cells.map(({ indices }) => indices.length)))
  return {
    taps,
    indices: cells.flatMap(({ indices }) => forEach(taps, (t) => indices[min(t, indices.length - 1)] as number)),
    weights: cells.flatMap(({ weights }) => forEach(taps, (t) => weights[t] ?? 0)),
  }
}
