import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { prepareDigit } from '../lib/image/digits.js'
import type { Pixels } from '../lib/image/pixels.js'

interface Bar {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Grey bars of `ink` on `ground`. */
function draw(width: number, height: number, bars: readonly Bar[], ground: number, ink: number): Pixels {
  const data = new Uint8Array(width * height).fill(ground)
  for (const bar of bars) {
    for (let y = bar.y; y < bar.y + bar.height; y++) data.fill(ink, y * width + bar.x, y * width + bar.x + bar.width)
  }
  return { data, width, height, channels: 1 }
}

/** Sum, centre of mass and extent of a 28 x 28 field, in pixels from its corner. */
function measure({ data }: Pixels) {
  const at = (i: number) => data[i] as number
  const indices = [...data.keys()].filter((i) => at(i) > 0)
  const mass = indices.reduce((sum, i) => sum + at(i), 0)
  const xs = indices.map((i) => i % 28)
  const ys = indices.map((i) => Math.floor(i / 28))
  return {
    mass,
    centreX: indices.reduce((sum, i) => sum + at(i) * ((i % 28) + 0.5), 0) / mass,
    centreY: indices.reduce((sum, i) => sum + at(i) * (Math.floor(i / 28) + 0.5), 0) / mass,
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
  }
}

/** A stem with a foot, in a picture with some margin around it. */
const shapes = fc
  .record({
    width: fc.integer({ min: 24, max: 130 }),
    height: fc.integer({ min: 24, max: 130 }),
    pen: fc.integer({ min: 2, max: 5 }),
    left: fc.integer({ min: 2, max: 8 }),
    top: fc.integer({ min: 2, max: 8 }),
    foot: fc.integer({ min: 6, max: 12 }),
  })
  .map(({ width, height, pen, left, top, foot }) => {
    const stem = { x: left, y: top, width: pen, height: height - top - 2 }
    return { width, height, bars: [stem, { x: left, y: height - 2 - pen, width: foot, height: pen }] }
  })

describe('the preparation of a digit', () => {
  test('centres the mass and makes the longer side 20 pixels', () => {
    fc.assert(
      fc.property(shapes, ({ width, height, bars }) => {
        const prepared = prepareDigit(draw(width, height, bars, 20, 240))
        const found = measure(prepared)
        expect([prepared.width, prepared.height, prepared.channels]).toEqual([28, 28, 1])
        expect(Math.max(...prepared.data)).toBe(255)
        // The triangle filter widens the ink by at most a pixel on each side, and what it cuts off is rounded away.
        expect(Math.max(found.width, found.height)).toBeGreaterThanOrEqual(19)
        expect(Math.max(found.width, found.height)).toBeLessThanOrEqual(23)
        expect(Math.abs(found.centreX - 14)).toBeLessThan(0.5)
        expect(Math.abs(found.centreY - 14)).toBeLessThan(0.5)
      }),
    )
  })

  test('does not see whether ink is dark or bright, nor how much margin there is', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 40 }), ({ width, height, bars }, margin) => {
        const bright = prepareDigit(draw(width, height, bars, 0, 255))
        const dark = prepareDigit(draw(width, height, bars, 255, 0))
        const moved = bars.map((bar) => ({ ...bar, x: bar.x + margin, y: bar.y + margin }))
        const wide = prepareDigit(draw(width + 2 * margin, height + 2 * margin, moved, 0, 255))
        expect(dark.data).toEqual(bright.data)
        const apart = wide.data.map((value, i) => Math.abs(value - (bright.data[i] as number)))
        expect(Math.max(...apart)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('takes colour and transparency for what they show', () => {
    const grey = draw(40, 40, [{ x: 18, y: 8, width: 4, height: 24 }], 255, 0)
    const blueOnNothing = new Uint8Array(40 * 40 * 4)
    for (const [i, value] of grey.data.entries()) if (value === 0) blueOnNothing.set([0, 0, 0, 255], i * 4)
    const greyAlpha = new Uint8Array(40 * 40 * 2)
    for (const [i, value] of grey.data.entries()) if (value === 0) greyAlpha[i * 2 + 1] = 255
    const rgb = Uint8Array.from({ length: 40 * 40 * 3 }, (_, i) => grey.data[Math.floor(i / 3)] as number)
    const expected = prepareDigit(grey).data
    expect(prepareDigit({ ...grey, data: blueOnNothing, channels: 4 }).data).toEqual(expected)
    expect(prepareDigit({ ...grey, data: greyAlpha, channels: 2 }).data).toEqual(expected)
    expect(prepareDigit({ ...grey, data: rgb, channels: 3 }).data).toEqual(expected)
  })

  test('ignores the grain of the paper', () => {
    const bars = [{ x: 30, y: 20, width: 6, height: 50 }]
    const clean = draw(80, 96, bars, 230, 40)
    const grainy = clean.data.map((value, i) => value + ((i * 7919) % 21) - 10)
    const expected = prepareDigit(clean).data
    const apart = prepareDigit({ ...clean, data: grainy }).data.map((value, i) =>
      Math.abs(value - (expected[i] as number)),
    )
    expect(Math.max(...apart)).toBeLessThan(32)
  })

  test('leaves a picture without ink black', () => {
    expect(Math.max(...prepareDigit(draw(30, 30, [], 255, 0)).data)).toBe(0)
    expect(Math.max(...prepareDigit(draw(1, 1, [], 90, 0)).data)).toBe(0)
  })
})
