import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError } from '../lib/errors.js'
import {
  type AnySym,
  affine,
  broadcastAdd,
  divide,
  glu,
  groupNorm,
  instanceNorm,
  type Layer,
  l2Normalize,
  maximum,
  maxout,
  minimum,
  model,
  pow,
  reduce,
  sequential,
  softmaxOver,
  subtract,
  Tensor,
} from '../lib/index.js'

/** What a layer makes of 0, 1, 2, ... */
async function values(shape: readonly number[], layer: unknown): Promise<readonly number[]> {
  const session = await model({ input: shape }, layer as Layer).compile({ threads: 1 })
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
  const { output } = (await session.run({ input: new Tensor(data, [1, ...shape]) })) as Record<string, Tensor>
  session.dispose()
  return [...(output as Tensor).data]
}

const trace = (shape: readonly number[], layer: unknown) => () => model({ input: shape }, layer as Layer)
const namesOf = (shape: readonly number[], layer: unknown) =>
  trace(shape, sequential(layer as Layer))()
    .parameters()
    .map(({ path }) => path)

describe('operators between values', () => {
  test('keep the order of their operands, whichever is repeated', async () => {
    const sum = reduce('sum', { axes: [-1], keepDims: true }) as Layer
    expect(await values([1, 2], (x: AnySym) => subtract(x, sum(x)))).toEqual([-1, 0])
    expect(await values([1, 2], (x: AnySym) => subtract(sum(x), x))).toEqual([1, 0])
    expect(await values([1, 3], (x: AnySym) => divide(x, sum(x)))).toEqual([0, 1, 2].map((x) => Math.fround(x / 3)))
    expect(await values([1, 3], (x: AnySym) => divide(sum(x), x))).toEqual([Number.POSITIVE_INFINITY, 3, 1.5])
    expect(await values([1, 3], (x: AnySym) => maximum(x, broadcastAdd(x, sum(x)) as AnySym))).toEqual([3, 4, 5])
    expect(await values([1, 3], (x: AnySym) => minimum(x, sum(x)))).toEqual([0, 1, 2])
    const [zero, one, eight] = (await values([1, 3], (x: AnySym) => pow(x, sum(x)))) as [number, number, number]
    expect([zero, one]).toEqual([0, 1])
    expect(eight).toBeCloseTo(8, 5)
  })

  test('refuse sizes that do not fit', () => {
    const grown = (x: AnySym) => subtract(x, glu(x) as AnySym)
    expect(trace([2, 4], grown)).toThrow(
      /subtract 'subtract' takes sizes that are equal or 1 but received \[2, 4\] and \[2, 2\]/,
    )
    expect(trace([2, 4], grown)).toThrow(ShapeError)
  })
})

describe('reduce', () => {
  test('drops axes or keeps them', async () => {
    expect(model({ input: [4, 5, 6] }, reduce('mean', { axes: [0, 1] })).outputs.output).toEqual([6])
    expect(model({ input: [4, 5, 6] }, reduce('mean', { axes: [-1] })).outputs.output).toEqual([4, 5])
    expect(model({ input: [4, 5, 6] }, reduce('mean', { axes: [0, 1, 2] })).outputs.output).toEqual([1])
    expect(await values([2, 3], reduce('sum', { axes: [0] }))).toEqual([3, 5, 7])
    expect(await values([2, 3], reduce('max', { axes: [1] }))).toEqual([2, 5])
    expect(await values([2, 3], reduce('l2', { axes: [0, 1] }))).toEqual([Math.fround(Math.sqrt(55))])
    expect(await values([2, 3], reduce('prod', { axes: [-1], keepDims: true }))).toEqual([0, 60])
    expect(await values([2, 3], reduce('min', { axes: [-1] }))).toEqual([0, 3])
  })

  test('sees the whole of the axes', () => {
    const { layers } = model({ input: [4, 5, 6] }, reduce('mean', { axes: [0], keepDims: true })).summary()
    expect(layers[0]).toMatchObject({ type: 'reduce mean', receptiveField: { size: [4, 1] } })
  })

  test('refuses what cannot be', () => {
    expect(() => reduce('median' as never, { axes: [0] })).toThrow(/operator of reduce/)
    expect(() => reduce('mean', { axes: [] })).toThrow(/axes of reduce to be a list of axes/)
    expect(() => reduce('mean', { axes: [0], keepdims: true } as never)).toThrow(/Did you mean keepDims\?/)
    expect(trace([2, 2], reduce('mean', { axes: [2] }))).toThrow(/axis of reduce to be an integer from -2 to 1/)
  })
})

describe('normalisation over pixels', () => {
  test('has the parameters of PyTorch', () => {
    expect(namesOf([4, 4, 6], groupNorm(3))).toEqual(['0.weight', '0.bias'])
    expect(namesOf([4, 4, 6], groupNorm(3, { affine: false }))).toEqual([])
    expect(namesOf([4, 4, 6], instanceNorm())).toEqual([])
    expect(namesOf([4, 4, 6], instanceNorm({ trackRunningStats: true }))).toEqual(['0.running_mean', '0.running_var'])
  })

  test('refuses what cannot be', () => {
    expect(() => groupNorm(0)).toThrow(OptionError)
    expect(() => groupNorm(2, { eps: -1 })).toThrow(/eps of groupNorm to be a number of at least 0/)
    expect(() => instanceNorm({ affine: 1 } as never)).toThrow(/affine of instanceNorm to be a boolean/)
    expect(() => l2Normalize({ eps: 0 })).toThrow(/eps of l2Normalize to be a positive number/)
    expect(trace([4, 4, 6], groupNorm(4))).toThrow(/groupNorm: 4 groups do not divide the 6 channels of \[4, 4, 6\]/)
  })
})

describe('gates and softmax', () => {
  test('join channels', async () => {
    expect(await values([6], maxout(2))).toEqual([1, 3, 5])
    expect(await values([6], maxout(3))).toEqual([2, 5])
    expect(await values([2, 1], softmaxOver([0]))).toHaveLength(2)
    expect(await values([1, 2], affine({ scale: 2, shift: 3 }))).toEqual([3, 5])
    expect(await values([2], l2Normalize())).toEqual([0, 1])
  })

  test('refuse what cannot be', () => {
    expect(trace([3], glu)).toThrow(/2 chunks do not divide the 3 channels/)
    expect(trace([3], maxout(2))).toThrow(/2 chunks do not divide the 3 channels/)
    expect(() => maxout(0)).toThrow(OptionError)
    expect(() => softmaxOver([])).toThrow(/axes of softmaxOver/)
    expect(trace([3, 2], softmaxOver([2]))).toThrow(/axis of softmaxOver to be an integer from -2 to 1/)
    expect(() => affine({ scale: Number.NaN })).toThrow(/scale of affine to be a finite number/)
  })
})
