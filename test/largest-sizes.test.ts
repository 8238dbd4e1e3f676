import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError } from '../lib/errors.js'
import {
  type AnySym,
  avgPool2d,
  blurPool2d,
  conv1d,
  conv2d,
  convTranspose2d,
  correlation,
  deformConv2d,
  type Layer,
  locallyConnected2d,
  localResponseNorm,
  lpPool2d,
  maxPool2d,
  model,
  module,
  pad,
  resize,
  sequential,
  slice,
  Tensor,
} from '../lib/index.js'

const LARGEST = 2 ** 31 - 1

/** What a layer with random weights makes of data. */
async function run(shape: readonly number[], layer: unknown, data: (i: number) => number): Promise<Tensor> {
  const net = model({ input: shape }, layer as Layer)
  net.randomizeWeights()
  const session = await net.compile({ threads: 1 })
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => data(i))
  const { output } = (await session.run({ input: new Tensor(values, [1, ...shape]) })) as Record<string, Tensor>
  session.dispose()
  return output as Tensor
}

describe('a result that no tensor can be is refused before its tables are made', () => {
  test.each<[string, readonly number[], unknown, RegExp]>([
    [
      'resize',
      [6, 6, 4],
      resize({ size: LARGEST }),
      /^resize: a tensor of shape \[2147483647, 2147483647, 4\] has more/,
    ],
    ['resize by a factor', [6, 6, 4], resize({ scaleFactor: 2 ** 31 }), /^resize: a tensor of shape .* has more/],
    ['linear', [6, 6, 4], resize({ size: LARGEST, mode: 'bilinear', antialias: true }), /^resize: a tensor of shape/],
    ['area', [6, 6, 4], resize({ size: LARGEST, mode: 'area' }), /^resize: a tensor of shape/],
    ['pad', [6, 6, 4], pad(LARGEST), /^pad: a tensor of shape \[4294967300, 4294967300, 4\] has more than/],
    [
      'pad an axis',
      [6, 6, 4],
      pad([
        [LARGEST, 0],
        [0, 0],
        [0, 0],
      ]),
      /^pad: a tensor of shape/,
    ],
    [
      'table',
      [6, 1],
      resize({ size: LARGEST }),
      /^resize: an axis of 2147483647 cells needs a table of more than 67108864/,
    ],
    ['taps', [6, 1], resize({ size: 4e7, mode: 'linear' }), /an axis of 40000000 cells that are made of 2 each needs/],
    [
      'padding of a convolution',
      [6, 6, 4],
      sequential(conv2d(4, { kernel: 1, padding: LARGEST, paddingMode: 'replicate' })),
      /pads an input of 6 to 4294967300, which is more than 2147483647/,
    ],
    [
      'causal padding',
      [10, 1],
      sequential(conv1d(1, { kernel: 3, dilation: LARGEST, padding: 'causal' })),
      /pads an input of 10 to 4294967304/,
    ],
  ])('%s', (_, shape, layer, message) => {
    const attempt = () => model({ input: shape }, layer as Layer)
    expect(attempt).toThrow(ShapeError)
    expect(attempt).toThrow(message)
  })
})

describe('a series of more than 2^20 steps', () => {
  const length = 1_200_000
  const series = [length, 1]
  const sample = (i: number) => i % 1000

  test('is padded', async () => {
    const { shape, data } = await run(series, pad({ left: 1, right: 2 }, { mode: 'reflect' }), sample)
    expect(shape).toEqual([1, length + 3, 1])
    expect([data[0], data[1], data[length], data.at(-1)]).toEqual([1, 0, 999, 997])
  })

  test('is sliced', async () => {
    const layer = (x: AnySym) => slice(x, { axis: 0, start: 5, end: length - 5 })
    const { shape, data } = await run(series, layer, sample)
    expect(shape).toEqual([1, length - 10, 1])
    expect([data[0], data.at(-1)]).toEqual([5, 994])
  })

  test('is resized', async () => {
    const { data } = await run(series, resize({ size: 2 * length, mode: 'linear' }), sample)
    expect(data.subarray(0, 5)).toEqual(Float32Array.of(0, 0.25, 0.75, 1.25, 1.75))
  })

  test('is convolved beyond its ends', async () => {
    const mirrored = sequential(conv1d(1, { kernel: 3, padding: 1, paddingMode: 'reflect' }))
    const { shape, data } = await run(series, mirrored, () => 1)
    expect(shape).toEqual([1, length, 1])
    expect(data[0]).toBe(data[1])
  })
})

describe('windows as large as an option can be', () => {
  const image = [5, 6, 4]
  const same = (layer: (x: AnySym, y: AnySym) => unknown) => (x: AnySym) => layer(x, x)
  test.each<[string, unknown]>([
    ['stride', sequential(conv2d(3, { kernel: 1, stride: LARGEST }))],
    ['dilation', sequential(conv2d(3, { kernel: 1, dilation: LARGEST }))],
    ['wide taps', sequential(conv2d(3, { kernel: 2, dilation: 2 ** 30, padding: 2 ** 29, stride: LARGEST }))],
    ['dilation of a transposed convolution', sequential(convTranspose2d(3, { kernel: 1, dilation: LARGEST }))],
    ['stride of own kernels', sequential(locallyConnected2d(3, { kernel: 1, stride: LARGEST }))],
    ['dilation of own kernels', sequential(locallyConnected2d(3, { kernel: 1, dilation: LARGEST }))],
    ['stride of a pool', maxPool2d({ kernel: 2, stride: LARGEST })],
    ['kernel of a pool', avgPool2d({ kernel: 2 ** 30, padding: 2 ** 29 })],
    ['kernel of a p-norm', lpPool2d({ kernel: 2 ** 30, padding: 2 ** 29 })],
    ['patches', same(correlation({ patchSize: 3, kernel: 2 ** 30, padding: 2 ** 29 }) as never)],
    ['displacements', same(correlation({ patchSize: 3, patchDilation: LARGEST, stride: LARGEST }) as never)],
    [
      'deformed kernels',
      (() => {
        const m = { deform: deformConv2d(3, { kernel: 1, dilation: LARGEST }), offset: conv2d(2, { kernel: 1 }) }
        return module(m, (x: AnySym) => m.deform(x, m.offset(x)) as AnySym)
      })(),
    ],
  ])('%s', async (_, layer) => {
    const { data } = await run(image, layer, (i) => i % 7)
    expect(data.every(Number.isFinite)).toBe(true)
  })

  test('a correlation sums what of its patches lies in the images', async () => {
    const layer = same(correlation({ patchSize: 3, kernel: 40_001, padding: 20_000 }) as never)
    const { shape, data } = await run([2, 2, 1], layer, (i) => i + 1)
    expect(shape).toEqual([1, 2, 2, 9])
    expect([...data.subarray(0, 9)]).toEqual([4, 11, 6, 14, 30, 14, 6, 11, 4])
  })

  test('local response norm over all channels', async () => {
    const alpha = 1e6
    const { data } = await run([1, 1, 9], localResponseNorm({ size: LARGEST, alpha, beta: 1 }), (i) => i)
    const sum = 204 // of the squares of 0 to 8
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(i / (1 + (alpha / LARGEST) * sum), 5)
  })
})

test('options beyond what the engine computes are refused at once', () => {
  expect(() => blurPool2d({ kernel: 65 })).toThrow(OptionError)
  expect(() => blurPool2d({ kernel: 65 })).toThrow(/kernel of blurPool2d to be at most 64 but received 65/)
  expect(() => conv2d(1, { kernel: 1, stride: 2 ** 31 })).toThrow(/stride of conv2d to be at most 2147483647/)
  expect(() => pad(2 ** 31)).toThrow(/padding of pad to be at most 2147483647/)
  expect(() => localResponseNorm({ size: 3, alpha: -1 })).toThrow(
    /alpha of localResponseNorm to be a number of at least 0/,
  )
  expect(() => localResponseNorm({ size: 3, k: 0 })).toThrow(/k of localResponseNorm to be a positive number/)
})
