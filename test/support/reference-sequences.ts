/** Products of matrices and recurrent cells, naively, in float64, with bounds as in reference-ops.ts. */

import { type Extents, forEachPixel, makeTensor, pixelAt, type RefTensor, type Triple } from './reference-ops.js'
import { gamma, TINY, UNIT } from './tolerance.js'

/** The product of two bounds, where 0 stands for exactness even beside an infinite value. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b
}

/** Rows on axis w, columns in the channels; d and h are repeated where of size 1. */
export function matmul(a: RefTensor, b: RefTensor, extents: Extents, transposed: boolean): RefTensor {
  const y = makeTensor(a.batch, extents)
  const depth = a.extents[3]
  const row = (x: RefTensor, n: number, [d, h]: Triple, w: number) =>
    pixelAt(x, n, [Math.min(d, x.extents[0] - 1), Math.min(h, x.extents[1] - 1), w])
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    const left = row(a, n, at, at[2])
    for (let c = 0; c < extents[3]; c++) {
      let [sum, magnitude, carried] = [0, 0, 0]
      for (let k = 0; k < depth; k++) {
        const right = transposed ? row(b, n, at, c) + k : row(b, n, at, k) + c
        const [p, q] = [a.data[left + k] as number, b.data[right] as number]
        const [ep, eq] = [a.error[left + k] as number, b.error[right] as number]
        sum += p * q
        magnitude += Math.abs(p * q)
        carried += times(Math.abs(p), eq) + times(Math.abs(q), ep) + times(ep, eq)
      }
      y.data[base + c] = sum
      y.error[base + c] = carried * (1 + gamma(depth + 2)) + gamma(depth + 2) * magnitude + (depth + 2) * TINY
    }
  })
  return y
}

/** A value and how far a float32 engine may be off. */
interface Bound {
  readonly value: number
  readonly error: number
}

const exact = (value: number): Bound => ({ value, error: 0 })

const sum = (a: Bound, b: Bound): Bound => {
  const value = a.value + b.value
  return {
    value,
    error: Number.isFinite(value) ? a.error + b.error + UNIT * (Math.abs(a.value) + Math.abs(b.value)) : 0,
  }
}

const product = (a: Bound, b: Bound): Bound => {
  const carried = times(Math.abs(a.value), b.error) + times(Math.abs(b.value), a.error) + times(a.error, b.error)
  return { value: a.value * b.value, error: carried + UNIT * Math.abs(a.value * b.value) + TINY }
}

const sigmoid = ({ value, error }: Bound): Bound => {
  const exactly = 1 / (1 + Math.exp(-value))
  // What single precision cannot tell from 0 is 0, which matters beside an infinite state.
  const y = Math.fround(exactly) === 0 ? 0 : exactly
  return { value: y, error: Math.min(1, error / 4 + 5 * UNIT * y + TINY) }
}

const tanh = ({ value, error }: Bound): Bound => {
  const y = Math.tanh(value)
  return { value: y, error: Math.min(2, error + 3 * UNIT * Math.abs(y) + TINY) }
}

interface Weights {
  readonly weight: ArrayLike<number>
  readonly bias?: ArrayLike<number> | undefined
}

/** The gates that the hidden state gives. */
const hiddenGates = (hidden: readonly Bound[], count: number, { weight, bias }: Weights): readonly Bound[] =>
  Array.from({ length: count }, (_, gate) => {
    let [total, magnitude, carried] = [bias?.[gate] ?? 0, Math.abs(bias?.[gate] ?? 0), 0]
    hidden.forEach(({ value, error }, k) => {
      const w = weight[gate * hidden.length + k] as number
      total += w * value
      magnitude += Math.abs(w * value)
      carried += Math.abs(w) * error
    })
    return { value: total, error: carried + gamma(hidden.length + 3) * (magnitude + carried) + TINY * hidden.length }
  })

type State = { readonly hidden: readonly Bound[]; readonly cell: readonly Bound[] }

const lstmCell = (x: readonly Bound[], h: readonly Bound[], state: State): State => {
  const size = state.hidden.length
  const gate = (k: number, i: number) => sum(x[k * size + i] as Bound, h[k * size + i] as Bound)
  const cell = state.cell.map((previous, i) => {
    const kept = product(sigmoid(gate(1, i)), previous)
    return sum(kept, product(sigmoid(gate(0, i)), tanh(gate(2, i))))
  })
  return { cell, hidden: cell.map((c, i) => product(sigmoid(gate(3, i)), tanh(c))) }
}

const gruCell = (x: readonly Bound[], h: readonly Bound[], state: State): State => {
  const size = state.hidden.length
  const at = (list: readonly Bound[], k: number, i: number) => list[k * size + i] as Bound
  const gate = (k: number, i: number) => sum(at(x, k, i), at(h, k, i))
  const hidden = state.hidden.map((previous, i) => {
    const keep = sigmoid(gate(1, i))
    const proposed = tanh(sum(at(x, 2, i), product(sigmoid(gate(0, i)), at(h, 2, i))))
    const rest = sum(exact(1), { value: -keep.value, error: keep.error })
    return sum(product(rest, proposed), product(keep, previous))
  })
  return { hidden, cell: [] }
}

/** The states of every step; `operands` are the gates of the inputs and, perhaps, the states before the first step. */
export function recurrent(
  type: 'lstm' | 'gru',
  operands: readonly RefTensor[],
  extents: Extents,
  reverse: boolean,
  weights: Weights,
): RefTensor {
  const [gates, hidden0, cell0] = operands as [RefTensor, RefTensor?, RefTensor?]
  const y = makeTensor(gates.batch, extents)
  const [, , length, channels] = extents
  const size = type === 'lstm' ? channels / 2 : channels
  const count = gates.extents[3]
  const slice = (x: RefTensor, start: number, elements: number): readonly Bound[] =>
    Array.from({ length: elements }, (_, i) => ({
      value: x.data[start + i] as number,
      error: x.error[start + i] as number,
    }))
  const first = (x: RefTensor | undefined, n: number) => (x ? slice(x, n * size, size) : Array(size).fill(exact(0)))
  for (let n = 0; n < gates.batch; n++) {
    let state: State = { hidden: first(hidden0, n), cell: first(cell0, n) }
    for (let i = 0; i < length; i++) {
      const t = reverse ? length - 1 - i : i
      const x = slice(gates, (n * length + t) * count, count)
      const h = hiddenGates(state.hidden, count, weights)
      state = type === 'lstm' ? lstmCell(x, h, state) : gruCell(x, h, state)
      const units = type === 'lstm' ? [...state.hidden, ...state.cell] : state.hidden
      units.forEach(({ value, error }, unit) => {
        y.data[(n * length + t) * channels + unit] = value
        y.error[(n * length + t) * channels + unit] = error
      })
    }
  }
  return y
}
