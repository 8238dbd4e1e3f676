/**
 * Every operator, naively, in float64, over tensors in N, D, H, W, C order. Beside each element goes a bound of how far
 * a float32 engine may be off, whatever the order in which it sums (Higham, Accuracy and Stability, chapter 3).
 */

import { gamma, TINY, UNIT } from './tolerance.js'

export type Extents = readonly [number, number, number, number]
export type Triple = readonly [number, number, number]

/** `error` bounds the distance of a float32 computation from `data`, element by element. */
export interface RefTensor {
  readonly batch: number
  /** d, h, w, c */
  readonly extents: Extents
  readonly data: Float64Array
  readonly error: Float64Array
}

export interface Window {
  readonly kernel: Triple
  readonly stride: Triple
  readonly dilation: Triple
  readonly padStart: Triple
}

/** The exponential is off by at most 4 units in the last place. */
export const FUNCTION_ERROR = 8 * UNIT

export function makeTensor(batch: number, extents: Extents, values?: ArrayLike<number>): RefTensor {
  const size = batch * extents.reduce((a, b) => a * b, 1)
  const data = values ? Float64Array.from(values) : new Float64Array(size)
  if (data.length !== size) throw new Error(`expected ${size} values but received ${data.length}`)
  return { batch, extents, data, error: new Float64Array(size) }
}

/** Calls visit(n, d, h, w) for every pixel. */
export function forEachPixel({ batch, extents: [d, h, w] }: RefTensor, visit: (n: number, at: Triple) => void): void {
  for (let n = 0; n < batch; n++) {
    for (let z = 0; z < d; z++) {
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) visit(n, [z, y, x])
      }
    }
  }
}

/** Position of channel 0 of a pixel, or -1 outside the image. */
export function pixelAt({ extents: [d, h, w, c] }: RefTensor, n: number, [z, y, x]: Triple): number {
  if (z < 0 || y < 0 || x < 0 || z >= d || y >= h || x >= w) return -1
  return (((n * d + z) * h + y) * w + x) * c
}

/** Calls visit(tap index, position) for every tap of the window of an output pixel. */
export function forEachTap(window: Window, at: Triple, visit: (tap: number, position: Triple) => void): void {
  const { kernel, stride, dilation, padStart } = window
  const start = (axis: 0 | 1 | 2) => at[axis] * stride[axis] - padStart[axis]
  let tap = 0
  for (let z = 0; z < kernel[0]; z++) {
    for (let y = 0; y < kernel[1]; y++) {
      for (let x = 0; x < kernel[2]; x++) {
        visit(tap++, [start(0) + z * dilation[0], start(1) + y * dilation[1], start(2) + x * dilation[2]])
      }
    }
  }
}

export interface ConvWeights {
  /** (O, I / groups, kd, kh, kw) */
  readonly weight: ArrayLike<number>
  readonly bias?: ArrayLike<number> | undefined
  /** Multiplies the sum of each output channel, before the bias. */
  readonly scale?: ArrayLike<number> | undefined
}

export function conv(
  x: RefTensor,
  extents: Extents,
  window: Window & { readonly groups: number; readonly flip: boolean },
  { weight, bias, scale }: ConvWeights,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  const [inChannels, outChannels] = [x.extents[3], extents[3]]
  const [groupIn, groupOut] = [inChannels / window.groups, outChannels / window.groups]
  const taps = window.kernel[0] * window.kernel[1] * window.kernel[2]
  const count = taps * groupIn
  forEachPixel(y, (n, at) => {
    const base = pixelAt(y, n, at)
    for (let o = 0; o < outChannels; o++) {
      const first = Math.floor(o / groupOut) * groupIn
      let [sum, magnitude, carried] = [0, 0, 0]
      forEachTap(window, at, (tap, position) => {
        const pixel = pixelAt(x, n, position)
        if (pixel < 0) return
        for (let c = 0; c < groupIn; c++) {
          const w = weight[(o * groupIn + c) * taps + (window.flip ? taps - 1 - tap : tap)] as number
          const value = x.data[pixel + first + c] as number
          sum += w * value
          magnitude += Math.abs(w * value)
          carried += Math.abs(w) * (x.error[pixel + first + c] as number)
        }
      })
      const factor = scale?.[o] ?? 1
      const shift = bias?.[o] ?? 0
      y.data[base + o] = sum * factor + shift
      const terms = Math.abs(factor) * magnitude + Math.abs(shift)
      y.error[base + o] = Math.abs(factor) * carried + gamma(count + 4) * terms + (count + 2) * TINY
    }
  })
  return y
}

/** y = x * scale + shift per channel. */
export function affine(x: RefTensor, scale: ArrayLike<number>, shift: ArrayLike<number>): RefTensor {
  const channels = x.extents[3]
  return mapElements(x, (value, error, i) => {
    const [a, b] = [scale[i % channels] as number, shift[i % channels] as number]
    return [value * a + b, Math.abs(a) * error + 4 * UNIT * (Math.abs(value * a) + Math.abs(b)) + TINY]
  })
}

export function add(a: RefTensor, b: RefTensor): RefTensor {
  return mapElements(a, (value, error, i) => {
    const sum = value + (b.data[i] as number)
    return [sum, error + (b.error[i] as number) + UNIT * (Math.abs(value) + Math.abs(b.data[i] as number))]
  })
}

export function maxPool(x: RefTensor, extents: Extents, window: Window): RefTensor {
  return pool(
    x,
    extents,
    (at) => windowPositions(window, at),
    (values) => values.reduce(maximum, Number.NEGATIVE_INFINITY),
  )
}

/** PyTorch's: a NaN wins. */
export function maximum(a: number, b: number): number {
  return Number.isNaN(a) || a > b ? a : b
}

export function avgPool(
  x: RefTensor,
  extents: Extents,
  window: Window & { readonly padEnd: Triple; readonly countIncludePad: boolean },
): RefTensor {
  const limit = ([0, 1, 2] as const).map((axis) => x.extents[axis] + window.padEnd[axis]) as unknown as Triple
  const counted = (at: Triple) =>
    windowPositions(window, at).filter((position) => position.every((p, axis) => p < (limit[axis] as number))).length
  return pool(x, extents, (at) => windowPositions(window, at), mean, window.countIncludePad ? counted : undefined)
}

function windowPositions(window: Window, at: Triple): readonly Triple[] {
  const positions: Triple[] = []
  forEachTap(window, at, (_, position) => positions.push(position))
  return positions
}

export function adaptiveAvgPool(x: RefTensor, extents: Extents): RefTensor {
  return pool(x, extents, (at) => adaptivePositions(x, extents, at), mean)
}

export function adaptiveMaxPool(x: RefTensor, extents: Extents): RefTensor {
  const largest = (values: readonly number[]) => values.reduce(maximum, Number.NEGATIVE_INFINITY)
  return pool(x, extents, (at) => adaptivePositions(x, extents, at), largest)
}

/** PyTorch's: output i covers [floor(i * in / out), ceil((i + 1) * in / out)). */
function adaptivePositions(x: RefTensor, extents: Extents, at: Triple): readonly Triple[] {
  const [zs, ys, xs] = ([0, 1, 2] as const).map((axis) => {
    const ratio = x.extents[axis] / extents[axis]
    const start = Math.floor((at[axis] * x.extents[axis]) / extents[axis])
    const end = Math.ceil((at[axis] + 1) * ratio - 1e-9)
    return Array.from({ length: end - start }, (_, i) => start + i)
  }) as [number[], number[], number[]]
  return zs.flatMap((z) => ys.flatMap((y) => xs.map((w): Triple => [z, y, w])))
}

function mean(values: readonly number[], count: number): number {
  return values.reduce((a, b) => a + b, 0) / count
}

/** Reduces the pixels inside the image; `countOf` is the divisor where it is not their number. */
function pool(
  x: RefTensor,
  extents: Extents,
  positionsOf: (at: Triple) => readonly Triple[],
  reduce: (values: readonly number[], count: number) => number,
  countOf?: (at: Triple) => number,
): RefTensor {
  const y = makeTensor(x.batch, extents)
  forEachPixel(y, (n, at) => {
    const pixels = positionsOf(at)
      .map((position) => pixelAt(x, n, position))
      .filter((pixel) => pixel >= 0)
    const count = countOf?.(at) ?? pixels.length
    const base = pixelAt(y, n, at)
    for (let c = 0; c < extents[3]; c++) {
      const values = pixels.map((pixel) => x.data[pixel + c] as number)
      const carried = Math.max(0, ...pixels.map((pixel) => x.error[pixel + c] as number))
      const magnitude = reduce === mean ? mean(values.map(Math.abs), count) : 0
      y.data[base + c] = reduce(values, count)
      y.error[base + c] = carried + gamma(values.length + 2) * magnitude + (magnitude > 0 ? TINY * values.length : 0)
    }
  })
  return y
}

/** x / (k + alpha / size * sum of squares of `size` neighbouring channels) ^ beta */
export function localResponseNorm(
  x: RefTensor,
  { size, alpha, beta, k }: { size: number; alpha: number; beta: number; k: number },
): RefTensor {
  const channels = x.extents[3]
  return mapElements(x, (value, error, i) => {
    const c = i % channels
    let [sum, carried] = [0, 0]
    for (
      let j = Math.max(0, c - Math.floor(size / 2));
      j <= Math.min(channels - 1, c + Math.floor((size - 1) / 2));
      j++
    ) {
      const neighbour = x.data[i - c + j] as number
      const off = x.error[i - c + j] as number
      sum += neighbour * neighbour
      carried += (2 * Math.abs(neighbour) + off) * off
    }
    const base = k + (alpha / size) * sum
    const y = value / base ** beta
    const relative = (gamma(size + 4) + ((alpha / size) * carried) / base) * beta
    const power = UNIT * (8 + 4 * beta * Math.abs(Math.log(base)))
    return [y, error / base ** beta + (y === 0 ? 0 : Math.abs(y) * (relative + power)) + TINY]
  })
}

/** Over the channels of each pixel. */
export function softmax(x: RefTensor): RefTensor {
  const channels = x.extents[3]
  const y = makeTensor(x.batch, x.extents)
  for (let base = 0; base < x.data.length; base += channels) {
    const logits = x.data.subarray(base, base + channels)
    const largest = logits.reduce(maximum, Number.NEGATIVE_INFINITY)
    const powers = logits.map((value) => Math.exp(value - largest))
    const sum = powers.reduce((a, b) => a + b, 0)
    const carried = 2 * Math.max(...x.error.subarray(base, base + channels))
    powers.forEach((power, c) => {
      const p = power / sum
      const distance = largest - (logits[c] as number)
      const relative = carried + UNIT * (distance + 2) + 3 * FUNCTION_ERROR + gamma(channels)
      y.data[base + c] = p
      y.error[base + c] = (p > 0 ? p * relative : 0) + TINY
    })
  }
  return y
}

/** N, D, H, W, C to N, C * D * H * W in PyTorch's order C, D, H, W. */
export function flatten(x: RefTensor): RefTensor {
  const [d, h, w, c] = x.extents
  const pixels = d * h * w
  const y = makeTensor(x.batch, [1, 1, 1, pixels * c])
  for (let n = 0; n < x.batch; n++) {
    for (let p = 0; p < pixels; p++) {
      for (let channel = 0; channel < c; channel++) {
        const from = (n * pixels + p) * c + channel
        const to = (n * c + channel) * pixels + p
        y.data[to] = x.data[from] as number
        y.error[to] = x.error[from] as number
      }
    }
  }
  return y
}

/** Along the channels. */
export function concat(parts: readonly RefTensor[]): RefTensor {
  const [first] = parts
  if (!first) throw new Error('expected at least one part')
  const channels = parts.reduce((sum, part) => sum + part.extents[3], 0)
  const [d, h, w] = first.extents
  const y = makeTensor(first.batch, [d, h, w, channels])
  let start = 0
  for (const part of parts) {
    const own = part.extents[3]
    part.data.forEach((value, i) => {
      const to = Math.floor(i / own) * channels + start + (i % own)
      y.data[to] = value
      y.error[to] = part.error[i] as number
    })
    start += own
  }
  return y
}

export function mapElements(
  x: RefTensor,
  map: (value: number, error: number, index: number) => readonly [value: number, error: number],
): RefTensor {
  const y = makeTensor(x.batch, x.extents)
  x.data.forEach((value, i) => {
    const [result, error] = map(value, x.error[i] as number, i)
    y.data[i] = result
    y.error[i] = error
  })
  return y
}
