/** Operators between values, reductions and normalisation over pixels, naively, in float64, with bounds as in reference-ops.ts. */

import type { BinaryOperator, Reduction } from '../../lib/graph/graph.js'
import {
  type Extents,
  forEachPixel,
  makeTensor,
  maximum,
  pixelAt,
  type RefTensor,
  type Triple,
} from './reference-ops.js'
import { gamma, TINY, UNIT } from './tolerance.js'

const { abs, max, sqrt } = Math

/** The product of two bounds, where 0 stands for exactness even beside an infinite value. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b
}

/** C's, which says 1 where JavaScript says NaN. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b
}

type Operand = readonly [value: number, error: number]

function apply(operator: BinaryOperator, [a, ea]: Operand, [b, eb]: Operand): Operand {
  switch (operator) {
    case 'add':
      return [a + b, ea + eb + UNIT * (abs(a) + abs(b))]
    case 'subtract':
      return [a - b, ea + eb + UNIT * (abs(a) + abs(b))]
    case 'multiply':
      return [a * b, times(abs(a), eb) + times(abs(b), ea) + times(ea, eb) + UNIT * abs(a * b) + TINY]
    case 'divide': {
      const y = a / b
      const carried = ea + eb === 0 ? 0 : (ea + times(abs(y), eb)) / max(0, abs(b) - eb)
      return [y, carried + UNIT * abs(y) + TINY]
    }
    case 'maximum':
      return [maximum(a, b), max(ea, eb)]
    case 'minimum':
      return [-maximum(-a, -b), max(ea, eb)]
    case 'pow': {
      // Inputs are exact wherever this is tested.
      const y = power(a, b)
      const exponent = y === 0 || y === 1 || !Number.isFinite(y) ? 0 : abs(b * Math.log(abs(a)))
      return [y, 2 * UNIT * (2 + 2 * exponent) * abs(y) + 4 * TINY]
    }
  }
}

/** Along axes where an operand has size 1 it is repeated. */
export function binary(operator: BinaryOperator, a: RefTensor, b: RefTensor, extents: Extents): RefTensor {
  const y = makeTensor(a.batch, extents)
  const operand = (x: RefTensor, n: number, at: Triple, c: number): Operand => {
    const place = at.map((i, axis) => Math.min(i, (x.extents[axis] as number) - 1)) as unknown as Triple
    const i = pixelAt(x, n, place) + Math.min(c, x.extents[3] - 1)
    return [x.data[i] as number, x.error[i] as number]
  }
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let c = 0; c < extents[3]; c++) {
      const [value, error] = apply(operator, operand(a, n, at, c), operand(b, n, at, c))
      y.data[base + c] = value
      y.error[base + c] = error
    }
  })
  return y
}

function reduction(operator: Reduction, values: readonly number[], errors: readonly number[]): Operand {
  const total = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0)
  const n = values.length
  switch (operator) {
    case 'sum':
    case 'mean':
    case 'l1': {
      const divisor = operator === 'mean' ? n : 1
      const magnitude = total(values.map(abs)) / divisor
      const y = total(operator === 'l1' ? values.map(abs) : values) / divisor
      return [y, total(errors) / divisor + gamma(n + 2) * magnitude + TINY]
    }
    case 'l2': {
      const square = total(values.map((value) => value * value))
      const carried = total(
        values.map((value, i) => times(2 * abs(value) + (errors[i] as number), errors[i] as number)),
      )
      const off = carried + gamma(n + 2) * square + n * TINY
      const y = sqrt(square)
      return [y, max(sqrt(square + off) - y, y - sqrt(max(square - off, 0))) + 2 * UNIT * y]
    }
    case 'prod': {
      const y = values.reduce((product, value) => product * value, 1)
      const outer = values.reduce((product, value, i) => product * (abs(value) + (errors[i] as number)), 1)
      return [y, outer - abs(y) + gamma(n) * outer + n * TINY]
    }
    case 'max':
      return [values.reduce(maximum, Number.NEGATIVE_INFINITY), max(...errors)]
    case 'min':
      return [-values.map((value) => -value).reduce(maximum, Number.NEGATIVE_INFINITY), max(...errors)]
  }
}

/** Over the axes on which `extents` is 1. */
export function reduce(operator: Reduction, x: RefTensor, extents: Extents): RefTensor {
  const y = makeTensor(x.batch, extents)
  const parts = Array.from(y.data, () => ({ values: [] as number[], errors: [] as number[] }))
  forEachPixel(x, (n, at) => {
    const base = pixelAt(x, n, at)
    const place = at.map((i, axis) => Math.min(i, (extents[axis] as number) - 1)) as unknown as Triple
    const target = pixelAt(y, n, place)
    for (let c = 0; c < x.extents[3]; c++) {
      const part = parts[target + Math.min(c, extents[3] - 1)]
      part?.values.push(x.data[base + c] as number)
      part?.errors.push(x.error[base + c] as number)
    }
  })
  parts.forEach(({ values, errors }, i) => {
    const [value, error] = reduction(operator, values, errors)
    y.data[i] = value
    y.error[i] = error
  })
  return y
}

interface GroupNorm {
  readonly groups: number
  readonly eps: number
  readonly weight?: ArrayLike<number> | undefined
  readonly bias?: ArrayLike<number> | undefined
}

/** Mean and variance over the pixels and the channels of a group; y = x * scale + shift, as the engine computes it. */
export function groupNorm(x: RefTensor, { groups, eps, weight, bias }: GroupNorm): RefTensor {
  const [d, h, w, channels] = x.extents
  const [pixels, perGroup] = [d * h * w, channels / groups]
  const y = makeTensor(x.batch, x.extents)
  for (let n = 0; n < x.batch; n++) {
    for (let group = 0; group < groups; group++) {
      const indices = Array.from({ length: pixels * perGroup }, (_, i) => {
        const [pixel, c] = [Math.floor(i / perGroup), i % perGroup]
        return (n * pixels + pixel) * channels + group * perGroup + c
      })
      normalise(x, y, indices, eps, (i) => [weight?.[i % channels] ?? 1, bias?.[i % channels] ?? 0])
    }
  }
  return y
}

function normalise(
  x: RefTensor,
  y: RefTensor,
  indices: readonly number[],
  eps: number,
  affineOf: (index: number) => readonly [scale: number, shift: number],
): void {
  const count = indices.length
  const mean = (of: (i: number) => number) => indices.reduce((sum, i) => sum + of(i), 0) / count
  const value = (i: number) => x.data[i] as number
  const error = (i: number) => x.error[i] as number
  const center = mean(value)
  const ofCenter = mean(error) + gamma(count + 4) * mean((i) => abs(value(i)))
  const distance = (i: number) => value(i) - center
  const ofDistance = (i: number) => (error(i) + ofCenter) * (1 + UNIT) + UNIT * abs(distance(i))
  const variance = mean((i) => distance(i) ** 2)
  const ofVariance =
    mean((i) => times(2 * abs(distance(i)) + ofDistance(i), ofDistance(i))) +
    gamma(count + 4) * mean((i) => (abs(distance(i)) + ofDistance(i)) ** 2)
  const inverse = 1 / sqrt(variance + eps)
  const largest = 1 / sqrt(max(variance - ofVariance, 0) + eps)
  const ofInverse = max(largest - inverse, inverse - 1 / sqrt(variance + ofVariance + eps)) + 4 * UNIT * largest
  for (const i of indices) {
    const [scale, shift] = affineOf(i)
    y.data[i] = distance(i) * inverse * scale + shift
    const carried = abs(distance(i)) * ofInverse + (error(i) + ofCenter) * (inverse + ofInverse)
    const rounding = 6 * UNIT * ((abs(value(i)) + abs(center) + ofCenter) * abs(scale) * largest + abs(shift))
    y.error[i] = abs(scale) * carried * (1 + 4 * UNIT) + rounding + 4 * TINY
  }
}
