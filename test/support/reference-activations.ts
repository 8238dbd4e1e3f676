/** The activations in float64, with bounds of how far the engine may be off (see native/simd/activations.inl.h). */

import type { Activation } from '../../lib/graph/activation.js'
import { mapElements, type RefTensor } from './reference-ops.js'
import { TINY, UNIT } from './tolerance.js'

/** Largest error of the engine's own arithmetic in units in the last place of the result. */
const OWN_ERROR: Readonly<Record<Activation['kind'], number>> = {
  relu: 0,
  clamp: 0,
  leakyRelu: 0.5,
  elu: 2,
  selu: 2.5,
  celu: 2.5,
  sigmoid: 2.5,
  hardSigmoid: 2,
  tanh: 1.5,
  silu: 3,
  hardSwish: 2.5,
  gelu: 6.5,
  geluTanh: 3,
  mish: 4,
  softplus: 3.5,
  softsign: 1.5,
  abs: 0,
  exp: 1.1,
  sqrt: 0.5,
  linear: 1,
}

/** A unit in the last place, relative to a number, at most. */
const ULP = 2 * UNIT

export function activate(x: RefTensor, activation: Activation): RefTensor {
  const slope = steepest(activation)
  return mapElements(x, (value, error) => {
    const y = activationAt(value, activation)
    const own = (OWN_ERROR[activation.kind] + growth(value, activation)) * ULP * Math.abs(y)
    const carried = isUnbounded(activation) ? farthest(value, error, activation) : slope * error
    return [y, carried + own + summandError(value, activation) + (1 + Math.abs(value)) * TINY]
  })
}

/** True for what has no steepest slope. */
function isUnbounded({ kind }: Activation): boolean {
  return kind === 'exp' || kind === 'sqrt'
}

/** How far a monotonic function goes when its input is off by `error`. */
function farthest(value: number, error: number, activation: Activation): number {
  if (error === 0) return 0
  const y = activationAt(value, activation)
  const below = activation.kind === 'sqrt' ? Math.max(0, value - error) : value - error
  return Math.max(activationAt(value + error, activation) - y, y - activationAt(below, activation))
}

/** The roundings of a sum are relative to its terms, which may cancel. */
function summandError(value: number, activation: Activation): number {
  return activation.kind === 'linear' ? ULP * (Math.abs(activation.scale * value) + Math.abs(activation.shift)) : 0
}

/** No activation changes by more than this times the change of its input. */
function steepest(activation: Activation): number {
  switch (activation.kind) {
    case 'leakyRelu':
      return Math.max(1, Math.abs(activation.negativeSlope))
    case 'elu':
      return Math.max(1, Math.abs(activation.alpha))
    case 'linear':
      return Math.abs(activation.scale)
    case 'selu':
      return 1.76
    case 'hardSwish':
      return 1.5
    case 'silu':
    case 'gelu':
    case 'geluTanh':
    case 'mish':
      return 1.13
    default:
      return 1
  }
}

/** Units in the last place that the rounding of an exponent adds. */
function growth(x: number, activation: Activation): number {
  if (x >= 0 || !Number.isFinite(x)) return 0
  if (activation.kind === 'geluTanh') return 3 * Math.abs(tanhArgument(x))
  return activation.kind === 'softplus' ? Math.abs(activation.beta * x) : 0
}

export function activationAt(x: number, activation: Activation): number {
  switch (activation.kind) {
    case 'relu':
      return Math.max(x, 0)
    case 'clamp':
      return Math.min(Math.max(x, activation.min), activation.max)
    case 'leakyRelu':
      return x < 0 ? x * activation.negativeSlope : x
    case 'elu':
      return x < 0 ? activation.alpha * Math.expm1(x) : x
    case 'selu':
      return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x)
    case 'celu':
      return x < 0 ? activation.alpha * Math.expm1(x / activation.alpha) : x
    case 'sigmoid':
      return logistic(x)
    case 'hardSigmoid':
      return Math.min(Math.max(x + 3, 0), 6) / 6
    case 'tanh':
      return Math.tanh(x)
    case 'silu':
      return x * logistic(x)
    case 'hardSwish':
      return (x * Math.min(Math.max(x + 3, 0), 6)) / 6
    case 'gelu':
      return x * normalCdf(x)
    case 'geluTanh':
      return x * logistic(tanhArgument(x))
    case 'mish':
      return x * Math.tanh(Math.log1p(Math.exp(x)))
    case 'softplus': {
      const u = activation.beta * x
      return (Math.max(0, u) + Math.log1p(Math.exp(-Math.abs(u)))) / activation.beta
    }
    case 'softsign':
      return x / (1 + Math.abs(x))
    case 'abs':
      return Math.abs(x)
    case 'exp':
      return Math.exp(x)
    case 'sqrt':
      return Math.sqrt(x)
    case 'linear':
      return Math.fround(activation.scale) * x + Math.fround(activation.shift)
  }
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** Twice the argument of the hyperbolic tangent in gelu's approximation. */
function tanhArgument(x: number): number {
  return 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)
}

/** By its Taylor series near 0 and by Laplace's continued fraction of the tail elsewhere. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return x
  const a = Math.abs(x)
  if (a > 40) return x < 0 ? 0 : 1
  const density = Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI)
  let tail = 0
  if (a < 3) {
    let [term, sum] = [a, a]
    for (let n = 3; n < 150; n += 2) {
      term *= (a * a) / n
      sum += term
    }
    tail = 0.5 - density * sum
  } else {
    let fraction = a
    for (let n = 200; n > 0; n--) fraction = a + n / fraction
    tail = density / fraction
  }
  return x < 0 ? tail : 1 - tail
}
