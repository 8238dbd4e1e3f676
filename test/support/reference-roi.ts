/** Pooling of regions of interest, naively, with bounds as in reference-ops.ts; edges are rounded as torchvision's float32. */

import { type Extents, forEachPixel, makeTensor, maximum, pixelAt, type RefTensor } from './reference-ops.js'
import { gamma, TINY } from './tolerance.js'

const f32 = Math.fround

/** Half away from zero, as C's round. */
const round = (value: number): number => Math.sign(value) * Math.round(Math.abs(value))

const boxAt = (boxes: RefTensor, n: number, k: number): readonly number[] => {
  const start = pixelAt(boxes, n, [0, 0, k])
  return [...boxes.data.slice(start, start + 4)]
}

export function roiPool(x: RefTensor, boxes: RefTensor, extents: Extents, spatialScale: number): RefTensor {
  const y = makeTensor(x.batch, extents)
  const range = (first: number, last: number, i: number, bins: number, size: number): readonly number[] => {
    const scale = f32(spatialScale)
    const [begin, end] = [round(f32(first * scale)), round(f32(last * scale))]
    const bin = f32(Math.max(f32(f32(end - begin) + 1), 1) / bins)
    if (!Number.isFinite(begin) || !Number.isFinite(bin)) return []
    const clip = (position: number) => Math.trunc(Math.min(Math.max(f32(position), 0), size))
    const [from, to] = [clip(Math.floor(f32(i * bin)) + begin), clip(Math.ceil(f32((i + 1) * bin)) + begin)]
    return Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k)
  }
  forEachPixel(y, (n, [k, h, w]) => {
    const [x1, y1, x2, y2] = boxAt(boxes, n, k) as [number, number, number, number]
    const rows = range(y1, y2, h, extents[1], x.extents[1])
    const columns = range(x1, x2, w, extents[2], x.extents[2])
    const base = pixelAt(y, n, [k, h, w])
    const pixels = rows.flatMap((row) => columns.map((column) => pixelAt(x, n, [0, row, column])))
    if (pixels.length === 0) return
    for (let c = 0; c < extents[3]; c++) {
      y.data[base + c] = pixels.map((p) => x.data[p + c] as number).reduce(maximum, Number.NEGATIVE_INFINITY)
      y.error[base + c] = Math.max(...pixels.map((p) => x.error[p + c] as number))
    }
  })
  return y
}

interface AlignOptions {
  readonly spatialScale: number
  readonly samplingRatio: number
  readonly aligned: boolean
}

/** The weights of the pixels of one axis for bin i, and how many samples it has. */
function axisWeights(first: number, last: number, i: number, bins: number, size: number, options: AlignOptions) {
  const [scale, offset] = [f32(options.spatialScale), options.aligned ? 0.5 : 0]
  const begin = first * scale - offset
  const length = last * scale - offset - begin
  const bin = (options.aligned ? length : Math.max(length, 1)) / bins
  const samples = options.samplingRatio > 0 ? options.samplingRatio : Math.ceil(bin)
  const weights = new Array<number>(size).fill(0)
  if (!Number.isFinite(begin) || !Number.isFinite(bin) || samples < 1) return { weights, samples: 0 }
  const [origin, spacing] = [begin + i * bin, bin / samples]
  // What lies outside of the image adds nothing, so that a huge box takes no time.
  const [low, high] = spacing > 0 ? [(-1 - origin) / spacing - 2, (size - origin) / spacing + 2] : [0, samples]
  const from = Math.min(Math.max(Math.floor(low), 0), samples)
  for (let s = from; s < Math.min(samples, Math.ceil(high)); s++) {
    const position = origin + (s + 0.5) * spacing
    if (!(position >= -1 && position <= size)) continue
    const inside = Math.min(Math.max(position, 0), size - 1)
    const left = Math.floor(inside)
    const right = Math.min(left + 1, size - 1)
    weights[left] = (weights[left] as number) + (1 - (inside - left)) / samples
    weights[right] = (weights[right] as number) + (inside - left) / samples
  }
  return { weights, samples: Math.min(samples, 2 * size + 8) }
}

export function roiAlign(x: RefTensor, boxes: RefTensor, extents: Extents, options: AlignOptions): RefTensor {
  const y = makeTensor(x.batch, extents)
  forEachPixel(y, (n, [k, h, w]) => {
    const [x1, y1, x2, y2] = boxAt(boxes, n, k) as [number, number, number, number]
    const rows = axisWeights(y1, y2, h, extents[1], x.extents[1], options)
    const columns = axisWeights(x1, x2, w, extents[2], x.extents[2], options)
    const base = pixelAt(y, n, [k, h, w])
    const roundings = 3 * (rows.samples + columns.samples) + x.extents[1] + x.extents[2] + 8
    rows.weights.forEach((down, row) => {
      columns.weights.forEach((right, column) => {
        if (f32(down) === 0 || f32(right) === 0) return
        const pixel = pixelAt(x, n, [0, row, column])
        for (let c = 0; c < extents[3]; c++) {
          const value = down * right * (x.data[pixel + c] as number)
          y.data[base + c] = (y.data[base + c] as number) + value
          const off = down * right * (x.error[pixel + c] as number) + gamma(roundings) * Math.abs(value) + 2 * TINY
          y.error[base + c] = (y.error[base + c] as number) + off
        }
      })
    })
  })
  return y
}
