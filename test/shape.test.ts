import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError } from '../lib/errors.js'
import {
  elementCount,
  outputSize,
  padding,
  positiveInteger,
  sizes,
  slideWindow,
  type WindowOptions,
} from '../lib/shape.js'

const plain = { stride: 1, dilation: 1, padStart: 0, padEnd: 0 }

/** Start positions of all windows that lie inside the padded input, by trying every one. */
const countWindows = (input: number, w: Parameters<typeof outputSize>[1]) => {
  let count = 0
  for (let start = -w.padStart; start + w.dilation * (w.kernel - 1) < input + w.padEnd; start += w.stride) count++
  return count
}

const windows = fc.record({
  kernel: fc.integer({ min: 1, max: 7 }),
  stride: fc.integer({ min: 1, max: 5 }),
  dilation: fc.integer({ min: 1, max: 4 }),
  padStart: fc.integer({ min: 0, max: 4 }),
  padEnd: fc.integer({ min: 0, max: 4 }),
})

describe('the output size', () => {
  test.each([
    [227, { ...plain, kernel: 11, stride: 4 }, 55],
    [224, { ...plain, kernel: 2, stride: 2 }, 112],
    [224, { ...plain, kernel: 7, stride: 2, padStart: 3, padEnd: 3 }, 112],
    [28, { ...plain, kernel: 5 }, 24],
    [7, { ...plain, kernel: 3, dilation: 3 }, 1],
    [1, { ...plain, kernel: 1 }, 1],
  ])('of %i under %o is %i', (input, window, expected) => {
    expect(outputSize(input, window)).toBe(expected)
  })

  test('counts the windows that fit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), windows, (input, window) => {
        expect(Math.max(0, outputSize(input, window))).toBe(countWindows(input, window))
      }),
    )
  })

  test('rounded up adds one window when some of the input is left over, unless it would start behind the input', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), windows, (input, window) => {
        const floor = outputSize(input, window)
        fc.pre(floor >= 1)
        const covered = (floor - 1) * window.stride + window.dilation * (window.kernel - 1) + 1
        const isLeftOver = covered < input + window.padStart + window.padEnd
        const startsInside = floor * window.stride < input + window.padStart
        const lateFloor = !startsInside && (floor - 1) * window.stride >= input + window.padStart
        expect(outputSize(input, window, true)).toBe(
          isLeftOver && startsInside ? floor + 1 : !isLeftOver && lateFloor ? floor - 1 : floor,
        )
      }),
    )
  })

  test.each([
    [112, 3, 2, 56],
    [5, 2, 2, 3],
    [2, 3, 2, 1],
    [55, 3, 2, 27],
  ])('rounded up of %i under kernel %i stride %i is %i, as PyTorch has it', (input, kernel, stride, expected) => {
    expect(outputSize(input, { ...plain, kernel, stride }, true)).toBe(expected)
  })
})

describe('a sliding window', () => {
  const place = { label: "conv2d 'conv1'", path: 'conv1' }
  const options = (given: Partial<WindowOptions>): WindowOptions => ({
    kernel: [3],
    stride: [1],
    dilation: [1],
    padding: { start: [0], end: [0] },
    ceil: false,
    exact: false,
    ...given,
  })

  test('that must be exact refuses a remainder', () => {
    expect(slideWindow(place, [227], options({ kernel: [11], stride: [4], exact: true })).output).toEqual([55])
    const attempt = () => slideWindow(place, [224], options({ kernel: [11], stride: [4], exact: true }))
    expect(attempt).toThrow(ShapeError)
    expect(attempt).toThrow(/conv2d 'conv1'.*kernel 11, stride 4.*cover 223 of 224.*exact/)
  })

  test('that does not fit is refused with its measures', () => {
    const attempt = () => slideWindow(place, [4], options({ kernel: [3], dilation: [3] }))
    expect(attempt).toThrow(/conv2d 'conv1': a window of kernel 3, stride 1, dilation 3, padding 0 \+ 0 .* input of 4/)
  })

  test("padded 'same' makes ceil(input / stride), the odd cell at the end", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), windows, (input, { kernel, stride, dilation }) => {
        const { window, output } = slideWindow(
          place,
          [input],
          options({ kernel: [kernel], stride: [stride], dilation: [dilation], padding: 'same' }),
        )
        expect(output).toEqual([Math.ceil(input / stride)])
        const difference = (window.padEnd[0] as number) - (window.padStart[0] as number)
        expect([0, 1]).toContain(difference)
      }),
    )
  })
})

describe('paddings', () => {
  test.each([
    [2, 1, { start: [1, 1], end: [1, 1] }],
    [2, [1, 2], { start: [1, 2], end: [1, 2] }],
    [2, { top: 1, bottom: 2, left: 3, right: 4 }, { start: [1, 3], end: [2, 4] }],
    [1, { left: 3, right: 4 }, { start: [3], end: [4] }],
    [2, 'valid', { start: [0, 0], end: [0, 0] }],
    [2, 'same', 'same'],
  ])('of rank %i written as %j', (rank, given, expected) => {
    expect(padding('padding', rank, given)).toEqual(expected)
  })

  test.each([-1, 1.5, Number.NaN, 'full', null, [1], [1, 2, 3], { top: 1 }, { left: 1, right: 1, near: 1 }, 2 ** 31])(
    'written as %j are refused',
    (given) => {
      expect(() => padding('padding of conv2d', 2, given)).toThrow(OptionError)
      expect(() => padding('padding of conv2d', 2, given)).toThrow(
        /^Expected .*padding of conv2d to be .* but received/,
      )
    },
  )
})

describe('sizes', () => {
  test('are spread over the axes', () => {
    expect(sizes('kernel', 2, 3)).toEqual([3, 3])
    expect(sizes('kernel', 2, [3, 5])).toEqual([3, 5])
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '3', null, undefined, 3n, [3], [3, 0]])(
    'that are %s are refused',
    (given) => {
      expect(() => sizes('kernel', 2, given)).toThrow(OptionError)
    },
  )

  test('name the option, what was expected and what came', () => {
    expect(() => positiveInteger('stride', -1)).toThrow(
      'Expected stride to be a positive integer but received -1 (number)',
    )
  })
})

describe('the number of elements', () => {
  test('is the product of the sizes', () => {
    expect(elementCount([2, 3, 4])).toBe(24)
    expect(elementCount([])).toBe(1)
  })

  test.each([[[2 ** 16, 2 ** 16]], [[2 ** 30, 2 ** 30, 2 ** 30]], [[2 ** 31]]])('of %j overflows', (shape) => {
    expect(() => elementCount(shape)).toThrow(ShapeError)
  })

  test.each([[[0]], [[-1, 2]], [[1.5]], [[Number.NaN]]])('of %j is refused', (shape) => {
    expect(() => elementCount(shape)).toThrow(/positive integer/)
  })
})
