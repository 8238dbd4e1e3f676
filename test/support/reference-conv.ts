/** Relatives of the convolution, naively, in float64, with bounds as in reference-ops.ts. */

import {
  type ConvWeights,
  type Extents,
  forEachPixel,
  forEachTap,
  makeTensor,
  pixelAt,
  type RefTensor,
  type Triple,
  type Window,
} from './reference-ops.js'
import { gamma, TINY } from './tolerance.js'

/** PyTorch's: output o gets input i times tap k where o = i stride - padding + k dilation; weight (I, O / groups, taps). */
export function convTranspose(
  x: RefTensor,
  extents: Extents,
  window: Window & { readonly groups: number },
  { weight, bias, scale }: ConvWeights,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  const [groupIn, groupOut] = [x.extents[3] / window.groups, extents[3] / window.groups]
  const taps = window.kernel.reduce((a, b) => a * b, 1)
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let o = 0; o < extents[3]; o++) {
      const first = Math.floor(o / groupOut) * groupIn
      let [sum, magnitude, carried] = [0, 0, 0]
      forEachSource(window, at, (tap, position) => {
        const pixel = pixelAt(x, n, position)
        if (pixel < 0) return
        for (let c = first; c < first + groupIn; c++) {
          const w = weight[(c * groupOut + (o % groupOut)) * taps + tap] as number
          const value = x.data[pixel + c] as number
          sum += w * value
          magnitude += Math.abs(w * value)
          carried += Math.abs(w) * (x.error[pixel + c] as number)
        }
      })
      const [factor, shift] = [scale?.[o] ?? 1, bias?.[o] ?? 0]
      y.data[base + o] = sum * factor + shift
      const terms = Math.abs(factor) * magnitude + Math.abs(shift)
      y.error[base + o] = Math.abs(factor) * carried + gamma(taps * groupIn + 4) * terms + (taps * groupIn + 2) * TINY
    }
  })
  return y
}

/** Calls visit(tap, input position) for what a transposed convolution adds up in an output pixel. */
function forEachSource(window: Window, at: Triple, visit: (tap: number, position: Triple) => void): void {
  const { stride, dilation, padStart } = window
  forEachTap({ ...window, stride: [0, 0, 0], dilation: [1, 1, 1], padStart: [0, 0, 0] }, at, (tap, index) => {
    const scaled = index.map((k, axis) => {
      const i = axis as 0 | 1 | 2
      return at[i] + padStart[i] - k * dilation[i]
    })
    if (scaled.some((value, axis) => value % (stride[axis as 0 | 1 | 2] as number) !== 0)) return
    visit(tap, scaled.map((value, axis) => value / (stride[axis as 0 | 1 | 2] as number)) as unknown as Triple)
  })
}
