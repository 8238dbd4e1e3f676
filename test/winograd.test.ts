/** The rounding errors of Winograd's forms beside those of direct summation, and when they are taken. */

import { describe, expect, test } from 'vitest'
import { engineInfo } from '../lib/engine.js'
import type { ConvAlgorithm } from '../lib/graph/lowering.js'
import { conv2d, depthwiseConv2d, type Model, model, Tensor } from '../lib/index.js'
import { randomSource } from './support/random.js'
import { conv, makeTensor } from './support/reference-ops.js'

const OUT_CHANNELS = 8

interface Form {
  readonly algorithm: ConvAlgorithm
  readonly kernel: readonly [number, number]
  readonly stride?: number
  readonly depths: readonly number[]
}

const FORMS: readonly Form[] = [
  { algorithm: 'winograd2', kernel: [3, 3], depths: [12, 64, 256] },
  { algorithm: 'winograd4', kernel: [3, 3], depths: [12, 64, 256] },
  { algorithm: 'winograd2', kernel: [5, 5], depths: [12, 64, 192] },
  { algorithm: 'winograd4', kernel: [4, 4], depths: [12, 64] },
  { algorithm: 'winograd4', kernel: [1, 3], depths: [12, 64, 256] },
  { algorithm: 'winograd3', kernel: [1, 7], depths: [12, 64, 192] },
  { algorithm: 'winograd3', kernel: [7, 1], depths: [12, 64, 192] },
  { algorithm: 'winograd4', kernel: [7, 7], stride: 2, depths: [3, 16] },
  { algorithm: 'winograd4', kernel: [11, 11], stride: 4, depths: [3] },
]

/** Without fused multiply-adds the transforms round twice as often. */
const MOST = engineInfo().isa === 'scalar' ? 5 : 4

const COARSE: Form = { algorithm: 'winograd6', kernel: [3, 3], depths: [12, 64, 256] }

describe("Winograd's errors", () => {
  for (const { algorithm, kernel, stride = 1, depths } of FORMS) {
    test.each(depths)(
      `${algorithm}, ${kernel.join(' x ')} with stride ${stride}: at most ${MOST} times direct's, %i channels`,
      async (depth) => {
        const ratio = await errorRatio(algorithm, kernel, stride, depth)
        expect(ratio).toBeLessThan(MOST)
      },
    )
  }

  test.each(COARSE.depths)('F(6 x 6, 3 x 3): at most 12 times, and more than 4, %i channels', async (depth) => {
    const ratio = await errorRatio(COARSE.algorithm, COARSE.kernel, 1, depth)
    expect(ratio).toBeLessThan(12)
    expect(ratio).toBeGreaterThan(4)
  })
})

describe("the nested form's errors", () => {
  test.each([17, 23, 31])(
    `a depthwise kernel of %i taps along each axis: at most ${MOST} times those of direct summation`,
    async (size) => {
      const ratio = await nestedErrorRatio(size)
      expect(ratio).toBeLessThan(MOST)
    },
  )
})

describe('the option accuracy', () => {
  const net = model({ input: [48, 48, 64] }, conv2d(64, { kernel: 3, padding: 1 })).randomizeWeights()
  const chosen = async (options: Parameters<Model['compile']>[0]) => {
    const session = await net.compile({ threads: 1, ...options })
    const steps = await session.profile({ input: new Float32Array(48 * 48 * 64) })
    session.dispose()
    return steps.find(({ op }) => op === 'conv')?.algorithm
  }

  test('takes F(6 x 6, 3 x 3) only when it is fast', async () => {
    expect(await chosen({})).toBe('winograd4')
    expect(await chosen({ accuracy: 'fast' })).toBe('winograd6')
    expect(await chosen({ accuracy: 'fast', memory: 'low' })).toMatch(/^direct/)
  })

  test('has two values', async () => {
    const options = { accuracy: 'exact' } as unknown as Parameters<Model['compile']>[0]
    await expect(net.compile(options)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringMatching(/accuracy/),
    })
  })
})

/** The root mean square error of an algorithm on normally distributed data over that of direct summation. */
async function errorRatio(
  algorithm: ConvAlgorithm,
  kernel: readonly [number, number],
  stride: number,
  depth: number,
): Promise<number> {
  const [height, width] = [5 * stride * 4 + 1, 4 * stride * 4 + 2]
  const [top, left] = [kernel[0] >> 1, kernel[1] >> 1]
  const options = { kernel, stride, padding: { top, bottom: top, left, right: left }, bias: false }
  const net: Model = model({ input: [height, width, depth] }, conv2d(OUT_CHANNELS, options) as never)
  const normal = normalSource(7)
  const weight = Float32Array.from({ length: OUT_CHANNELS * depth * kernel[0] * kernel[1] }, normal)
  const input = Float32Array.from({ length: height * width * depth }, normal)
  await net.loadWeights(new Map([['weight', new Tensor(weight, [OUT_CHANNELS, depth, ...kernel])]]))
  const [outHeight = 0, outWidth = 0] = net.outputs.output ?? []
  const window = {
    kernel: [1, ...kernel],
    stride: [1, stride, stride],
    dilation: [1, 1, 1],
    padStart: [0, top, left],
    groups: 1,
    flip: false,
  } as const
  const exact = conv(makeTensor(1, [1, height, width, depth], input), [1, outHeight, outWidth, OUT_CHANNELS], window, {
    weight,
  })

  return (await errorOf(net, algorithm, input, exact.data)) / (await errorOf(net, 'direct', input, exact.data))
}

/** The same for a depthwise convolution by the nested form. */
async function nestedErrorRatio(size: number): Promise<number> {
  const [height, width, channels, padding] = [24, 21, 16, size >> 1]
  const layer = depthwiseConv2d({ kernel: size, padding, bias: false })
  const net: Model = model({ input: [height, width, channels] }, layer as never)
  const normal = normalSource(11)
  const weight = Float32Array.from({ length: channels * size * size }, normal)
  const input = Float32Array.from({ length: height * width * channels }, normal)
  await net.loadWeights(new Map([['weight', new Tensor(weight, [channels, 1, size, size])]]))
  const window = {
    kernel: [1, size, size],
    stride: [1, 1, 1],
    dilation: [1, 1, 1],
    padStart: [0, padding, padding],
    groups: channels,
    flip: false,
  } as const
  const image = [1, height, width, channels] as const
  const exact = conv(makeTensor(1, image, input), image, window, { weight })
  return (await errorOf(net, 'nested', input, exact.data)) / (await errorOf(net, 'planes', input, exact.data))
}

/** Length of the vector of an algorithm's errors. */
async function errorOf(
  net: Model,
  algorithm: ConvAlgorithm,
  input: Float32Array,
  exact: ArrayLike<number>,
): Promise<number> {
  const session = await net.compile({ threads: 1, algorithm })
  const [step] = (await session.profile({ input })).filter(({ op }) => op === 'conv')
  expect(step?.algorithm).toMatch(new RegExp(`^${algorithm}`))
  const { output } = session.runSync({ input })
  session.dispose()
  const squares = (output as Tensor).data.reduce((sum, value, i) => sum + (value - (exact[i] as number)) ** 2, 0)
  return Math.sqrt(squares)
}

/** Normally distributed numbers by Box and Muller's method. */
function normalSource(seed: number): () => number {
  const random = randomSource(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
