/** Pictures of one handwritten digit, brought into the form of MNIST's own. */

import type { Pixels } from './pixels.js'

/** Side of the picture, and of the square that the ink fills, in pixels. */
const SIDE = 28
const INK_SIDE = 20
/** Ink fainter than this share of the darkest is grain of the paper. */
const GRAIN = 0.25
/** Share of the pixels that may be darker or brighter than ink and ground. */
const OUTLIERS = 0.001
/** A picture whose grey values span less than this holds no ink. */
const LEAST_CONTRAST = 24

/**
 * Prepares a picture of one handwritten digit as MNIST's authors prepared theirs: bright ink on black, the ink's bounding
 * box fitted into 20 x 20 pixels, its centre of mass in the middle of 28 x 28.
 *
 * Height x width x channels bytes in, 28 x 28 grey bytes out. The ground is what the border shows, so that dark ink on
 * paper and chalk on slate both work; a picture without ink comes out black. See LeCun et al., "Gradient-based learning
 * applied to document recognition" (1998), section III A.
 *
 * ```ts
 * const { data } = prepareDigit(await decodeImage('seven.png')) // 784 bytes
 * ```
 */
export const prepareDigit = (picture: Pixels): Pixels => {
  const out = new Uint8Array(SIDE * SIDE)
  const { width, height } = picture
  const ink = inkOf(greyOf(picture), width, height)
  const box = ink && boundsOf(ink, width, height)
  if (ink && box) {
    const scale = Math.max(box.right - box.left, box.bottom - box.top) / INK_SIDE
    const across = tapsOf(box.massX, width, scale)
    const down = tapsOf(box.massY, height, scale)
    const field = resample(ink, width, height, across, down)
    const peak = field.reduce((most, value) => Math.max(most, value), 0)
    for (let i = 0; i < field.length; i++) out[i] = Math.round((255 * (field[i] as number)) / peak)
  }
  return { data: out, width: SIDE, height: SIDE, channels: 1 }
}

/** Luma (ITU-R BT.601), over white where the picture is transparent. */
const greyOf = ({ data, width, height, channels }: Pixels): Uint8Array => {
  const grey = new Uint8Array(width * height)
  const coloured = channels >= 3
  for (let i = 0; i < grey.length; i++) {
    const at = i * channels
    const first = data[at] as number
    const luma = coloured ? 0.299 * first + 0.587 * (data[at + 1] as number) + 0.114 * (data[at + 2] as number) : first
    const alpha = channels % 2 === 0 ? (data[at + channels - 1] as number) / 255 : 1
    grey[i] = Math.round(luma * alpha + 255 * (1 - alpha))
  }
  return grey
}

/** How much each pixel differs from the ground towards the ink, 0 to 1; undefined without contrast. */
const inkOf = (grey: Uint8Array, width: number, height: number): Float32Array | undefined => {
  const low = quantile(grey, OUTLIERS)
  const high = quantile(grey, 1 - OUTLIERS)
  if (high - low < LEAST_CONTRAST) return undefined
  const ground = quantile(borderOf(grey, width, height), 0.5)
  const span = ground - low > high - ground ? low - ground : high - ground
  return Float32Array.from(grey, (value) => {
    const share = (value - ground) / span
    return share < GRAIN ? 0 : Math.min((share - GRAIN) / (1 - GRAIN), 1)
  })
}

/** The least value that at least this share of the values does not exceed. */
const quantile = (values: Uint8Array, share: number): number => {
  const counts = new Uint32Array(256)
  for (const value of values) counts[value] = (counts[value] as number) + 1
  let below = 0
  return counts.findIndex((count) => {
    below += count
    return below >= share * values.length
  })
}

const borderOf = (grey: Uint8Array, width: number, height: number): Uint8Array => {
  const columns = Array.from({ length: height }, (_, y) => [grey[y * width], grey[(y + 1) * width - 1]] as number[])
  return Uint8Array.from([...grey.subarray(0, width), ...grey.subarray(-width), ...columns.flat()])
}

interface InkBounds {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly massX: number
  readonly massY: number
}

/** Edges of the ink's bounding box and its centre of mass, in pixels from the picture's corner. */
const boundsOf = (ink: Float32Array, width: number, height: number): InkBounds | undefined => {
  let [left, right, top, bottom, mass, massX, massY] = [width, 0, height, 0, 0, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = ink[y * width + x] as number
      if (value === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y + 1)
      mass += value
      massX += value * (x + 0.5)
      massY += value * (y + 0.5)
    }
  }
  return mass === 0 ? undefined : { left, right, top, bottom, massX: massX / mass, massY: massY / mass }
}

/** What one pixel of the result gathers along an axis: weights of the pixels from `first` on. */
interface Tap {
  readonly first: number
  readonly weights: readonly number[]
}

/** Taps of a triangle filter that puts `centre` in the middle of SIDE pixels, `scale` source pixels per pixel. */
const tapsOf = (centre: number, size: number, scale: number): Tap[] => {
  const reach = Math.max(scale, 1)
  return Array.from({ length: SIDE }, (_, i) => {
    const at = centre + (i + 0.5 - SIDE / 2) * scale - 0.5
    const first = Math.max(0, Math.ceil(at - reach))
    const last = Math.min(size - 1, Math.floor(at + reach))
    const count = Math.max(0, last - first + 1)
    return { first, weights: Array.from({ length: count }, (_, k) => 1 - Math.abs(first + k - at) / reach) }
  })
}

/** SIDE x SIDE sums of the ink under each pixel's taps. */
const resample = (ink: Float32Array, width: number, height: number, across: Tap[], down: Tap[]): Float32Array => {
  const rows = new Float32Array(height * SIDE)
  for (let y = 0; y < height; y++) {
    for (const [j, { first, weights }] of across.entries()) {
      rows[y * SIDE + j] = weights.reduce((sum, weight, k) => sum + weight * (ink[y * width + first + k] as number), 0)
    }
  }
  const field = new Float32Array(SIDE * SIDE)
  for (const [i, { first, weights }] of down.entries()) {
    for (let j = 0; j < SIDE; j++) {
      field[i * SIDE + j] = weights.reduce(
        (sum, weight, k) => sum + weight * (rows[(first + k) * SIDE + j] as number),
        0,
      )
    }
  }
  return field
}
