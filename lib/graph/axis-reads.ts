import type { ResampleTable, WindowAttributes } from './graph.js'

/** How an axis is read anew: by `count` elements, each `reach` more of its elements, `step` apart; the middle moves by `shift`. */
export interface AxisReads {
  readonly reach: number
  readonly step: number
  readonly shift: number
  readonly count: number
}

/** One element that reads all of `size`. */
export const allOf = (size: number): AxisReads => ({ reach: size - 1, step: size, shift: (size - 1) / 2, count: 1 })

const reachOf = ({ kernel, dilation }: WindowAttributes, axis: number): number =>
  (dilation[axis] as number) * ((kernel[axis] as number) - 1)

/** An output of a convolution or pool reads what lies under its window. */
export const overWindow = (window: WindowAttributes, axis: number, count: number): AxisReads => {
  const reach = reachOf(window, axis)
  return { reach, step: window.stride[axis] as number, shift: reach / 2 - (window.padStart[axis] as number), count }
}

/** An output of a transposed convolution reads the inputs that lie, stride apart, under its window. */
export const underWindow = (window: WindowAttributes, axis: number, count: number): AxisReads => {
  const reach = reachOf(window, axis)
  const stride = window.stride[axis] as number
  return {
    reach: Math.floor(reach / stride),
    step: 1 / stride,
    shift: ((window.padStart[axis] as number) - reach / 2) / stride,
    count,
  }
}

/** PyTorch's adaptive windows: element i sees floor(i n / m) up to ceil((i + 1) n / m). */
export const largestAdaptiveWindow = (input: number, output: number): number => {
  let largest = 0
  for (let i = 0; i < output; i++) {
    largest = Math.max(largest, Math.ceil(((i + 1) * input) / output) - Math.floor((i * input) / output))
  }
  return largest
}

/** `count` elements, evenly over `size` of them. */
export const resized = (size: number, count: number, reach: number): AxisReads => {
  const step = size / count
  return { reach, step, shift: (step - 1) / 2, count }
}

/** Padding reads where the axis would go on: it ends where element 0 is followed by element 1. */
export const gathered = (of: string, indices: Int32Array | null, size: number): AxisReads | undefined => {
  if (indices === null) return undefined
  const count = indices.length
  if (of === 'resize') return resized(size, count, 0)
  const [first = 0, second = first + 1] = indices
  if (of !== 'pad') return { reach: 0, step: Math.abs(second - first), shift: first, count }
  const end = indices.findIndex((index, i) => index === 0 && (size === 1 || indices[i + 1] === 1))
  return { reach: 0, step: 1, shift: -end, count }
}

/** Weighted sums, each as far as the widest. */
export const resampled = ({ taps, indices }: ResampleTable, size: number): AxisReads => {
  const count = indices.length / taps
  let reach = 0
  for (let i = 0; i < count; i++) {
    const read = indices.subarray(i * taps, (i + 1) * taps)
    const [least, most] = [read.reduce((a, b) => Math.min(a, b)), read.reduce((a, b) => Math.max(a, b))]
    reach = Math.max(reach, most - least)
  }
  return resized(size, count, reach)
}
