/** Resampling as Pillow defines it, in float64 and pixel by pixel: what fromPixels is compared with. */

const triangle = (x: number): number => Math.max(0, 1 - x)

/** Keys' cubic convolution with a = -0.5. */
const cubic = (x: number): number => {
  if (x < 1) return 1 - 2.5 * x ** 2 + 1.5 * x ** 3
  return x < 2 ? 2 - 4 * x + 2.5 * x ** 2 - 0.5 * x ** 3 : 0
}

/** Weights of the source positions for output `i` of an axis that is resampled from `source` to `resized`. */
function weightsOf(source: number, resized: number, i: number, bicubic: boolean): ReadonlyMap<number, number> {
  const ratio = source / resized
  const growth = Math.max(ratio, 1)
  const filter = bicubic ? cubic : triangle
  const center = (i + 0.5) * ratio
  const weights = new Map<number, number>()
  let sum = 0
  for (let x = 0; x < source; x++) {
    const weight = filter(Math.abs(x + 0.5 - center) / growth)
    if (weight === 0) continue
    weights.set(x, weight)
    sum += weight
  }
  for (const [x, weight] of weights) weights.set(x, weight / sum)
  return weights
}

export interface ReferencePicture {
  readonly data: ArrayLike<number>
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** The window at (left, top) of the picture resampled to resizedWidth x resizedHeight; null outside of the picture. */
export function resampleWindow(
  { data, width, height, channels }: ReferencePicture,
  window: {
    readonly resizedWidth: number
    readonly resizedHeight: number
    readonly left: number
    readonly top: number
    readonly width: number
    readonly height: number
    readonly bicubic: boolean
  },
): (readonly number[] | null)[] {
  const columns = Array.from({ length: window.width }, (_, x) =>
    weightsOf(width, window.resizedWidth, x + window.left, window.bicubic),
  )
  const pixels: (readonly number[] | null)[] = []
  for (let y = window.top; y < window.top + window.height; y++) {
    const rows = weightsOf(height, window.resizedHeight, y, window.bicubic)
    for (let x = window.left; x < window.left + window.width; x++) {
      if (x < 0 || y < 0 || x >= window.resizedWidth || y >= window.resizedHeight) {
        pixels.push(null)
        continue
      }
      const sums = new Array<number>(channels).fill(0)
      for (const [sourceY, down] of rows) {
        for (const [sourceX, across] of columns[x - window.left] as ReadonlyMap<number, number>) {
          for (let c = 0; c < channels; c++) {
            const byte = data[(sourceY * width + sourceX) * channels + c] as number
            sums[c] = (sums[c] as number) + down * across * byte
          }
        }
      }
      // Negative weights overshoot.
      pixels.push(window.bicubic ? sums.map((sum) => Math.min(255, Math.max(0, sum))) : sums)
    }
  }
  return pixels
}
