import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromPixels, fromPixelsSync } from '../../lib/image/from-pixels.js'
import { type Pixels, type Preprocessing, planTransform } from '../../lib/image/pixels.js'
import { resampleWindow } from '../support/resample.js'
import { gamma } from '../support/tolerance.js'

const pictures: fc.Arbitrary<Pixels> = fc
  .record({
    width: fc.integer({ min: 1, max: 60 }),
    height: fc.integer({ min: 1, max: 60 }),
    channels: fc.constantFrom(1, 2, 3, 4),
  })
  .chain(({ width, height, channels }) => {
    const length = width * height * channels
    return fc.record({
      data: fc.uint8Array({ minLength: length, maxLength: length }),
      width: fc.constant(width),
      height: fc.constant(height),
      channels: fc.constant(channels as Pixels['channels']),
    })
  })

const side = fc.integer({ min: 1, max: 40 })
const triple = (min: number, max: number) =>
  fc.tuple(
    fc.double({ min, max, noNaN: true }),
    fc.double({ min, max, noNaN: true }),
    fc.double({ min, max, noNaN: true }),
  )

/** Preprocessing with lists where it may have numbers or words. */
interface Case extends Preprocessing {
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
  readonly background?: readonly [red: number, green: number, blue: number]
}

const options: fc.Arbitrary<Case> = fc.record(
  {
    size: fc.oneof(side, fc.tuple(side, side)),
    fit: fc.constantFrom('cover', 'contain', 'fill'),
    resize: side,
    interpolation: fc.constantFrom('bilinear', 'bicubic'),
    channelOrder: fc.constantFrom('rgb', 'bgr'),
    scale: fc.constantFrom(1, 1 / 255),
    mean: triple(0, 1),
    std: triple(0.1, 1),
    invert: fc.boolean(),
    background: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)),
    layout: fc.constantFrom('nhwc', 'nchw'),
  },
  { requiredKeys: ['size'] },
)

const greyOf = ([r, g, b]: readonly number[]) => 0.299 * (r as number) + 0.587 * (g as number) + 0.114 * (b as number)

/** The value of output channel `c` for a resampled pixel of the source, by the words of `Preprocessing`. */
function normalise(pixel: readonly number[], c: number, preprocessing: Case): number {
  const { channelOrder = 'rgb', scale = 1 / 255, mean = [0, 0, 0], std = [1, 1, 1], invert = false } = preprocessing
  const rgb = pixel.length < 3 ? [pixel[0], pixel[0], pixel[0]] : pixel
  const byte = rgb[channelOrder === 'bgr' ? 2 - c : c] as number
  const value = (invert ? 255 - byte : byte) * scale
  return (value - (mean[c] as number)) / (std[c] as number)
}

function expectDefinition(picture: Pixels, preprocessing: Case) {
  const { data } = fromPixelsSync(picture, preprocessing)
  const window = planTransform(picture, preprocessing)
  const { width, height } = window
  const { background = [0, 0, 0], scale = 1 / 255, mean = [0, 0, 0], std = [1, 1, 1] } = preprocessing
  const outside = picture.channels < 3 ? [greyOf(background)] : background
  for (const [i, pixel] of resampleWindow(picture, window).entries()) {
    for (let c = 0; c < 3; c++) {
      const expected = normalise(pixel ?? outside, c, preprocessing)
      const actual = data[preprocessing.layout === 'nchw' ? c * width * height + i : i * 3 + c] as number
      // Weights, sums along both axes and the colour map round; the largest terms are a full byte and the mean.
      const magnitude = (255 * 2 * scale + (mean[c] as number)) / (std[c] as number)
      // The weights of the cubic filter add up to at most 1.25 by absolute value along each axis.
      const bound = gamma(2 * (picture.width + picture.height) + 16) * magnitude * (window.bicubic ? 1.6 : 1)
      if (!(Math.abs(actual - expected) <= bound)) {
        throw new Error(`pixel ${i} channel ${c}: ${actual}, expected ${expected} within ${bound}`)
      }
    }
  }
}

describe('fromPixels', () => {
  it('equals its definition in float64', () => {
    fc.assert(
      fc.property(pictures, options, (picture, preprocessing) => {
        expectDefinition(picture, preprocessing)
      }),
      { numRuns: 400 },
    )
  })

  it('gives the same bits on the calling thread and off it', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, options, async (picture, preprocessing) => {
        const { data, shape } = fromPixelsSync(picture, preprocessing)
        const later = await fromPixels(picture, preprocessing)
        expect(later.shape).toEqual(shape)
        expect(Buffer.from(later.data.buffer).equals(Buffer.from(data.buffer))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    [1, 5000],
    [5000, 1],
    [3000, 7],
    [1, 1],
  ])('takes extreme sizes: %d x %d', (width, height) => {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24)
    const picture: Pixels = { data, width, height, channels: 3 }
    for (const fit of ['contain', 'fill', 'cover'] as const) expectDefinition(picture, { size: 9, fit })
  })
})
