import { describe, expect, test, vi } from 'vitest'
import {
  type AnySym,
  add,
  batchNorm,
  blurPool2d,
  concat,
  conv1d,
  conv2d,
  convTranspose2d,
  correlation,
  createModel,
  dense,
  depthwiseConv2d,
  efficientChannelAttention,
  flatten,
  globalAvgPool,
  gru,
  type Layer,
  lstm,
  maxPool2d,
  maxPool2dWithIndices,
  maxUnpool2d,
  model,
  module,
  multiHeadAttention,
  pad,
  permute,
  pixelShuffle,
  pixelUnshuffle,
  relu,
  relu6,
  reshape,
  resize,
  sequential,
  slice,
  squeezeExcite,
} from '../lib/index.js'

const quiet = { print: false }

const vgg = (widths: readonly (number | 'pool')[]) =>
  sequential(
    ...widths.flatMap((width): Layer[] =>
      width === 'pool' ? [maxPool2d({ kernel: 2 })] : [conv2d(width, { kernel: 3, padding: 1 }), relu],
    ),
  )

const vgg16 = [
  64,
  64,
  'pool',
  128,
  128,
  'pool',
  256,
  256,
  256,
  'pool',
  512,
  512,
  512,
  'pool',
  512,
  512,
  512,
  'pool',
] as const

describe('the data of a summary', () => {
  test("of AlexNet's first layer are what the textbooks count", () => {
    const { layers, ...total } = model({ input: [227, 227, 3] }, conv2d(96, { kernel: 11, stride: 4 })).summary(quiet)
    expect(layers).toEqual([
      {
        path: '',
        type: 'conv2d',
        outputShape: [55, 55, 96],
        parameterCount: 34_944,
        macs: 105_415_200,
        receptiveField: { size: [11, 11], jump: [4, 4], start: [5.5, 5.5] },
        outputBytes: 55 * 55 * 96 * 4,
      },
    ])
    expect(total).toMatchObject({ parameterCount: 34_944, macs: 105_415_200, parameterBytes: 139_776 })
  })

  test("of VGG-16's convolutions have its published size, work and receptive field", () => {
    const summary = model({ input: [224, 224, 3] }, vgg(vgg16)).summary(quiet)
    expect(summary.parameterCount).toBe(14_714_688)
    expect(summary.macs).toBe(15_346_630_656)
    expect(summary.layers.at(-1)).toMatchObject({
      outputShape: [7, 7, 512],
      receptiveField: { size: [212, 212], jump: [32, 32], start: [16, 16] },
    })
  })

  test('count a shared layer once as parameters and twice as work', () => {
    const m = { conv: conv2d(4, { kernel: 3, padding: 1 }) }
    const summary = model(
      { input: [8, 8, 4] },
      module(m, (x: AnySym) => m.conv(m.conv(x))),
    ).summary(quiet)
    expect(summary.layers.map(({ parameterCount }) => parameterCount)).toEqual([148, 0])
    expect(summary.parameterCount).toBe(148)
    expect(summary.macs).toBe(2 * 8 * 8 * 4 * 4 * 9)
  })

  test('count learnable parameters, and the bytes of all that is stored', () => {
    const summary = model({ input: [8, 8, 4] }, batchNorm()).summary(quiet)
    expect(summary).toMatchObject({ parameterCount: 8, parameterBytes: 4 * 4 * 4, macs: 0 })
  })

  test('count the work of every step of a recurrent layer', () => {
    expect(model({ input: [20, 16] }, lstm(32, { bias: false }) as Layer).macs).toBe(20 * 4 * 32 * (16 + 32))
    expect(model({ input: [20, 16] }, gru(32) as Layer).macs).toBe(20 * 3 * 32 * (16 + 32))
  })

  test('count grouped and dense work', () => {
    const macs = (shape: readonly number[], layer: Layer) => model({ input: shape }, layer).macs
    expect(macs([8, 8, 32], depthwiseConv2d({ kernel: 3, padding: 1 }))).toBe(8 * 8 * 32 * 9)
    expect(macs([8, 8, 32], conv2d(64, { kernel: 3, padding: 1, groups: 4 }))).toBe(8 * 8 * 64 * 8 * 9)
    expect(macs([10, 2], conv1d(3, { kernel: 3 }))).toBe(8 * 3 * 2 * 3)
    expect(macs([784], dense(10))).toBe(7840)
    expect(macs([8, 8, 4], maxPool2d({ kernel: 2 }))).toBe(0)
  })

  test('name the layers', () => {
    const net = sequential(depthwiseConv2d({ kernel: 3 }), relu6, relu, globalAvgPool(), flatten, dense(2))
    const { layers } = model({ input: [8, 8, 4] }, net).summary(quiet)
    expect(layers.map(({ path, type }) => `${path} ${type}`)).toEqual([
      '0 depthwiseConv2d',
      '1 relu6',
      '2 relu',
      '3 globalAvgPool',
      '4 flatten',
      '5 dense',
    ])
  })
})

describe('the receptive field', () => {
  const last = (shape: readonly number[], layer: Layer) =>
    model({ input: shape }, layer).summary(quiet).layers.at(-1)?.receptiveField

  test('grows with dilation and differs by axis', () => {
    expect(last([32, 32, 1], conv2d(1, { kernel: 3, dilation: 4 }))).toEqual({
      size: [9, 9],
      jump: [1, 1],
      start: [4.5, 4.5],
    })
    expect(last([32, 32, 1], conv2d(1, { kernel: [3, 7], stride: [1, 2] }))).toEqual({
      size: [3, 7],
      jump: [1, 2],
      start: [1.5, 3.5],
    })
  })

  test('is that of the widest branch', () => {
    const m = { one: conv2d(4, { kernel: 1 }), five: conv2d(4, { kernel: 5, padding: 2 }) }
    expect(
      last(
        [9, 9, 4],
        module(m, (x: AnySym) => concat(m.one(x), m.five(x))),
      ),
    ).toEqual({ size: [5, 5], jump: [1, 1], start: [0.5, 0.5] })
    expect(
      last(
        [9, 9, 4],
        module(m, (x: AnySym) => add(m.five(x), x)),
      ),
    ).toEqual({ size: [5, 5], jump: [1, 1], start: [0.5, 0.5] })
  })

  test('of global pooling and of flattening is the whole', () => {
    const whole = { size: [16, 12], jump: [16, 12], start: [8, 6] }
    expect(last([16, 12, 4], globalAvgPool())).toEqual(whole)
    expect(last([16, 12, 4], sequential(flatten, dense(3)))).toEqual(whole)
    expect(last([16, 12, 4], sequential(globalAvgPool(), flatten))).toEqual(whole)
  })

  test('passes through resizing, padding and slices', () => {
    const half = conv2d(4, { kernel: 3, stride: 2, padding: 1 }) as Layer
    const through = (layer: unknown) => last([16, 16, 4], sequential(half, layer as Layer))
    expect(through(resize({ scaleFactor: 2 }))).toEqual({ size: [3, 3], jump: [1, 1], start: [0, 0] })
    expect(through(resize({ scaleFactor: 2, mode: 'bilinear' }))).toEqual({ size: [5, 5], jump: [1, 1], start: [0, 0] })
    for (const mode of ['constant', 'reflect', 'replicate', 'circular'] as const) {
      expect(
        through(
          pad(
            [
              [1, 1],
              [2, 0],
              [0, 0],
            ],
            { mode },
          ),
        ),
      ).toEqual({ size: [3, 3], jump: [2, 2], start: [-1.5, -3.5] })
    }
    const sliced = (x: AnySym) => slice(x, { start: 1, end: 8, step: 3, axis: 0 }) as AnySym
    expect(through(sliced)).toEqual({ size: [3, 3], jump: [6, 2], start: [2.5, 0.5] })
    expect(last([8, 8, 4], convTranspose2d(4, { kernel: 2, stride: 2 }) as Layer)).toEqual({
      size: [1, 1],
      jump: [0.5, 0.5],
      start: [0.25, 0.25],
    })
  })

  test('keeps the jump and start of an image that meets what is the same everywhere', () => {
    const three = () => conv2d(16, { kernel: 3, padding: 1 }) as Layer
    expect(last([32, 32, 16], sequential(three(), squeezeExcite(16)))).toEqual({
      size: [34, 34],
      jump: [1, 1],
      start: [0.5, 0.5],
    })
    expect(last([32, 32, 16], sequential(three(), squeezeExcite(16), three()))).toMatchObject({ size: [36, 36] })
    expect(last([32, 32, 16], sequential(three(), efficientChannelAttention(16)))).toMatchObject({ size: [34, 34] })
  })

  test('of attention between all pixels is the whole', () => {
    const field = last([8, 6, 16], sequential(conv2d(16, { kernel: 3, padding: 1 }), multiHeadAttention(2)))
    expect(field).toEqual({ size: [10, 8], jump: [1, 1], start: [0.5, 0.5] })
  })

  test('follows the axes of reshaped and permuted values', () => {
    const down = (): Layer => conv2d(4, { kernel: [3, 5], stride: [2, 1], padding: [1, 2] })
    const through = (...layers: unknown[]) => last([16, 12, 4], sequential(down(), ...(layers as Layer[])))
    const own = { size: [3, 5], jump: [2, 1], start: [0.5, 0.5] }
    expect(through(permute([1, 0, 2]))).toEqual(own)
    expect(through(permute([1, 0, 2]), conv2d(4, { kernel: [3, 1], padding: [1, 0] }))).toEqual({
      ...own,
      size: [3, 7],
    })
    expect(through(reshape([8 * 12, 4], { order: 'channels-last' }))).toEqual(own)
    // A window over the pixels one behind the other may reach any of them.
    expect(
      through(reshape([8 * 12, 4], { order: 'channels-last' }), conv1d(4, { kernel: 3, padding: 1 })),
    ).toMatchObject({
      size: [17, 16],
    })
    expect(through(permute([2, 0, 1]))).toMatchObject({ size: [3, 16] })
    expect(through(pixelShuffle(2))).toEqual({ size: [3, 5], jump: [1, 0.5], start: [0.5, 0.5] })
    expect(through(pixelUnshuffle(2))).toEqual({ size: [5, 6], jump: [4, 2], start: [1.5, 1] })
  })

  test('knows windows, unpooling, correlation and recurrence', () => {
    expect(last([32, 32, 4], blurPool2d({ kernel: 3, stride: 2 }))).toEqual({
      size: [3, 3],
      jump: [2, 2],
      start: [0.5, 0.5],
    })
    const pooled = (x: AnySym) => {
      const [values, indices] = maxPool2dWithIndices({ kernel: 2 })(x)
      return maxUnpool2d({ kernel: 2 })(values, indices) as AnySym
    }
    expect(last([8, 8, 4], pooled as Layer)).toEqual({ size: [2, 2], jump: [1, 1], start: [0.5, 0.5] })
    const m = { five: conv2d(4, { kernel: 5, padding: 2 }) }
    const compare = correlation({ patchSize: 5, patchDilation: 2 })
    const pair = module(m, (x: AnySym) => compare(x, m.five(x)))
    expect(last([16, 16, 4], pair as Layer)).toEqual({ size: [13, 13], jump: [1, 1], start: [0.5, 0.5] })
    expect(last([20, 4], lstm(3) as Layer)).toEqual({ size: [20], jump: [1], start: [0.5] })
  })

  // Table 1 of Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019.
  test.each([
    ['alexnet', 'features', 195],
    ['vgg16', 'features', 212],
    ['mobilenetv1_100', 'blocks', 315],
    ['inception_v3', 'Mixed_7c', 1311],
  ])('of %s is the published one', (name, layer, size) => {
    const { layers } = createModel(name as 'vgg16').summary(quiet)
    const { receptiveField } = layers.findLast(({ path }) => path.startsWith(layer)) as (typeof layers)[number]
    expect(receptiveField).toMatchObject({ size: [size, size], jump: [32, 32] })
  })

  test('does not exist for a flat input', () => {
    expect(last([7], dense(3))).toEqual({ size: [], jump: [], start: [] })
  })
})

describe('the table', () => {
  const net = model({ input: [28, 28, 1] }, sequential(conv2d(6, { kernel: 5, padding: 2 }), relu, flatten, dense(10)))

  test('lines up layers, shapes, parameters, work and receptive fields', () => {
    expect(String(net.summary(quiet))).toBe(
      [
        'layer  type     output       KiB  parameters     MACs  receptive field  jump  start',
        '-----  -------  -----------  ---  ----------  -------  ---------------  ----  -----',
        'input  input    28 x 28 x 1    4           0        0                1     1    0.5',
        '0      conv2d   28 x 28 x 6   19         156  117,600                5     1    0.5',
        '1      relu     28 x 28 x 6   19           0        0                5     1    0.5',
        '2      flatten  4704          19           0        0               32    28     14',
        '3      dense    10             1      47,050   47,040               32    28     14',
        '-----  -------  -----------  ---  ----------  -------  ---------------  ----  -----',
        'total                                 47,206  164,640',
        'weights: 0.18 MiB as float32',
      ].join('\n'),
    )
  })

  test('is printed unless that is declined', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      net.summary(quiet)
      expect(log).not.toHaveBeenCalled()
      const summary = net.summary()
      expect(log.mock.calls).toEqual([[summary.toString()]])
    } finally {
      log.mockRestore()
    }
  })
})
