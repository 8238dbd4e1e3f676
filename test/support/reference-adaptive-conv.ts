/** Convolutions whose taps or weights differ from pixel to pixel, naively, in float64, with bounds as in reference-ops.ts. */

import {
  type ConvWeights,
  type Extents,
  forEachPixel,
  forEachTap,
  makeTensor,
  pixelAt,
  type RefTensor,
  type Window,
} from './reference-ops.js'
import { gamma, TINY } from './tolerance.js'

type Read = readonly [value: number, magnitude: number, error: number]

/** torchvision's deform_conv2d. The offsets and the mask must be exact. */
export function deformConv(
  x: RefTensor,
  offsets: RefTensor,
  mask: RefTensor | undefined,
  extents: Extents,
  window: Window & { readonly groups: number; readonly offsetGroups: number },
  { weight, bias }: ConvWeights,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  const [, height, width, channels] = x.extents
  const [groupIn, groupOut] = [channels / window.groups, extents[3] / window.groups]
  const taps = window.kernel[1] * window.kernel[2]
  const range = channels / window.offsetGroups
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    const [offset, masked] = [pixelAt(offsets, n, at), mask ? pixelAt(mask, n, at) : 0]
    // What each tap of each input channel reads: value, sum of magnitudes and bound.
    const reads: Read[][] = []
    forEachTap(window, at, (tap, position) => {
      reads[tap] = Array.from({ length: channels }, (_, c) => {
        const index = Math.floor(c / range) * taps + tap
        const factor = mask ? (mask.data[masked + index] as number) : 1
        const row = position[1] + (offsets.data[offset + 2 * index] as number)
        const column = position[2] + (offsets.data[offset + 2 * index + 1] as number)
        if (!(row > -1 && row < height && column > -1 && column < width)) return [factor * 0, 0, 0]
        let [sum, magnitude, carried] = [0, 0, 0]
        for (const i of [0, 1]) {
          for (const j of [0, 1]) {
            const pixel = pixelAt(x, n, [0, Math.floor(row) + i, Math.floor(column) + j])
            if (pixel < 0) continue
            const [down, right] = [row - Math.floor(row), column - Math.floor(column)]
            const share = Math.fround((i ? down : 1 - down) * (j ? right : 1 - right) * factor)
            sum += share * (x.data[pixel + c] as number)
            magnitude += Math.abs(share * (x.data[pixel + c] as number))
            carried += Math.abs(share) * (x.error[pixel + c] as number)
          }
        }
        return [sum, magnitude, carried + 4 * TINY]
      })
    })
    for (let o = 0; o < extents[3]; o++) {
      const first = Math.floor(o / groupOut) * groupIn
      let [sum, magnitude, carried] = [0, 0, 0]
      for (let tap = 0; tap < taps; tap++) {
        for (let c = 0; c < groupIn; c++) {
          const w = weight[(o * groupIn + c) * taps + tap] as number
          const [value, size, error] = (reads[tap] as Read[])[first + c] as Read
          sum += w * value
          magnitude += Math.abs(w) * size
          carried += Math.abs(w) * error
        }
      }
      const shift = bias?.[o] ?? 0
      const count = taps * groupIn + 8
      y.data[base + o] = sum + shift
      y.error[base + o] = carried + gamma(count) * (magnitude + Math.abs(shift)) + count * TINY
    }
  })
  return y
}

/** Weight (H', W', O, C, taps), bias (H', W', O). */
export function locallyConnected(
  x: RefTensor,
  extents: Extents,
  window: Window,
  { weight, bias }: ConvWeights,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  const taps = window.kernel[1] * window.kernel[2]
  const [channels, count] = [x.extents[3], taps * x.extents[3]]
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let o = 0; o < extents[3]; o++) {
      const own = (at[1] * extents[2] + at[2]) * extents[3] + o
      const shift = bias?.[own] ?? 0
      let [sum, magnitude, carried] = [shift, Math.abs(shift), 0]
      forEachTap(window, at, (tap, position) => {
        const pixel = pixelAt(x, n, position)
        for (let c = 0; c < channels && pixel >= 0; c++) {
          const w = weight[(own * channels + c) * taps + tap] as number
          sum += w * (x.data[pixel + c] as number)
          magnitude += Math.abs(w * (x.data[pixel + c] as number))
          carried += Math.abs(w) * (x.error[pixel + c] as number)
        }
      })
      y.data[base + o] = sum
      y.error[base + o] = carried + gamma(count + 4) * magnitude + (count + 2) * TINY
    }
  })
  return y
}

/** Kernels [group][tap] along the channels of every output pixel; pixels outside are zeros. */
export function involution(
  x: RefTensor,
  kernels: RefTensor,
  extents: Extents,
  window: Window & { readonly groups: number },
): RefTensor {
  const y = makeTensor(x.batch, extents)
  const taps = window.kernel[1] * window.kernel[2]
  const groupChannels = extents[3] / window.groups
  forEachPixel(y, (n, at) => {
    const [base, own] = [pixelAt(y, n, at), pixelAt(kernels, n, at)]
    for (let c = 0; c < extents[3]; c++) {
      let [sum, magnitude, carried] = [0, 0, 0]
      forEachTap(window, at, (tap, position) => {
        const pixel = pixelAt(x, n, position)
        const [value, error] = pixel < 0 ? [0, 0] : [x.data[pixel + c] as number, x.error[pixel + c] as number]
        const index = own + Math.floor(c / groupChannels) * taps + tap
        const [w, off] = [kernels.data[index] as number, kernels.error[index] as number]
        sum += w * value
        magnitude += Math.abs(w * value)
        const mixed = (error === 0 ? 0 : (Math.abs(w) + off) * error) + (off === 0 ? 0 : Math.abs(value) * off)
        carried += mixed
      })
      y.data[base + c] = sum
      y.error[base + c] = carried + gamma(taps + 2) * magnitude + taps * TINY
    }
  })
  return y
}

export interface CorrelationWindow {
  readonly patch: number
  readonly patchDilation: number
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  readonly dilation: number
  readonly scale: number
}

export function correlation(a: RefTensor, b: RefTensor, extents: Extents, window: CorrelationWindow): RefTensor {
  const y = makeTensor(a.batch, extents)
  const { patch, patchDilation, kernel, stride, padding, dilation, scale } = window
  const half = Math.floor(patch / 2)
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let displacement = 0; displacement < patch * patch; displacement++) {
      const [down, right] = [Math.floor(displacement / patch) - half, (displacement % patch) - half]
      let [sum, magnitude, carried, count] = [0, 0, 0, 0]
      for (let tap = 0; tap < kernel * kernel; tap++) {
        const row = at[1] * stride - padding + Math.floor(tap / kernel) * dilation
        const column = at[2] * stride - padding + (tap % kernel) * dilation
        const p = pixelAt(a, n, [0, row, column])
        const q = pixelAt(b, n, [0, row + down * patchDilation, column + right * patchDilation])
        if (p < 0 || q < 0) continue
        for (let c = 0; c < a.extents[3]; c++) {
          const [left, other] = [a.data[p + c] as number, b.data[q + c] as number]
          sum += left * other
          magnitude += Math.abs(left * other)
          carried += Math.abs(left) * (b.error[q + c] as number) + Math.abs(other) * (a.error[p + c] as number)
          count++
        }
      }
      y.data[base + displacement] = scale * sum
      y.error[base + displacement] = scale * (carried + gamma(count + 8) * magnitude) + (count + 2) * TINY
    }
  })
  return y
}
