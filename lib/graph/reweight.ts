import type { Reweighting } from './graph.js'

/** The weights that a convolution uses, of those that it stores: less the center of their channel, times its scale. */
export interface WeightForms {
  /** Absent when all are 0. */
  readonly centers?: Float64Array
  readonly scales: Float64Array
}

/** What the stored weights of every output channel become; `gain` multiplies them. */
export function weightForms(
  reweighting: Reweighting,
  weight: Float32Array,
  [channels = 1]: readonly number[],
  gain: Float32Array | undefined,
): WeightForms {
  const size = weight.length / channels
  const centers = new Float64Array(channels)
  const scales = new Float64Array(channels)
  for (let channel = 0; channel < channels; channel++) {
    const { center, factor } = channelForm(reweighting, weight, channel * size, (channel + 1) * size)
    centers[channel] = center
    scales[channel] = factor * (gain?.[channel] ?? 1)
  }
  return reweighting.kind === 'weightNorm' ? { scales } : { centers, scales }
}

/** What is subtracted from the weights of a channel, and what they are multiplied with. */
function channelForm(
  reweighting: Reweighting,
  weight: Float32Array,
  start: number,
  end: number,
): { readonly center: number; readonly factor: number } {
  const isNorm = reweighting.kind === 'weightNorm'
  const center = isNorm ? 0 : sumOf(weight, start, end) / (end - start)
  const squares = squaresAround(weight, start, end, center)
  if (isNorm) return { center, factor: 1 / Math.sqrt(squares) }
  return { center, factor: reweighting.scale / Math.sqrt(squares / (end - start) + reweighting.eps) }
}

function sumOf(list: Float32Array, start: number, end: number): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += list[i] as number
  return sum
}

function squaresAround(list: Float32Array, start: number, end: number, center: number): number {
  let sum = 0
  for (let i = start; i < end; i++) {
    const distance = (list[i] as number) - center
    sum += distance * distance
  }
  return sum
}
