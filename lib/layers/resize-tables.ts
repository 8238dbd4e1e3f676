/** Where the elements of a resized axis come from, by PyTorch's rules, single precision included. */

import type { ResampleTable } from '../graph/graph.js'
import type { Place } from '../shape.js'
import { checkTable, indexTable } from './tables.js'

export interface ResizedAxis {
  readonly input: number
  readonly output: number
  /** What was asked for, when it was a factor: the sizes' own ratio may differ from it. */
  readonly factor?: number | undefined
  readonly alignCorners: boolean
}

const { floor, fround, max, min } = Math

/** Input elements for each output element. */
const stepOf = ({ input, output, factor, alignCorners }: ResizedAxis): number => {
  if (alignCorners) return output > 1 ? fround((input - 1) / (output - 1)) : 0
  return factor === undefined ? fround(input / output) : fround(1 / factor)
}

/**
 * The element under each output element: at its start, or 'exact' under its centre. Throws ShapeError, as the others do.
 *
 * Of images, not of series or volumes, PyTorch takes a size that stays or doubles for a ratio of 1 or 2, whatever the factor was.
 */
export const nearestTable = (at: Place, axis: ResizedAxis, exact: boolean, rank: number): Int32Array => {
  const step = stepOf(axis)
  const bySize = rank === 2 && !exact
  return indexTable(at, axis.output, (i) => {
    if (bySize && axis.output === axis.input) return i
    if (bySize && axis.output === 2 * axis.input) return i >> 1
    return min(floor(fround((exact ? i + 0.5 : i) * step)), axis.input - 1)
  })
}

/** Where the centre of output element `i` lies among the centres of the input's. */
const centre = ({ alignCorners }: ResizedAxis, step: number, i: number): number =>
  alignCorners ? fround(step * i) : fround(fround(step * (i + 0.5)) - 0.5)

/** Two neighbours by their distance. */
export const linearTable = (at: Place, axis: ResizedAxis): ResampleTable => {
  const step = stepOf(axis)
  return resampleTable(at, axis, 2, (i) => {
    const place = axis.input === axis.output ? i : max(0, centre(axis, step, i))
    const first = min(floor(place), axis.input - 1)
    const weight = min(max(fround(place - first), 0), 1)
    return { first, weights: [fround(1 - weight), weight] }
  })
}

/** Keys' cubic kernel at a distance. */
const cubic = (distance: number, a: number): number => {
  const x = Math.abs(distance)
  if (x >= 2) return 0
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
}

/** Four neighbours by Keys' kernel with a = -0.75; the edge stands for what lies beyond it. */
export const cubicTable = (at: Place, axis: ResizedAxis): ResampleTable => {
  const step = stepOf(axis)
  return resampleTable(at, axis, 4, (i) => {
    const place = centre(axis, step, i)
    const first = floor(place) - 1
    return { first, weights: [0, 1, 2, 3].map((tap) => cubic(place - first - tap, -0.75)) }
  })
}

const triangle = (distance: number): number => max(0, 1 - Math.abs(distance))

/** All elements under a kernel that grows with the step, as Pillow's; the cubic one has a = -0.5. An axis that keeps its size stays. */
export const antialiasedTable = (at: Place, axis: ResizedAxis, kind: 'linear' | 'cubic'): ResampleTable => {
  if (axis.input === axis.output) return resampleTable(at, axis, 1, (i) => ({ first: i, weights: [1] }))
  const step = stepOf(axis)
  const stretch = max(step, 1)
  const support = (kind === 'linear' ? 1 : 2) * stretch
  const kernel = kind === 'linear' ? triangle : (distance: number) => cubic(distance, -0.5)
  const under = (i: number) => {
    const middle = step * (i + 0.5)
    const first = max(Math.trunc(middle - support + 0.5), 0)
    return { middle, first, count: max(1, min(Math.trunc(middle + support + 0.5), axis.input) - first) }
  }
  checkTable(at, axis.output, 1)
  let taps = 1
  for (let i = 0; i < axis.output; i++) taps = max(taps, under(i).count)
  return resampleTable(at, axis, taps, (i) => {
    const { middle, first, count } = under(i)
    const weights = Array.from({ length: count }, (_, j) => kernel((j + first - middle + 0.5) / stretch))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return { first, weights: weights.map((weight) => weight / (total || 1)) }
  })
}

/** Neighbouring elements from `first` on, some of which may lie beyond the edge. */
interface Cell {
  readonly first: number
  readonly weights: readonly number[]
}

/** Cells of at most `taps` elements; the edge stands for what lies beyond it, and missing taps have weight 0. */
const resampleTable = (
  at: Place,
  { input, output }: ResizedAxis,
  taps: number,
  of: (cell: number) => Cell,
): ResampleTable => {
  checkTable(at, output, taps)
  const indices = new Int32Array(output * taps)
  const weights = new Float32Array(output * taps)
  for (let cell = 0; cell < output; cell++) {
    const { first, weights: own } = of(cell)
    for (let tap = 0; tap < taps; tap++) {
      indices[cell * taps + tap] = min(max(first + min(tap, own.length - 1), 0), input - 1)
      weights[cell * taps + tap] = own[tap] ?? 0
    }
  }
  return { taps, indices, weights }
}
