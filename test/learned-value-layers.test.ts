import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  augmentedConv2d,
  broadcastAdd,
  constant,
  conv2d,
  type Layer,
  lowRankLocallyConnected2d,
  type Model,
  model,
  module,
  multiply,
  OptionError,
  parameter,
  partialConv2d,
  ShapeError,
  softmax,
  Tensor,
} from '../lib/index.js'
import { goldenWeights, inputOf, readGolden, readGoldenOutputs, relativeRms, toleranceOf } from './support/golden.js'
import { compareWithGolden } from './support/run-golden.js'
import { hasShared } from './support/shared.js'

type Shape = readonly number[]

const imageModel = (shape: Shape, net: unknown) => model({ input: shape } as Record<string, Shape>, net as never)

describe('a parameter as a value', () => {
  const net = () => {
    const m = { conv: conv2d(2, { kernel: 1, bias: false }), scale: parameter([1, 1, 2]), shift: parameter([3, 1]) }
    return imageModel(
      [2, 3, 1],
      module(m, (x: AnySym) => broadcastAdd(multiply(m.conv(x), m.scale(x)), softmax(m.shift(x)))),
    )
  }

  test('has the name of its layer and stands before what the children have', () => {
    expect(net().parameters()).toMatchObject([
      { path: 'scale', shape: [1, 1, 2], learnable: true },
      { path: 'shift', shape: [3, 1] },
      { path: 'conv.weight', shape: [2, 1, 1, 1] },
    ])
  })

  test('is repeated over the batch, and what depends on parameters alone is computed once', async () => {
    const built = net()
    await built.loadWeights(
      new Map([
        ['conv.weight', new Tensor(Float32Array.of(1, 2), [2, 1, 1, 1])],
        ['scale', new Tensor(Float32Array.of(10, 100), [1, 1, 2])],
        ['shift', new Tensor(Float32Array.of(5, 6, 7), [3, 1])],
      ]),
    )
    const session = await built.compile()
    const input = Float32Array.from({ length: 12 }, (_, i) => i)
    const outputs: Readonly<Record<string, Tensor>> = await session.run({ input: new Tensor(input, [2, 2, 3, 1]) })
    session.dispose()
    expect(outputs.output?.data).toEqual(Float32Array.from([...input].flatMap((x) => [10 * x + 1, 200 * x + 1])))
  })

  test.each<[unknown]>([[undefined], [null], [5], [{}], [[1, 2]]])('a constant is no %j', (value) => {
    expect(() => constant(value as never)).toThrow(OptionError)
    expect(() => constant(value as never)).toThrow('Expected the value of constant to be a Tensor')
  })

  test.each<[unknown, RegExp]>([
    [[], /shape of parameter to be one to 4 sizes/],
    [[1, 2, 3, 4, 5], /shape of parameter to be one to 4 sizes/],
    [7, /shape of parameter/],
    [[2, 0], /shape\[1\] of parameter/],
    [[Number.NaN], /shape\[0\] of parameter/],
    [[1.5], /shape\[0\] of parameter/],
  ])('of shape %j is refused', (shape, message) => {
    expect(() => parameter(shape as never)).toThrow(OptionError)
    expect(() => parameter(shape as never)).toThrow(message)
  })

  test('without a module that names it is refused', () => {
    const offset = parameter([1])
    expect(() => imageModel([2, 2, 1], (x: AnySym) => broadcastAdd(x, offset(x)))).toThrow(/nothing names them/)
  })
})

const expectState = (net: Model, name: string) => {
  const golden = readGolden(name)
  expect(net.parameters().map(({ path, shape }) => [path, shape])).toEqual(golden.state)
  expect(net.parameterCount).toBe(golden.params)
}

describe.skipIf(!hasShared('golden/authors'))('what the authors’ code gives', () => {
  const heads = { kernel: 3, heads: 4, keyChannels: 16, valueChannels: 8 }
  const asPublished = { ...heads, projectionKernel: 3, order: 'memory' } as const
  const lowRank = (options: object) => lowRankLocallyConnected2d(6, { kernel: 3, rank: 4, ...options } as never)

  test.each<[string, unknown]>([
    ['aa_conv_paper', augmentedConv2d(32, heads)],
    ['aa_conv', augmentedConv2d(32, asPublished)],
    ['aa_conv_s2', augmentedConv2d(32, { ...asPublished, stride: 2 })],
    ['aa_conv_norel', augmentedConv2d(32, { ...asPublished, relative: false })],
    ['lrlc_rowcol', lowRank({})],
    ['lrlc_row', lowRank({ weights: 'rows' })],
    ['lrlc_full', lowRank({ weights: 'places' })],
    ['lrlc_input', lowRank({ weights: 'input' })],
    ['lrlc_s2_plain', lowRank({ stride: 2, normalize: 'none' })],
  ])('%s', async (name, layer) => {
    const { error, tolerance, model: net } = await compareWithGolden(name, layer)
    expect(error).toBeLessThan(tolerance)
    expectState(net, name)
  })

  test.each([
    ['partial_conv_single', 1],
    ['partial_conv_multi', 4],
  ] as const)('%s', async (name, maskChannels) => {
    const golden = readGolden(name)
    const [, , height, width] = golden.input as readonly [number, number, number, number]
    const layer = partialConv2d(8, { kernel: 3, stride: 2, padding: 1 })
    const net = model(
      { image: [height, width, 4], mask: [height, width, maskChannels] } as Record<string, Shape>,
      module({ '': layer }, (value: Record<'image' | 'mask', AnySym>) => layer(value.image, value.mask)) as never,
    )
    const all = inputOf(golden.input)
    const plane = height * width
    const mask = all.slice(4 * plane).map((value) => (value > 0 ? 1 : 0))
    expectState(net as unknown as Model, name)
    await net.loadWeights(goldenWeights(golden))
    const session = await net.compile({ layout: 'nchw' })
    const outputs: Readonly<Record<string, Tensor>> = await session.run({
      image: new Tensor(all.slice(0, 4 * plane), [1, 4, height, width]),
      mask: new Tensor(mask, [1, maskChannels, height, width]),
    })
    session.dispose()
    const [expected, expectedMask] = readGoldenOutputs(golden) as [Float32Array, Float32Array]
    expect(relativeRms((outputs.output as Tensor).data, expected)).toBeLessThan(toleranceOf(golden, 0))
    const newMask = (outputs.mask as Tensor).data
    expect(newMask).toEqual(expectedMask.subarray(0, newMask.length))
  })
})

describe('what does not fit is refused', () => {
  const heads = { kernel: 3, heads: 4, keyChannels: 16, valueChannels: 8 }
  test.each<[() => unknown, string]>([
    [() => augmentedConv2d(32, { ...heads, kernel: 4 }), 'Expected kernel of augmentedConv2d to be odd but received 4'],
    [
      () => augmentedConv2d(32, { ...heads, keyChannels: 18 }),
      'keyChannels of augmentedConv2d to be a multiple of its 4',
    ],
    [() => augmentedConv2d(8, heads), 'valueChannels of augmentedConv2d to be fewer than its 8 output channels'],
    [
      () => augmentedConv2d(32, { ...heads, order: 'nchw' as never }),
      "order of augmentedConv2d to be 'heads' or 'memory'",
    ],
    [() => augmentedConv2d(32, { ...heads, dilation: 2 } as never), 'augmentedConv2d has no option "dilation"'],
    [() => augmentedConv2d(32, { ...heads, heads: Number.NaN }), 'heads of augmentedConv2d'],
    [() => lowRankLocallyConnected2d(4, { kernel: 3, rank: 0 }), 'rank of lowRankLocallyConnected2d'],
    [
      () => lowRankLocallyConnected2d(4, { kernel: 3, rank: 2, weights: 'all' as never }),
      'weights of lowRankLocallyConnected2d',
    ],
    [() => lowRankLocallyConnected2d(4, { kernel: 3, rank: 2, normalize: 'l1' as never }), 'to be softmax, l2, none'],
    [() => lowRankLocallyConnected2d(4, { kernel: 3, rank: 2, groups: 2 } as never), 'has no option "groups"'],
    [() => partialConv2d(4, { kernel: 3, rescale: 'sum' as never }), 'rescale of partialConv2d to be window, mean'],
    [() => partialConv2d(4, { kernel: 3, dilation: 2 } as never), 'has no option "dilation"'],
    [() => partialConv2d(-1, { kernel: 3 }), 'outChannels of partialConv2d'],
  ])('%#', (make, message) => {
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  test('values of other shapes', () => {
    const series = (layer: unknown) => () =>
      imageModel(
        [16, 8],
        module({ layer }, (x: AnySym) => (layer as Layer)(x)),
      )
    expect(series(augmentedConv2d(32, heads))).toThrow(ShapeError)
    expect(series(lowRankLocallyConnected2d(4, { kernel: 3, rank: 2 }))).toThrow(ShapeError)
    const conv = partialConv2d(4, { kernel: 3 })
    const masked = (mask: Shape) => () =>
      model(
        { image: [8, 8, 3], mask } as Record<string, Shape>,
        module({ conv }, (value: Record<'image' | 'mask', AnySym>) => conv(value.image, value.mask)) as never,
      )
    expect(masked([8, 8, 1])).not.toThrow()
    expect(masked([8, 8, 2])).toThrow('takes a mask [8, 8, 1 or 3] but received [8, 8, 2]')
    expect(masked([8, 7, 1])).toThrow(ShapeError)
  })
})
