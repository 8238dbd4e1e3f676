import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError } from '../lib/errors.js'
import {
  type AnySym,
  chunk,
  conv1d,
  gridSample,
  type Layer,
  model,
  pad,
  permute,
  pixelShuffle,
  pixelUnshuffle,
  reshape,
  resize,
  scaledStdConv2d,
  sequential,
  slice,
  split,
  stdConv2d,
  Tensor,
  unflatten,
} from '../lib/index.js'

/** What a layer makes of 0, 1, 2, ... */
async function run(shape: readonly number[], layer: unknown): Promise<Tensor> {
  const session = await model({ input: shape }, layer as Layer).compile({ threads: 1 })
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
  const { output } = (await session.run({ input: new Tensor(data, [1, ...shape]) })) as Record<string, Tensor>
  session.dispose()
  return output as Tensor
}

const values = async (shape: readonly number[], layer: unknown) => [...(await run(shape, layer)).data]
const trace = (shape: readonly number[], layer: unknown) => () => model({ input: shape }, layer as Layer)

describe('pad', () => {
  test('puts around a row what the mode says', async () => {
    const row = [4, 1]
    expect(await values(row, pad(2))).toEqual([0, 0, 0, 1, 2, 3, 0, 0])
    expect(await values(row, pad(1, { value: 9 }))).toEqual([9, 0, 1, 2, 3, 9])
    expect(await values(row, pad({ left: 2, right: 1 }, { mode: 'reflect' }))).toEqual([2, 1, 0, 1, 2, 3, 2])
    expect(await values(row, pad({ left: 2, right: 1 }, { mode: 'replicate' }))).toEqual([0, 0, 0, 1, 2, 3, 3])
    expect(await values(row, pad({ left: 2, right: 1 }, { mode: 'circular' }))).toEqual([2, 3, 0, 1, 2, 3, 0])
  })

  test('pads channels by a list of pairs', async () => {
    expect(
      await values(
        [2, 2],
        pad([
          [0, 0],
          [1, 2],
        ]),
      ),
    ).toEqual([0, 0, 1, 0, 0, 0, 2, 3, 0, 0])
  })

  test('refuses what cannot be', () => {
    expect(() => pad(-1)).toThrow(/padding of pad to be a non-negative integer/)
    expect(() => pad(1, { mode: 'reflect', value: 9 })).toThrow(/value of pad to be 0 with mode 'reflect'/)
    expect(() => pad({ left: 1 } as never)).toThrow(OptionError)
    expect(() => pad({ left: 1, top: 1 } as never)).toThrow(/an object of left and right/)
    expect(() => pad([[1]] as never)).toThrow(/a pair \[before, after\] for each axis/)
    expect(() => pad(1, { mode: 'mirror' } as never)).toThrow(/mode of pad/)
    expect(() => pad(1, { value: Number.NaN })).toThrow(/value of pad to be a finite number/)
    expect(trace([4, 1], pad(4, { mode: 'reflect' }))).toThrow(
      /pad: reflect padding of 4 \+ 4 is more than an axis of 4 has/,
    )
    expect(trace([4, 1], pad({ left: 1, right: 1, top: 1, bottom: 1 }))).toThrow(/pad of 3 axes does not fit \[4, 1\]/)
  })
})

describe('reshape', () => {
  test('keeps the order of PyTorch, as flatten does, or that of the shape', async () => {
    expect(await values([2, 2], reshape([4]))).toEqual([0, 2, 1, 3])
    expect(await values([2, 2], reshape([4], { order: 'channels-last' }))).toEqual([0, 1, 2, 3])
    expect(await values([4], reshape([2, 2]))).toEqual([0, 2, 1, 3])
    expect((await run([6, 4], reshape([-1, 3, 2]))).shape).toEqual([1, 4, 3, 2])
  })

  test('goes through a flat value where sizes have nothing in common', async () => {
    const there = (x: AnySym) => reshape([9, 4], { order: 'channels-last' })(x) as AnySym
    expect(await values([6, 6], there)).toEqual(Array.from({ length: 36 }, (_, i) => i))
    expect(model({ input: [6, 6] }, there as Layer).graph.nodes).toHaveLength(2)
  })

  test('refuses what cannot be', () => {
    expect(() => reshape([])).toThrow(/a list of 1 to 4 sizes/)
    expect(() => reshape([-1, -1])).toThrow(/at most one -1/)
    expect(() => reshape([0])).toThrow(OptionError)
    expect(() => reshape([1], { order: 'torch' } as never)).toThrow(/order of reshape/)
    expect(trace([5], reshape([2, 2]))).toThrow(/reshape to \[2, 2\] does not fit the 5 elements of \[5\]/)
    expect(trace([5], reshape([2, -1]))).toThrow(ShapeError)
  })
})

describe('permute, unflatten, pixelShuffle', () => {
  test('take elements to their places', async () => {
    expect(await values([2, 3], permute([1, 0]))).toEqual([0, 3, 1, 4, 2, 5])
    expect((await run([2, 6], unflatten(-1, [3, 2]))).shape).toEqual([1, 2, 3, 2])
    expect(await values([1, 1, 4], pixelShuffle(2))).toEqual([0, 1, 2, 3])
    expect(await values([2, 2, 1], pixelUnshuffle(2))).toEqual([0, 1, 2, 3])
  })

  test('refuse what cannot be', () => {
    expect(() => permute([0, 2])).toThrow(/axes of permute to be a permutation/)
    expect(trace([2, 3], permute([0, 1, 2]))).toThrow(/permute takes a value of 3 axes but received \[2, 3\]/)
    expect(() => unflatten(0, [])).toThrow(/sizes of unflatten/)
    expect(trace([2, 3], unflatten(2, [3, 1]))).toThrow(/axis of unflatten to be an integer from -2 to 1/)
    expect(trace([2, 3], unflatten(1, [2, 2]))).toThrow(/unflatten of axis 1 into \[2, 2\] does not fit \[2, 3\]/)
    expect(trace([2, 2, 6], pixelShuffle(2))).toThrow(/pixelShuffle: 4 does not divide the channels of \[2, 2, 6\]/)
    expect(trace([2, 3, 6], pixelUnshuffle(2))).toThrow(/pixelUnshuffle: 2 does not divide height and width/)
    expect(trace([2, 4], pixelShuffle(2))).toThrow(
      /pixelShuffle takes \[height, width, channels\] but received \[2, 4\]/,
    )
    expect(() => pixelShuffle(1.5)).toThrow(OptionError)
  })
})

describe('slice, split and chunk of an axis', () => {
  test('cut rows and columns', async () => {
    expect(await values([4, 1], (x: AnySym) => slice(x, { start: 1, end: 4, axis: 0, step: 2 }))).toEqual([1, 3])
    expect(await values([2, 2, 1], (x: AnySym) => split(x, [1, 1], { axis: 1 })[1])).toEqual([1, 3])
    expect(await values([4, 1], (x: AnySym) => (chunk(x, 2, { axis: 0 }) as readonly AnySym[])[1])).toEqual([2, 3])
  })

  test('name the axis when they refuse', () => {
    expect(trace([4, 1], (x: AnySym) => slice(x, { end: 5, axis: 0 }))).toThrow(
      /takes at least 5 elements on axis 0 but received \[4, 1\]/,
    )
    expect(trace([4, 1], (x: AnySym) => slice(x, { end: 1, axis: 2 }))).toThrow(
      /axis of slice 'slice' to be an integer from -2 to 1/,
    )
    expect(trace([4, 1], (x: AnySym) => slice(x, { end: 1, step: 0 }))).toThrow(
      /step of slice to be a positive integer/,
    )
    expect(trace([4, 1], (x: AnySym) => split(x, [1, 2], { axis: 0 })[0])).toThrow(
      /into \[1, 2\] takes 3 elements on axis 0/,
    )
    expect(trace([4, 1], (x: AnySym) => (chunk(x, 3, { axis: 0 }) as readonly AnySym[])[0])).toThrow(
      /3 chunks do not divide the 4 elements on axis 0/,
    )
  })
})

describe('resize and gridSample', () => {
  test('resize an image by its sizes where they stay or double, as PyTorch, but no volume', async () => {
    expect(await values([1, 3, 1], resize({ scaleFactor: [1, 2.3] }))).toEqual([0, 0, 1, 1, 2, 2])
    expect(await values([1, 2, 1], resize({ scaleFactor: [1, 1.3] }))).toEqual([0, 1])
    expect(await values([1, 1, 3, 1], resize({ scaleFactor: [1, 1, 2.3] }))).toEqual([0, 0, 0, 1, 1, 2])
    expect(await values([1, 1, 2, 1], resize({ scaleFactor: [1, 1, 1.3] }))).toEqual([0, 0])
  })

  test('resize a row', async () => {
    expect(await values([2, 1], resize({ scaleFactor: 2 }))).toEqual([0, 0, 1, 1])
    expect(await values([3, 1], resize({ scaleFactor: 2.3 }))).toEqual([0, 0, 0, 1, 1, 2])
    expect(await values([2, 1], resize({ scaleFactor: 1.3 }))).toEqual([0, 0])
    expect(await values([2, 1], resize({ size: 4, mode: 'linear' }))).toEqual([0, 0.25, 0.75, 1])
    expect(await values([2, 1], resize({ size: 3, mode: 'linear', alignCorners: true }))).toEqual([0, 0.5, 1])
    expect(await values([4, 1], resize({ size: 2, mode: 'area' }))).toEqual([0.5, 2.5])
  })

  test('refuse what cannot be', () => {
    expect(() => resize({})).toThrow(/either size or scaleFactor/)
    expect(() => resize({ size: 1, scaleFactor: 1 })).toThrow(OptionError)
    expect(() => resize({ size: 1, mode: 'cubic' } as never)).toThrow(/mode of resize/)
    expect(() => resize({ size: 1, alignCorners: true })).toThrow(
      /alignCorners of resize to be false with mode 'nearest'/,
    )
    expect(() => resize({ size: 1, mode: 'linear', antialias: true })).toThrow(/antialias of resize to be false/)
    expect(() => resize({ size: 0 })).toThrow(/size of resize to be a positive integer/)
    expect(() => resize({ scaleFactor: 0 })).toThrow(/scaleFactor of resize to be a positive number/)
    expect(trace([4, 1], resize({ size: 2, mode: 'bilinear' }))).toThrow(
      /resize with mode 'bilinear' takes 2 spatial axes but received \[4, 1\]/,
    )
    expect(trace([4, 1], resize({ size: [2, 2] }))).toThrow(/takes as many as numbers \(\[2, 2\]\) spatial axes/)
    expect(trace([2, 1], resize({ scaleFactor: 0.1 }))).toThrow(ShapeError)
    const grid = (options: object) => (x: AnySym) => gridSample(x, x, options)
    expect(trace([2, 2, 2], grid({ mode: 'linear' }))).toThrow(/mode of gridSample/)
    expect(trace([2, 2, 2], grid({ padding: 'constant' }))).toThrow(/padding of gridSample/)
    expect(trace([2, 2, 2, 3], grid({ mode: 'bicubic' }))).toThrow(/a volume and one of 3 \(not bicubic\)/)
    expect(trace([2, 2, 3], grid({}))).toThrow(/takes an image and a grid of 2 channels/)
  })
})

describe('convolutions with a padding mode', () => {
  test('pad before a convolution without padding', () => {
    const { graph, outputs } = model(
      { input: [5, 1] },
      sequential(conv1d(1, { kernel: 3, padding: 1, paddingMode: 'reflect' })),
    )
    expect(graph.nodes.map(({ op }) => op)).toEqual(['gather', 'conv'])
    expect(graph.nodes[1]).toMatchObject({ attributes: { padStart: [0], padEnd: [0] } })
    expect(outputs).toEqual({ output: [5, 1] })
    const plain = model({ input: [5, 1] }, sequential(conv1d(1, { kernel: 3, paddingMode: 'circular' })))
    expect(plain.graph.nodes.map(({ op }) => op)).toEqual(['conv'])
  })

  test('refuse what cannot be', () => {
    expect(() => conv1d(1, { kernel: 3, paddingMode: 'constant' } as never)).toThrow(/paddingMode of conv1d/)
    expect(
      trace([1, 1], sequential(conv1d(1, { kernel: 3, padding: 1, paddingMode: 'reflect' }) as unknown as Layer)),
    ).toThrow(/reflect padding of 1 \+ 1 is more than an axis of 1 has/)
  })
})

describe('convolutions of standardised weights', () => {
  test('have the parameters of timm', () => {
    const names = (layer: unknown) =>
      trace([5, 5, 2], sequential(layer as Layer))()
        .parameters()
        .map(({ path, shape }) => [path, shape])
    expect(names(scaledStdConv2d(4, { kernel: 3 }))).toEqual([
      ['0.weight', [4, 2, 3, 3]],
      ['0.bias', [4]],
      ['0.gain', [4, 1, 1, 1]],
    ])
    expect(names(stdConv2d(4, { kernel: 3, bias: false }))).toEqual([['0.weight', [4, 2, 3, 3]]])
  })

  test('refuse what cannot be', () => {
    expect(() => stdConv2d(4, { kernel: 3, eps: 0 })).toThrow(/eps of stdConv2d to be a positive number/)
    expect(() => scaledStdConv2d(4, { kernel: 3, gamma: -1 })).toThrow(
      /gamma of scaledStdConv2d to be a positive number/,
    )
    expect(() => stdConv2d(4, { kernel: 3, gamma: 1 } as never)).toThrow(
      /stdConv2d has no option 'gamma'|stdConv2d has no option "gamma"/,
    )
  })
})
