/** Poolings beside maximum and average, naively, in float64, with bounds as in reference-ops.ts. */

import {
  type Extents,
  forEachPixel,
  forEachTap,
  makeTensor,
  maximum,
  pixelAt,
  type RefTensor,
  type Triple,
  type Window,
} from './reference-ops.js'
import { gamma, TINY, UNIT } from './tolerance.js'

/** Of one channel in one window: the elements inside the image, their bounds and their places in the plane. */
interface Taps {
  readonly values: readonly number[]
  readonly errors: readonly number[]
  readonly places: readonly number[]
  /** Taps of the window that lie in the padded image. */
  readonly counted: number
}

type Reduce = (taps: Taps) => readonly [value: number, error: number]

function pool(x: RefTensor, extents: Extents, window: Window, padEnd: Triple, reduce: Reduce): RefTensor {
  const y = makeTensor(x.batch, extents)
  const [, height, width] = x.extents
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let c = 0; c < extents[3]; c++) {
      const [values, errors, places]: [number[], number[], number[]] = [[], [], []]
      let counted = 0
      forEachTap(window, at, (_, position) => {
        if (position.every((p, axis) => p < (x.extents[axis] as number) + (padEnd[axis] as number))) counted++
        const pixel = pixelAt(x, n, position)
        if (pixel < 0) return
        values.push(x.data[pixel + c] as number)
        errors.push(x.error[pixel + c] as number)
        places.push((position[0] * height + position[1]) * width + position[2])
      })
      const [value, error] = values.length === 0 ? [0, 0] : reduce({ values, errors, places, counted })
      y.data[base + c] = value
      y.error[base + c] = error
    }
  })
  return y
}

const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

/** (sum of x^p)^(1 / p), windows that are cut off scaled up. */
export function lpPool(x: RefTensor, extents: Extents, window: Window, padEnd: Triple, p: number): RefTensor {
  const size = window.kernel.reduce((a, b) => a * b, 1)
  const isPlain = p === 1 || p === 2
  return pool(x, extents, window, padEnd, ({ values, errors, counted }) => {
    const scale = size / counted
    const terms = values.map((value) => (p === 1 ? value : value ** p))
    const sum = total(terms) * scale
    const ofTerm = (value: number) => (isPlain ? UNIT : 2 * UNIT * (2 + 2 * Math.abs(p * Math.log(Math.abs(value)))))
    const slopes = values.map((value) => p * Math.abs(value) ** (p - 1))
    const carried = total(slopes.map((slope, i) => (slope === 0 ? 0 : slope * (errors[i] as number))))
    const rounding = total(terms.map((term, i) => (term === 0 ? 0 : Math.abs(term) * ofTerm(values[i] as number))))
    const magnitude = total(terms.map(Math.abs))
    const off = scale * (carried + rounding + gamma(values.length + 3) * magnitude + values.length * TINY)
    const root = (value: number) => (p === 1 ? value : Math.max(value, 0) ** (1 / p))
    const result = p === 1 ? sum : sum ** (1 / p)
    const spread = Math.max(root(sum + off) - root(sum), root(sum) - root(sum - off))
    const ofRoot = isPlain ? UNIT : 2 * UNIT * (4 + 2 * Math.abs(Math.log(sum || 1) / p))
    return [result, spread + Math.abs(result) * ofRoot + TINY]
  })
}

export function mixedPool(x: RefTensor, extents: Extents, window: Window, padEnd: Triple, share: number): RefTensor {
  return pool(x, extents, window, padEnd, ({ values, errors, counted }) => {
    const largest = values.reduce(maximum, Number.NEGATIVE_INFINITY)
    const mean = total(values) / counted
    const magnitude = Math.abs(share * largest) + Math.abs(1 - share) * (total(values.map(Math.abs)) / counted)
    const carried = (Math.abs(share) + Math.abs(1 - share)) * Math.max(...errors)
    const ofShare = UNIT * Math.abs(mean)
    return [
      share * largest + (1 - share) * mean,
      carried + ofShare + gamma(values.length + 6) * magnitude + TINY * values.length,
    ]
  })
}

/** For values that are not negative. */
export function stochasticPool(x: RefTensor, extents: Extents, window: Window): RefTensor {
  return pool(x, extents, window, [0, 0, 0], ({ values, errors }) => {
    const sum = total(values)
    if (sum === 0) return [0, 0]
    const mean = total(values.map((value) => value * (value / sum)))
    const carried = 3 * Math.max(...errors)
    return [mean, carried + gamma(2 * values.length + 4) * mean + values.length * TINY]
  })
}

/** Of equal elements the first; the last NaN. The input must be exact. */
export function maxPoolIndices(x: RefTensor, extents: Extents, window: Window): RefTensor {
  return pool(x, extents, window, [0, 0, 0], ({ values, places }) => {
    let best = 0
    values.forEach((value, i) => {
      if (value > (values[best] as number) || Number.isNaN(value)) best = i
    })
    return [places[best] as number, 0]
  })
}

export function maxUnpool(x: RefTensor, indices: RefTensor, extents: Extents): RefTensor {
  const y = makeTensor(x.batch, extents)
  const places = extents[0] * extents[1] * extents[2]
  const pixels = x.data.length / x.batch / extents[3]
  x.data.forEach((value, i) => {
    const place = Math.trunc(indices.data[i] as number)
    if (!((indices.data[i] as number) >= 0 && place < places)) return
    const n = Math.floor(i / extents[3] / pixels)
    const to = (n * places + place) * extents[3] + (i % extents[3])
    y.data[to] = value
    y.error[to] = x.error[i] as number
  })
  return y
}

export function blurPool(
  x: RefTensor,
  extents: Extents,
  { size, stride, padding }: { readonly size: number; readonly stride: number; readonly padding: number },
): RefTensor {
  const y = makeTensor(x.batch, extents)
  let row = [1]
  while (row.length < size) row = [...row, 0].map((value, i) => value + (row[i - 1] ?? 0))
  const filter = row.map((value) => value / 2 ** (size - 1))
  const reflect = (position: number, count: number) =>
    position < 0 ? -position : position < count ? position : 2 * (count - 1) - position
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const row = reflect(at[1] * stride - padding + i, x.extents[1])
        const column = reflect(at[2] * stride - padding + j, x.extents[2])
        const pixel = pixelAt(x, n, [0, row, column])
        const weight = (filter[i] as number) * (filter[j] as number)
        for (let c = 0; c < extents[3]; c++) {
          const value = weight * (x.data[pixel + c] as number)
          y.data[base + c] = (y.data[base + c] as number) + value
          const off = weight * (x.error[pixel + c] as number) + gamma(size * size + 2) * Math.abs(value) + TINY
          y.error[base + c] = (y.error[base + c] as number) + off
        }
      }
    }
  })
  return y
}
