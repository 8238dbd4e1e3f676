import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { type AnySym, conv1d, conv2d, createModel, maxPool2d, model, Tensor } from '../lib/index.js'
import { expectWithin, gamma } from './support/tolerance.js'

/** The output of one layer whose weight and bias are given in PyTorch's shapes. */
async function apply(layer: (x: AnySym) => AnySym, input: Tensor, weight: Tensor, bias?: Tensor): Promise<Tensor> {
  const net = model({ input: input.shape }, layer)
  await net.loadWeights(new Map(Object.entries({ weight, ...(bias && { bias }) })))
  const session = await net.compile({ threads: 1 })
  try {
    return (await session.run({ input: input.data })).output
  } finally {
    session.dispose()
  }
}

const tensor = (values: readonly number[], shape: readonly number[]) => new Tensor(Float32Array.from(values), shape)

describe('a kernel that slides over a series', () => {
  const slide = async (series: readonly number[], kernel: readonly number[], options: object = {}) => {
    const layer = conv1d(1, { kernel: kernel.length, bias: false, ...options })
    const output = await apply(layer, tensor(series, [series.length, 1]), tensor(kernel, [1, 1, kernel.length]))
    return [...output.data]
  }
  const series = [1, 0, 2, 3, 5, 1, 2, 3]
  const kernel = [-1, 2, 1]

  test('stays inside it without padding', async () => {
    expect(await slide(series, kernel)).toEqual([1, 7, 9, 8, -1, 6])
  })

  test('keeps its length when one zero is put before and after it', async () => {
    expect(await slide(series, kernel, { padding: 1 })).toEqual([2, 1, 7, 9, 8, -1, 6, 4])
  })

  test('stops at every second place with stride 2', async () => {
    expect(await slide([1, 0, 2, 3, 5, 1, 2], kernel, { padding: 1, stride: 2 })).toEqual([2, 7, 8, 3])
  })

  test('of ten equal weights gives the moving average', async () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i / 40) + ((i * 7919) % 101) / 200)
    const averages = await slide([...values], new Array<number>(10).fill(0.1))
    expect(averages).toHaveLength(991)
    const windows = averages.map((_, i) => values.subarray(i, i + 10))
    expectWithin(averages, {
      data: windows.map((window) => window.reduce((sum, value) => sum + value, 0) / 10),
      // Ten products and the rounding of 0.1.
      error: windows.map((window) => gamma(11) * window.reduce((sum, value) => sum + Math.abs(value), 0) * 0.1),
    })
  })
})

describe('a kernel that slides over rows and columns', () => {
  const rows = [
    [1, 0, 2, 1, -1, 1],
    [0, 1, -1, 1, 0, 2],
    [1, 0, 0, 0, -1, 1],
    [0, -1, -1, 0, 2, 0],
    [1, 1, 0, -2, 1, 0],
    [0, 0, 1, -1, 0, 1],
  ]
  const kernel = [-1, 0, 1, 0, 2, 1, 1, 0, -1]

  test('gives 3 0 0 1 in the first row, and begins the second with 0', async () => {
    const layer = conv2d(1, { kernel: 3, bias: false })
    const output = await apply(layer, tensor(rows.flat(), [6, 6, 1]), tensor(kernel, [1, 1, 3, 3]))
    expect(output.shape.slice(-3)).toEqual([4, 4, 1])
    expect([...output.data.subarray(0, 5)]).toEqual([3, 0, 0, 1, 0])
  })
})

describe('three kernels on the corner of a colour picture', () => {
  const red = [156, 155, 153, 154]
  const green = [167, 166, 164, 165]
  const blue = [163, 162, 160, 161]
  const picture = tensor(
    red.flatMap((value, i) => [value, green[i] as number, blue[i] as number]),
    [2, 2, 3],
  )
  const kernels = [-1, -1, 1, 0, 1, -1, 0, 1, 1, 1, 0, 0, 1, -1, -1, 1, 0, -1, 0, 1, 1, 0, 1, 0, 1, -1, 1]

  test('give 308, -498 and 164 one by one', async () => {
    const layer = conv2d(3, { kernel: 3, padding: 1, groups: 3, bias: false })
    const output = await apply(layer, picture, tensor(kernels, [3, 1, 3, 3]))
    expect([...output.data.subarray(0, 3)]).toEqual([308, -498, 164])
  })

  test('give -25 together with a bias of 1', async () => {
    const layer = conv2d(1, { kernel: 3, padding: 1 })
    const output = await apply(layer, picture, tensor(kernels, [1, 3, 3, 3]), tensor([1], [1]))
    expect(output.data[0]).toBe(-25)
  })
})

describe('a kernel on a picture', async () => {
  const file = fileURLToPath(new URL('../demo/digits/2-b.png', import.meta.url))
  const { data, info } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const picture = tensor([...data], [height, width, 1])
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (data[y * width + x] as number)

  const filter = async (kernel: readonly number[]) =>
    (await apply(conv2d(1, { kernel: 3, padding: 1, bias: false }), picture, tensor(kernel, [1, 1, 3, 3]))).data
  const expected = (value: (x: number, y: number) => number) =>
    Float32Array.from(data, (_, i) => value(i % width, Math.floor(i / width)))

  test('that is 1 in its middle gives the picture', async () => {
    expect(await filter([0, 0, 0, 0, 1, 0, 0, 0, 0])).toEqual(expected(at))
  })

  test('that is 1 on its left moves the picture to the right', async () => {
    expect(await filter([0, 0, 0, 1, 0, 0, 0, 0, 0])).toEqual(expected((x, y) => at(x - 1, y)))
  })

  test('of ninths gives the mean of the neighbourhood', async () => {
    const exact = expected((x, y) => {
      let sum = 0
      for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += at(x + dx, y + dy)
      return sum / 9
    })
    // Nine products, the rounding of 1/9 and that of the expected mean.
    expectWithin(await filter(new Array<number>(9).fill(1 / 9)), {
      data: exact,
      error: exact.map((mean) => gamma(11) * mean),
    })
  })

  test('that takes the neighbours from five times the middle sharpens', async () => {
    const sharpened = await filter([0, -1, 0, -1, 5, -1, 0, -1, 0])
    expect(sharpened).toEqual(
      expected((x, y) => 5 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1)),
    )
    const contrast = (values: Iterable<number>) => Math.max(...values) - Math.min(...values)
    expect(contrast(sharpened)).toBeGreaterThan(contrast(data))
  })
})

describe('sizes that textbooks state', () => {
  test('the first convolution of the original AlexNet turns 3 x 227 x 227 into 96 x 55 x 55', () => {
    const net = model({ input: [227, 227, 3] }, conv2d(96, { kernel: 11, stride: 4, exact: true }))
    expect(net.outputs.output).toEqual([55, 55, 96])
    expect(net.parameterCount).toBe((11 * 11 * 3 + 1) * 96)
    const { layers } = createModel('alexnet_2012').summary({ print: false })
    expect(layers.find(({ path }) => path === 'conv1')?.outputShape).toEqual([55, 55, 96])
  })

  test('pooling by 2 turns 224 x 224 x 64 into 112 x 112 x 64', async () => {
    const net = model({ input: [224, 224, 64] }, maxPool2d({ kernel: 2, stride: 2 }))
    expect(net.outputs.output).toEqual([112, 112, 64])
    const session = await net.compile({ threads: 1 })
    const input = new Float32Array(224 * 224 * 64).fill(-1)
    input[64 + 3] = 2
    const { output } = await session.run({ input })
    session.dispose()
    expect(output.shape.slice(-3)).toEqual([112, 112, 64])
    expect(output.data[3]).toBe(2)
    expect(output.data[4]).toBe(-1)
  })
})
