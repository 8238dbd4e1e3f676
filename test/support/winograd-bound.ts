/**
 * How far Winograd's F(m x m, 3 x 3) may be off: it sums the same products in a transformed basis, so the bound of each
 * output is the sum of the magnitudes there, |A|^T [ sum over c of (|G| |g| |G|^T) * (|B|^T |d| |B|) ] |A|.
 */

import type { RefTensor } from './reference-ops.js'
import { gamma } from './tolerance.js'

type Matrix = readonly (readonly number[])[]

const POINTS: Readonly<Record<2 | 4, readonly number[]>> = { 2: [0, 1, -1], 4: [0, 0.625, -0.625, 1.5, -1.5] }

/** Roundings of the two passes of the input and the output transform and of the stored weights. */
const TRANSFORM_ROUNDINGS = 24

/** Bounds for the outputs (N, H, W, C) of a 3 x 3 convolution with stride 1, for tiles of m x m. */
export function winogradError(
  x: RefTensor,
  [outHeight, outWidth, outChannels]: readonly [number, number, number],
  [padTop, padLeft]: readonly [number, number],
  weight: ArrayLike<number>,
  m: 2 | 4,
): Float64Array {
  const { a, b, g } = magnitudes(m)
  const [, height, width, channels] = x.extents
  const tile = m + 2
  const error = new Float64Array(x.batch * outHeight * outWidth * outChannels)
  const kernels = Array.from({ length: outChannels * channels }, (_, i) => {
    const taps = [0, 1, 2].map((y) => [0, 1, 2].map((z) => Math.abs(weight[i * 9 + y * 3 + z] as number)))
    return multiply(multiply(g, taps), transpose(g))
  })
  const relative = gamma(channels + TRANSFORM_ROUNDINGS)
  for (let n = 0; n < x.batch; n++) {
    for (let top = 0; top < outHeight; top += m) {
      for (let left = 0; left < outWidth; left += m) {
        const inputs = Array.from({ length: channels }, (_, c) => {
          const rows = Array.from({ length: tile }, (_, i) =>
            Array.from({ length: tile }, (_, j) => {
              const [y, z] = [top + i - padTop, left + j - padLeft]
              if (y < 0 || z < 0 || y >= height || z >= width) return 0
              const at = ((n * height + y) * width + z) * channels + c
              return Math.abs(x.data[at] as number) + (x.error[at] as number) / relative
            }),
          )
          return multiply(multiply(transpose(b), rows), b)
        })
        for (let o = 0; o < outChannels; o++) {
          const sums = Array.from({ length: tile }, (_, i) =>
            Array.from({ length: tile }, (_, j) =>
              inputs.reduce(
                (sum, input, c) => sum + at(input, i, j) * at(kernels[o * channels + c] as Matrix, i, j),
                0,
              ),
            ),
          )
          const outputs = multiply(multiply(transpose(a), sums), a)
          for (let i = 0; i < m && top + i < outHeight; i++) {
            for (let j = 0; j < m && left + j < outWidth; j++) {
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

/** |A|, |B| and |G| of F(m, 3) by Toom and Cook's construction: A^T [(G g) * (B^T d)]. */
function magnitudes(m: 2 | 4): { readonly a: Matrix; readonly b: Matrix; readonly g: Matrix } {
  const points = POINTS[m]
  const distances = points.map((p, i) => points.reduce((product, q, j) => (i === j ? product : product * (p - q)), 1))
  const powers = (count: number, p: number) => Array.from({ length: count }, (_, k) => Math.abs(p) ** k)
  const last = (count: number) => Array.from({ length: count }, (_, k) => (k === count - 1 ? 1 : 0))
  const g = [...points.map((p, i) => powers(3, p).map((value) => value / Math.abs(distances[i] as number))), last(3)]
  const a = [...points.map((p) => powers(m, p)), last(m)]
  // Column i of B holds the coefficients of the product of (z - q) over the other points q; the last of all points.
  const columns = [...points.map((_, i) => points.filter((_, j) => j !== i)), points].map((roots) => {
    let coefficients: readonly number[] = [1]
    for (const root of roots) {
      coefficients = Array.from(
        { length: coefficients.length + 1 },
        (_, k) => (coefficients[k - 1] ?? 0) - root * (coefficients[k] ?? 0),
      )
    }
    return Array.from({ length: m + 2 }, (_, k) => Math.abs(coefficients[k] ?? 0))
  })
  return { a, b: transpose(columns), g }
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
