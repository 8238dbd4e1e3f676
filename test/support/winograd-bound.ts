/**
 * How far Winograd's F(m, r) may be off: it sums the same products in a transformed basis, so the bound of each
 * output is the sum of the magnitudes there, |A|^T [ sum over c of (|G| |g| |G|^T) * (|B|^T |d| |B|) ] |A|.
 */

import type { RefTensor, Triple } from './reference-ops.js'
import { gamma } from './tolerance.js'

type Matrix = readonly (readonly number[])[]

/** F(m, r) along one axis or both. */
export interface WinogradForm {
  readonly outputs: number
  readonly taps: number
  readonly axes: 1 | 2
}

export interface WinogradWindow {
  readonly kernel: Triple
  readonly stride: Triple
  readonly padStart: Triple
  readonly groups: number
}

const FORMS: readonly WinogradForm[] = [
  { outputs: 2, taps: 3, axes: 2 },
  { outputs: 4, taps: 3, axes: 2 },
  { outputs: 6, taps: 3, axes: 2 },
  { outputs: 2, taps: 5, axes: 2 },
  { outputs: 4, taps: 4, axes: 2 },
  { outputs: 4, taps: 3, axes: 1 },
  { outputs: 3, taps: 7, axes: 1 },
]

/** The finite interpolation points by how many inputs a tile has. */
const POINTS: Readonly<Record<number, readonly number[]>> = {
  4: [0, 1, -1],
  6: [0, 0.625, -0.625, 1.5, -1.5],
  7: [0.25, -0.25, 0.875, -0.875, 1.75, -1.75],
  8: [0, 0.5, -0.5, 1, -1, 2, -2],
  9: [0.25, -0.25, 0.6875, -0.6875, 1.125, -1.125, 2.25, -2.25],
}

/** Roundings of the two passes of the input and the output transform and of the stored weights. */
const TRANSFORM_ROUNDINGS = 24

/** The forms that can compute a dense convolution with dilation 1; with a stride, over the phases of the image. */
export function winogradForms({ kernel, stride, groups }: Omit<WinogradWindow, 'padStart'>): readonly WinogradForm[] {
  const [kd, kh, kw] = kernel
  const [sd, sh, sw] = stride
  const axes = (kh > 1 ? 1 : 0) + (kw > 1 ? 1 : 0)
  if (kd !== 1 || sd !== 1 || (axes === 2 && (kh !== kw || sh !== sw))) return []
  const step = Math.max(sh, sw)
  if ((axes === 1 || groups > 1) && step > 1) return []
  return FORMS.filter((form) => form.axes === axes && form.taps === Math.ceil(Math.max(kh, kw) / step))
}

/** Bounds for the outputs (N, D, H, W, C) of a convolution that keeps the planes D apart. */
export function winogradError(
  x: RefTensor,
  [outHeight, outWidth, outChannels]: readonly [number, number, number],
  { kernel, stride, padStart, groups }: WinogradWindow,
  weight: ArrayLike<number>,
  form: WinogradForm,
): Float64Array {
  const [high, wide] = [axis(form, kernel[1]), axis(form, kernel[2])]
  const [planesPerImage, height, width, depth] = x.extents
  const planes = x.batch * planesPerImage
  const [, stepY, stepX] = stride
  const groupDepth = depth / groups
  const channels = groupDepth * stepY * stepX
  const relative = gamma(channels + TRANSFORM_ROUNDINGS)
  const error = new Float64Array(planes * outHeight * outWidth * outChannels)
  // Channel c of a group is the channel c % groupDepth of one phase of the image.
  const phase = (c: number) => {
    const index = Math.floor(c / groupDepth)
    return [Math.floor(index / stepX), index % stepX, c % groupDepth] as const
  }
  const kernels = Array.from({ length: outChannels * channels }, (_, i) => {
    const [phaseY, phaseX, c] = phase(i % channels)
    const first = (Math.floor(i / channels) * groupDepth + c) * kernel[1] * kernel[2]
    const taps = table(high.taps, wide.taps, (i, j) => {
      const [y, z] = [i * stepY + phaseY, j * stepX + phaseX]
      return y < kernel[1] && z < kernel[2] ? Math.abs(weight[first + y * kernel[2] + z] as number) : 0
    })
    return multiply(multiply(high.g, taps), transpose(wide.g))
  })
  for (let n = 0; n < planes; n++) {
    for (let top = 0; top < outHeight; top += high.outputs) {
      for (let left = 0; left < outWidth; left += wide.outputs) {
        const inputs = Array.from({ length: groups * channels }, (_, channel) => {
          const [phaseY, phaseX, c] = phase(channel % channels)
          const pixels = table(high.inputs, wide.inputs, (i, j) => {
            const y = (top + i) * stepY + phaseY - padStart[1]
            const z = (left + j) * stepX + phaseX - padStart[2]
            if (y < 0 || z < 0 || y >= height || z >= width) return 0
            const position = ((n * height + y) * width + z) * depth + Math.floor(channel / channels) * groupDepth + c
            return Math.abs(x.data[position] as number) + (x.error[position] as number) / relative
          })
          return multiply(multiply(transpose(high.b), pixels), wide.b)
        })
        for (let o = 0; o < outChannels; o++) {
          const first = Math.floor((o * groups) / outChannels) * channels
          const ofGroup = inputs.slice(first, first + channels)
          const sums = table(high.inputs, wide.inputs, (i, j) =>
            ofGroup.reduce((sum, input, c) => sum + at(input, i, j) * at(kernels[o * channels + c] as Matrix, i, j), 0),
          )
          const outputs = multiply(multiply(transpose(high.a), sums), wide.a)
          for (let i = 0; i < high.outputs && top + i < outHeight; i++) {
            for (let j = 0; j < wide.outputs && left + j < outWidth; j++) {
              const position = ((n * outHeight + top + i) * outWidth + left + j) * outChannels + o
              error[position] = relative * at(outputs, i, j)
            }
          }
        }
      }
    }
  }
  return error
}

/** F(4, 4), whose blocks of taps lie as far apart as its tiles of outputs. */
const NESTED: WinogradForm = { outputs: 4, taps: 4, axes: 2 }

/** The same for a depthwise convolution (stride 1) whose kernel is cut into blocks of r x r taps: the blocks add up as channels do. */
export function nestedError(
  x: RefTensor,
  [outHeight, outWidth]: readonly [number, number],
  { kernel: [, kernelHeight, kernelWidth], padStart: [, padTop, padLeft] }: Pick<WinogradWindow, 'kernel' | 'padStart'>,
  weight: ArrayLike<number>,
): Float64Array {
  const { outputs, taps, inputs, a, b, g } = axis(NESTED, kernelHeight)
  const [planesPerImage, height, width, channels] = x.extents
  const planes = x.batch * planesPerImage
  const [blockRows, blockColumns] = [Math.ceil(kernelHeight / taps), Math.ceil(kernelWidth / taps)]
  const relative = gamma(blockRows * blockColumns + TRANSFORM_ROUNDINGS)
  const error = new Float64Array(planes * outHeight * outWidth * channels)
  const [tileRows, tileColumns] = [Math.ceil(outHeight / outputs), Math.ceil(outWidth / outputs)]
  for (let c = 0; c < channels; c++) {
    const kernels = Array.from({ length: blockRows }, (_, by) =>
      Array.from({ length: blockColumns }, (_, bx) => {
        const block = table(taps, taps, (i, j) => {
          const [y, z] = [by * taps + i, bx * taps + j]
          const isTap = y < kernelHeight && z < kernelWidth
          return isTap ? Math.abs(weight[(c * kernelHeight + y) * kernelWidth + z] as number) : 0
        })
        return multiply(multiply(g, block), transpose(g)).flat()
      }),
    )
    for (let n = 0; n < planes; n++) {
      const tiles = Array.from({ length: tileRows + blockRows - 1 }, (_, ty) =>
        Array.from({ length: tileColumns + blockColumns - 1 }, (_, tx) => {
          const pixels = table(inputs, inputs, (i, j) => {
            const [y, z] = [ty * outputs + i - padTop, tx * outputs + j - padLeft]
            if (y < 0 || z < 0 || y >= height || z >= width) return 0
            const position = ((n * height + y) * width + z) * channels + c
            return Math.abs(x.data[position] as number) + (x.error[position] as number) / relative
          })
          return multiply(multiply(transpose(b), pixels), b).flat()
        }),
      )
      for (let ty = 0; ty < tileRows; ty++) {
        for (let tx = 0; tx < tileColumns; tx++) {
          const flat = new Float64Array(inputs * inputs)
          kernels.forEach((row, by) => {
            row.forEach((u, bx) => {
              const v = tiles[ty + by]?.[tx + bx] as readonly number[]
              for (let i = 0; i < flat.length; i++) flat[i] = (flat[i] as number) + (u[i] as number) * (v[i] as number)
            })
          })
          const sums = table(inputs, inputs, (i, j) => flat[i * inputs + j] as number)
          const bounds = multiply(multiply(transpose(a), sums), a)
          for (let i = 0; i < outputs && ty * outputs + i < outHeight; i++) {
            for (let j = 0; j < outputs && tx * outputs + j < outWidth; j++) {
              const pixel = (n * outHeight + ty * outputs + i) * outWidth + tx * outputs + j
              error[pixel * channels + c] = relative * at(bounds, i, j)
            }
          }
        }
      }
    }
  }
  return error
}

interface Axis {
  readonly outputs: number
  readonly taps: number
  readonly inputs: number
  readonly a: Matrix
  readonly b: Matrix
  readonly g: Matrix
}

/** |A|, |B| and |G| of F(m, r) by Toom and Cook's construction, A^T [(G g) * (B^T d)]; of F(1, 1) where the kernel has one tap. */
function axis({ outputs, taps }: WinogradForm, kernel: number): Axis {
  if (kernel === 1) return { outputs: 1, taps: 1, inputs: 1, a: [[1]], b: [[1]], g: [[1]] }
  const inputs = outputs + taps - 1
  const points = POINTS[inputs] as readonly number[]
  const distances = points.map((p, i) => points.reduce((product, q, j) => (i === j ? product : product * (p - q)), 1))
  const powers = (count: number, p: number) => Array.from({ length: count }, (_, k) => Math.abs(p) ** k)
  const last = (count: number) => Array.from({ length: count }, (_, k) => (k === count - 1 ? 1 : 0))
  const g = points.map((p, i) => powers(taps, p).map((value) => value / Math.abs(distances[i] as number)))
  // Column i of B holds the coefficients of the product of (z - q) over the other points q; the last of all points.
  const columns = [...points.map((_, i) => points.filter((_, j) => j !== i)), points].map((roots) => {
    let coefficients: readonly number[] = [1]
    for (const root of roots) {
      coefficients = Array.from(
        { length: coefficients.length + 1 },
        (_, k) => (coefficients[k - 1] ?? 0) - root * (coefficients[k] ?? 0),
      )
    }
    return Array.from({ length: inputs }, (_, k) => Math.abs(coefficients[k] ?? 0))
  })
  const a = [...points.map((p) => powers(outputs, p)), last(outputs)]
  return { outputs, taps, inputs, a, b: transpose(columns), g: [...g, last(taps)] }
}

function table(rows: number, columns: number, value: (i: number, j: number) => number): Matrix {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(i, j)))
}

function at(matrix: Matrix, i: number, j: number): number {
  return matrix[i]?.[j] as number
}

function multiply(left: Matrix, right: Matrix): Matrix {
  const columns = transpose(right)
  return left.map((row) =>
    columns.map((column) => row.reduce((sum, value, k) => sum + value * (column[k] as number), 0)),
  )
}

function transpose(matrix: Matrix): Matrix {
  return (matrix[0] ?? []).map((_, j) => matrix.map((row) => row[j] as number))
}
