import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  channelShuffle,
  chunk,
  concat,
  conv2d,
  globalResponseNorm,
  type Layer,
  layerNorm,
  layerScale,
  logSoftmax,
  model,
  module,
  multiply,
  OptionError,
  pointwiseDense,
  prelu,
  ShapeError,
  sequential,
  slice,
  split,
  stochasticDepth,
  Tensor,
} from '../lib/index.js'

type Shape = readonly number[]
const nodesOf = (shape: Shape, net: Layer) => model({ input: shape }, net).graph.nodes
const parametersOf = (shape: Shape, child: Layer) =>
  model(
    { input: shape },
    module({ child }, (x: AnySym) => child(x)),
  )
    .parameters()
    .map((parameter) => [parameter.path, parameter.shape])

describe('multiply', () => {
  test.each([
    [
      [4, 5, 8],
      [4, 5, 8],
      [4, 5, 8],
    ],
    [
      [4, 5, 8],
      [1, 1, 8],
      [4, 5, 8],
    ],
    [[4, 5, 8], [8], [4, 5, 8]],
    [
      [4, 5, 1],
      [4, 5, 8],
      [4, 5, 8],
    ],
    [[1], [4, 5, 8], [4, 5, 8]],
    [
      [4, 1, 8],
      [1, 5, 8],
      [4, 5, 8],
    ],
    [
      [9, 3],
      [1, 3],
      [9, 3],
    ],
  ])('of %j and %j', (a, b, expected) => {
    const net = (x: Record<'a' | 'b', AnySym>) => multiply(x.a, x.b)
    expect(model({ a, b } as Record<string, readonly number[]>, net as never).outputs).toEqual({ output: expected })
  })

  test.each([
    [
      [4, 5, 8],
      [4, 8],
    ],
    [
      [4, 5, 8],
      [2, 5, 8],
    ],
    [[4, 5, 8], [7]],
  ])('refuses %j and %j', (a, b) => {
    const net = (x: Record<'a' | 'b', AnySym>) => multiply(x.a, x.b)
    expect(() => model({ a, b } as Record<string, readonly number[]>, net as never)).toThrow(ShapeError)
  })
})

describe('slice, split and chunk', () => {
  test('cut ranges of the channels', () => {
    const net = (x: AnySym) => ({
      middle: slice(x, { start: 2, end: 5 }),
      first: slice(x, { end: 3 }),
      ...split(x, [1, 5]),
      chunks: chunk(x, 3)[2],
    })
    const { graph, outputs } = model({ input: [2, 3, 6] } as Record<string, Shape>, net as never)
    expect(outputs).toEqual({
      0: [2, 3, 1],
      1: [2, 3, 5],
      middle: [2, 3, 3],
      first: [2, 3, 3],
      chunks: [2, 3, 2],
    })
    expect(graph.nodes.map(({ op, attributes }) => [op, attributes])).toEqual(
      [2, 0, 0, 1, 0, 2, 4].map((start) => ['slice', { start }]),
    )
  })

  test('work on vectors, too', () => {
    expect(nodesOf([6], (x) => chunk(x, 2)[1] as AnySym)[1]).toMatchObject({ op: 'slice', attributes: { start: 3 } })
  })

  test('refuse what does not fit', () => {
    const of = (net: (x: AnySym) => unknown) => () => model({ input: [2, 2, 6] } as Record<string, Shape>, net as never)
    expect(of((x) => slice(x, { start: 2, end: 7 }))).toThrow(
      /slice 'slice' takes at least 7 channels but received \[2, 2, 6\]/,
    )
    expect(of((x) => split(x, [2, 3]))).toThrow(/split 'split' into \[2, 3\] takes 5 channels but received \[2, 2, 6\]/)
    expect(of((x) => chunk(x, 4))).toThrow(/chunk 'chunk': 4 chunks do not divide the 6 channels of \[2, 2, 6\]/)
    for (const net of [
      (x: AnySym) => slice(x, { start: 3, end: 3 }),
      (x: AnySym) => slice(x, { start: -1, end: 3 }),
      (x: AnySym) => slice(x, { end: 1.5 }),
      (x: AnySym) => slice(x, { stop: 3, end: 2 } as never),
      (x: AnySym) => split(x, []),
      (x: AnySym) => split(x, 3 as never),
      (x: AnySym) => split(x, [0, 6]),
      (x: AnySym) => chunk(x, 0),
    ]) {
      expect(of(net)).toThrow(OptionError)
    }
  })
})

describe('channelShuffle', () => {
  test('keeps the shape', () => {
    expect(nodesOf([4, 4, 6], channelShuffle(3))[0]).toMatchObject({ op: 'channelShuffle', attributes: { groups: 3 } })
  })

  test('refuses groups that do not divide the channels', () => {
    expect(() => channelShuffle(0)).toThrow(/groups of channelShuffle to be a positive integer/)
    expect(() => nodesOf([4, 4, 6], channelShuffle(4))).toThrow(
      /channelShuffle: 4 groups do not divide the 6 channels of \[4, 4, 6\]/,
    )
    expect(() => nodesOf([4, 4, 6], channelShuffle(4))).toThrow(ShapeError)
  })
})

describe('layers with a parameter for each channel', () => {
  test('have the parameters of PyTorch', () => {
    expect(parametersOf([4, 4, 6], layerNorm())).toEqual([
      ['child.weight', [6]],
      ['child.bias', [6]],
    ])
    expect(parametersOf([4, 4, 6], prelu())).toEqual([['child.weight', [6]]])
    expect(parametersOf([4, 4, 6], prelu({ shared: true }))).toEqual([['child.weight', [1]]])
    expect(parametersOf([4, 4, 6], layerScale())).toEqual([['child', [6, 1, 1]]])
    expect(parametersOf([4, 4, 6], layerScale({ flat: true }))).toEqual([['child', [6]]])
    expect(parametersOf([4, 4, 6], layerScale({ shared: true }))).toEqual([['child', []]])
    expect(parametersOf([4, 4, 6], globalResponseNorm())).toEqual([
      ['child.weight', [6]],
      ['child.bias', [6]],
    ])
  })

  test('a scale comes before the parameters of the children beside it, as in PyTorch', () => {
    const block = () => {
      const m = { branch: sequential(layerNorm()), first: layerScale(), second: layerScale() }
      return module(m, (x: AnySym) => m.second(m.first(m.branch(x))))
    }
    const blocks = sequential(block(), block())
    const paths = model({ input: [4, 4, 6] as readonly number[] }, blocks)
      .parameters()
      .map(({ path }) => path)
    const own = ['first', 'second', 'branch.0.weight', 'branch.0.bias']
    expect(paths).toEqual([0, 1].flatMap((index) => own.map((name) => `${index}.${name}`)))
  })

  test('refuse bad options', () => {
    expect(() => layerScale({ flat: true, shared: true })).toThrow(
      /flat of layerScale to be false where shared is true.*true/,
    )
    expect(() => globalResponseNorm({ eps: 0 })).toThrow(/eps of globalResponseNorm to be a positive number/)
    expect(() => nodesOf([6], globalResponseNorm())).toThrow(
      /globalResponseNorm takes a value with spatial axes but received \[6\]/,
    )
    expect(() => layerNorm({ eps: -1 })).toThrow(/eps of layerNorm to be a number of at least 0/)
    expect(() => layerNorm({ eps: Number.NaN })).toThrow(OptionError)
    expect(() => prelu({ shared: 1 as never })).toThrow(/shared of prelu to be a boolean/)
    expect(() => prelu({ share: true } as never)).toThrow(/Did you mean shared\?/)
  })

  test('layerNorm has the eps of ConvNeXt', () => {
    expect(nodesOf([6], sequential(layerNorm()))[0]?.attributes).toEqual({ eps: 1e-6 })
  })
})

test('pointwiseDense is a convolution of 1 x 1 with the weight of a dense layer', () => {
  for (const shape of [
    [9, 6],
    [4, 5, 6],
  ]) {
    const net = model({ input: shape as readonly number[] }, sequential(pointwiseDense(8)))
    expect(net.outputs.output).toEqual([...shape.slice(0, -1), 8])
    expect(net.parameters().map((parameter) => parameter.shape)).toEqual([[8, 6], [8]])
    expect(net.macs).toBe(shape.reduce((product, size) => product * size, 8))
    expect(net.graph.nodes[0]).toMatchObject({ op: 'conv', attributes: { kernel: shape.slice(1).map(() => 1) } })
  }
  expect(parametersOf([4, 5, 6], pointwiseDense(8, { bias: false }))).toEqual([['child.weight', [8, 6]]])
  expect(() => pointwiseDense(0)).toThrow(OptionError)
  expect(() => pointwiseDense(8, { biases: true } as never)).toThrow(/Did you mean bias\?/)
  expect(() => model({ input: [6] as readonly number[] }, sequential(pointwiseDense(8)))).toThrow(
    /pointwiseDense '0' takes a value with spatial axes but received \[6\]\. Use dense/,
  )
})

test('pointwiseDense computes what a 1 x 1 convolution computes', async () => {
  const values = Float32Array.from({ length: 3 * 2 * 5 }, (_, i) => Math.sin(i))
  const input = new Tensor(values, [1, 3, 2, 5])
  const run = async (layer: Layer, weightShape: readonly number[]) => {
    const net = model({ input: [3, 2, 5] as readonly number[] }, sequential(layer))
    const weight = Float32Array.from({ length: 4 * 5 }, (_, i) => Math.cos(i))
    await net.loadWeights(
      new Map([
        ['0.weight', new Tensor(weight, weightShape)],
        ['0.bias', new Tensor(Float32Array.of(1, 2, 3, 4), [4])],
      ]),
    )
    const session = await net.compile({ threads: 1 })
    const { output } = await session.run({ input })
    session.dispose()
    return output
  }
  const dense = await run(pointwiseDense(4), [4, 5])
  const conv = await run(conv2d(4, { kernel: 1 }), [4, 5, 1, 1])
  expect(dense?.shape).toEqual([1, 3, 2, 4])
  expect(dense?.data).toEqual(conv?.data)
})

test('logSoftmax and stochasticDepth', () => {
  expect(nodesOf([6], logSoftmax)[0]).toMatchObject({ op: 'logSoftmax' })
  expect(nodesOf([6], stochasticDepth({ p: 0.2 }))[0]).toMatchObject({
    op: 'identity',
    attributes: { of: 'stochasticDepth' },
  })
  expect(() => stochasticDepth({ p: 2 })).toThrow(/p of stochasticDepth to be a probability/)
  expect(() => stochasticDepth({} as never)).toThrow(OptionError)
})

test('a channel shuffle is what ShuffleNet writes with chunks and concat', async () => {
  const rows = Float32Array.from({ length: 12 }, (_, i) => i)
  const run = async (net: Layer) => {
    const session = await model({ input: [2, 6] }, net).compile()
    const { output } = session.runSync({ input: rows }) as Record<string, { readonly data: Float32Array }>
    session.dispose()
    return output?.data
  }
  const written = (x: AnySym) => {
    const [a, b, c] = chunk(x, 3).map((part) => chunk(part, 2))
    const nth = (i: number) => [a, b, c].map((parts) => parts?.[i] as AnySym)
    return concat(...nth(0), ...nth(1))
  }
  expect(await run(channelShuffle(3))).toEqual(Float32Array.of(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11))
  expect(await run(channelShuffle(3))).toEqual(await run(written as Layer))
})
