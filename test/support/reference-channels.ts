/** Operators over the channels of each pixel, naively, in float64, with bounds as in reference-ops.ts. */

import { FUNCTION_ERROR, makeTensor, mapElements, type RefTensor } from './reference-ops.js'
import { gamma, TINY, UNIT } from './tolerance.js'

/** The channels from `start` on, `count` of them. */
export function slice(x: RefTensor, start: number, count: number): RefTensor {
  const [d, h, w, channels] = x.extents
  const y = makeTensor(x.batch, [d, h, w, count])
  y.data.forEach((_, i) => {
    const from = Math.floor(i / count) * channels + start + (i % count)
    y.data[i] = x.data[from] as number
    y.error[i] = x.error[from] as number
  })
  return y
}

/** The c-th channel of group g becomes channel c * groups + g. */
export function channelShuffle(x: RefTensor, groups: number): RefTensor {
  const channels = x.extents[3]
  const perGroup = channels / groups
  const y = makeTensor(x.batch, x.extents)
  x.data.forEach((value, i) => {
    const channel = i % channels
    const to = i - channel + (channel % perGroup) * groups + Math.floor(channel / perGroup)
    y.data[to] = value
    y.error[to] = x.error[i] as number
  })
  return y
}

/** A single slope is for all channels. */
export function prelu(x: RefTensor, slopes: ArrayLike<number>): RefTensor {
  const channels = x.extents[3]
  return mapElements(x, (value, error, i) => {
    const slope = slopes[slopes.length === 1 ? 0 : i % channels] as number
    const y = value > 0 ? value : slope * value
    return [y, Math.max(1, Math.abs(slope)) * error + UNIT * Math.abs(y) + TINY]
  })
}

export function logSoftmax(x: RefTensor): RefTensor {
  const channels = x.extents[3]
  const y = makeTensor(x.batch, x.extents)
  for (let base = 0; base < x.data.length; base += channels) {
    const logits = x.data.subarray(base, base + channels)
    const largest = logits.reduce((a, b) => (Number.isNaN(a) || a > b ? a : b), Number.NEGATIVE_INFINITY)
    const logarithm = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - largest), 0))
    const carried = 2 * Math.max(...x.error.subarray(base, base + channels))
    // The roundings of the exponents, weighted by their powers, are no more than the entropy, at most log(channels).
    const ofSum = UNIT * (Math.log(channels) + 1) + FUNCTION_ERROR + gamma(channels) + 2 * UNIT * logarithm
    logits.forEach((value, c) => {
      const distance = value - largest
      y.data[base + c] = distance - logarithm
      y.error[base + c] = carried + ofSum + 2 * UNIT * (Math.abs(distance) + logarithm) + TINY
    })
  }
  return y
}

/** (x - mean) / sqrt(variance + eps) * weight + bias over the channels of each pixel. */
export function layerNorm(
  x: RefTensor,
  eps: number,
  { weight, bias }: { readonly weight: ArrayLike<number>; readonly bias: ArrayLike<number> },
): RefTensor {
  const channels = x.extents[3]
  const y = makeTensor(x.batch, x.extents)
  const mean = (list: Float64Array) => list.reduce((a, b) => a + b, 0) / channels
  for (let base = 0; base < x.data.length; base += channels) {
    const values = x.data.subarray(base, base + channels)
    const errors = x.error.subarray(base, base + channels)
    const center = mean(values)
    const ofMean =
      mean(errors) + gamma(channels + 2) * mean(values.map((value, c) => Math.abs(value) + (errors[c] ?? 0)))
    const distances = values.map((value) => value - center)
    const ofDistances = distances.map(
      (distance, c) => ((errors[c] ?? 0) + ofMean) * (1 + UNIT) + UNIT * Math.abs(distance),
    )
    const variance = mean(distances.map((distance) => distance * distance))
    const ofVariance =
      mean(distances.map((distance, c) => (2 * Math.abs(distance) + (ofDistances[c] ?? 0)) * (ofDistances[c] ?? 0))) +
      gamma(channels + 4) * mean(distances.map((distance, c) => (Math.abs(distance) + (ofDistances[c] ?? 0)) ** 2))
    const inverse = 1 / Math.sqrt(variance + eps)
    const largest = 1 / Math.sqrt(Math.max(variance - ofVariance, 0) + eps)
    const smallest = 1 / Math.sqrt(variance + ofVariance + eps)
    const ofInverse = Math.max(largest - inverse, inverse - smallest) + 4 * UNIT * largest
    distances.forEach((distance, c) => {
      const [scale, shift] = [weight[c] as number, bias[c] as number]
      const normal = distance * inverse
      const ofNormal =
        Math.abs(distance) * ofInverse + (ofDistances[c] ?? 0) * (inverse + ofInverse) + 2 * UNIT * Math.abs(normal)
      y.data[base + c] = normal * scale + shift
      const rounding = 2 * UNIT * (Math.abs(normal * scale) + Math.abs(shift))
      y.error[base + c] = Math.abs(scale) * ofNormal * (1 + 2 * UNIT) + rounding + 2 * TINY
    })
  }
  return y
}
