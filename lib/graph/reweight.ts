import type { Reweighting } from './graph.js'

/** The weights that a convolution uses, of those that it stores, channel by channel and in float64. */
export function reweighted(
  reweighting: Reweighting,
  weight: Float32Array,
  [channels = 1]: readonly number[],
  gain: Float32Array | undefined,
): Float32Array {
  const size = weight.length / channels
  const result = new Float32Array(weight.length)
  for (let channel = 0; channel < channels; channel++) {
    const [start, end] = [channel * size, (channel + 1) * size]
    const { center, factor } = channelForm(reweighting, weight, start, end)
    const scale = factor * (gain?.[channel] ?? 1)
    for (let i = start; i < end; i++) result[i] = ((weight[i] as number) - center) * scale
  }
  return result
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
