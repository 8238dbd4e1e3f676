import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError } from '../lib/errors.js'
import {
  type AnySym,
  gru,
  type Layer,
  lstm,
  matmul,
  model,
  module,
  multiHeadAttention,
  sequential,
  Tensor,
} from '../lib/index.js'

const trace = (shape: readonly number[], layer: unknown) => () =>
  model({ input: shape }, sequential(layer as unknown as Layer))
const parametersOf = (shape: readonly number[], layer: unknown) =>
  trace(shape, layer)()
    .parameters()
    .map((parameter) => [parameter.path, parameter.shape])

describe('matmul', () => {
  test('multiplies matrices', async () => {
    const net = model({ a: [2, 3], b: [3, 1] }, ({ a, b }) => matmul(a, b))
    const session = await net.compile({ threads: 1 })
    const a = new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3])
    const { output } = await session.run({ a, b: new Tensor(Float32Array.of(1, 10, 100), [1, 3, 1]) })
    session.dispose()
    expect(output).toMatchObject({ shape: [1, 2, 1], data: Float32Array.of(321, 654) })
  })

  test('refuses what does not fit', () => {
    const pair =
      (a: readonly number[], b: readonly number[], options = {}) =>
      () =>
        model({ a, b }, (x) => matmul(x.a as AnySym, x.b as AnySym, options) as AnySym)
    expect(pair([2, 3], [2, 3])).toThrow(/matmul 'matmul' takes matrices that fit but received \[2, 3\] and \[2, 3\]/)
    expect(pair([2, 2, 3], [3, 3, 2])).toThrow(ShapeError)
    expect(pair([2], [2])).toThrow(ShapeError)
    expect(pair([2, 3], [2, 3], { transposeB: 1 })).toThrow(/transposeB of matmul to be a boolean/)
    expect(pair([2, 3], [2, 3], { transposeA: true })).toThrow(OptionError)
  })
})

describe('multiHeadAttention', () => {
  test('has the parameters of PyTorch', () => {
    expect(parametersOf([10, 6], multiHeadAttention(3))).toEqual([
      ['0.in_proj_weight', [18, 6]],
      ['0.in_proj_bias', [18]],
      ['0.out_proj.weight', [6, 6]],
      ['0.out_proj.bias', [6]],
    ])
    expect(parametersOf([4, 5, 6], multiHeadAttention(2, { bias: false }))).toHaveLength(2)
    expect(trace([4, 5, 6], multiHeadAttention(2))().outputs).toEqual({ output: [4, 5, 6] })
  })

  test('refuses what cannot be', () => {
    expect(() => multiHeadAttention(0)).toThrow(OptionError)
    expect(() => multiHeadAttention(2, { bias: 1 } as never)).toThrow(/bias of multiHeadAttention to be a boolean/)
    expect(trace([10, 6], multiHeadAttention(4))).toThrow(/with channels that 4 heads divide but received \[10, 6\]/)
    expect(trace([6], multiHeadAttention(2))).toThrow(ShapeError)
  })
})

describe('recurrent layers', () => {
  test('have the parameters of PyTorch', () => {
    expect(parametersOf([10, 6], gru(4))).toEqual([
      ['0.weight_ih_l0', [12, 6]],
      ['0.bias_ih_l0', [12]],
      ['0.weight_hh_l0', [12, 4]],
      ['0.bias_hh_l0', [12]],
    ])
    const names = parametersOf([10, 6], lstm(4, { numLayers: 2, bidirectional: true, bias: false })).map(
      ([path]) => path,
    )
    expect(names).toEqual(
      ['l0', 'l0_reverse', 'l1', 'l1_reverse'].flatMap((name) => [`0.weight_ih_${name}`, `0.weight_hh_${name}`]),
    )
  })

  test('give the states behind the last step', () => {
    const m = { cells: lstm(4, { bidirectional: true }) }
    const net = module(m, (x: AnySym) => {
      const { output, hidden, cell } = m.cells.withStates(x)
      return { output: output as AnySym, backward: hidden[1] as AnySym, cell: cell[0] as AnySym }
    })
    const { outputs } = model({ input: [10, 6] as readonly number[] }, net)
    expect(outputs).toEqual({ output: [10, 8], backward: [1, 4], cell: [1, 4] })
  })

  test('refuse what cannot be', () => {
    expect(() => lstm(0)).toThrow(/hiddenSize of lstm to be a positive integer/)
    expect(() => gru(4, { numLayers: 0 })).toThrow(OptionError)
    expect(() => gru(4, { layers: 2 } as never)).toThrow(OptionError)
    expect(trace([4, 5, 6], lstm(4))).toThrow(/lstm '0' takes \[length, channels\] but received \[4, 5, 6\]/)
    const cells = gru(4)
    const net = (x: AnySym) => cells.withStates(x, { hidden: [x] }).output
    expect(() => model({ input: [10, 6] }, net)).toThrow(/takes 1 first states of 4 units but received \[\[10, 6\]\]/)
  })

  test.each<[layer: ReturnType<typeof lstm>, initial: unknown, message: string]>([
    [gru(2), null, "Expected options of withStates of gru 'gru' to be an object but received null"],
    [
      gru(2),
      {},
      "Expected hidden of the first states of gru 'gru' to be a list of symbolic tensors but received undefined",
    ],
    [gru(2), { hidden: 5 }, "hidden of the first states of gru 'gru' to be a list"],
    [
      gru(2),
      { hidden: [5] },
      "hidden of the first states of gru 'gru' to be a list of symbolic tensors but received [5]",
    ],
    [gru(2), { hidden: [], cell: [] }, `withStates of gru 'gru' has no option "cell"`],
    [lstm(2), { cell: [] }, "hidden of the first states of lstm 'lstm' to be a list"],
    [lstm(2), { hidden: [], cells: [] }, `withStates of lstm 'lstm' has no option "cells"`],
  ])('refuse first states that are no lists of values: %#', (layer, initial, message) => {
    const attempt = () =>
      model({ input: [10, 6] }, (x) => layer.withStates(x as never, initial as never).output as AnySym)
    expect(attempt).toThrow(OptionError)
    expect(attempt).toThrow(message)
  })

  test('take hidden states alone, the cells of an LSTM then being zeros', async () => {
    const m = { cells: lstm(2, { bidirectional: true }) }
    const states = { first: [2], second: [2] } as const
    const hiddenOnly = model(
      { x: [3, 4], ...states },
      module(m, ({ x, first, second }: Record<string, AnySym>) => {
        const hidden = [first, second] as readonly AnySym[]
        return m.cells.withStates(x as AnySym, { hidden }).output as AnySym
      }) as never,
    )
    const both = model(
      { x: [3, 4], ...states, zero: [2] },
      module(m, ({ x, first, second, zero }: Record<string, AnySym>) => {
        const [hidden, cell] = [[first, second] as readonly AnySym[], [zero, zero] as readonly AnySym[]]
        return m.cells.withStates(x as AnySym, { hidden, cell }).output as AnySym
      }) as never,
    )
    const random = (...shape: readonly number[]) =>
      new Tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i + shape.length)),
        shape,
      )
    const inputs = { x: random(2, 3, 4), first: random(2, 2), second: random(2, 2) }
    const run = async (net: typeof both, given: Record<string, Tensor>) => {
      const session = await net.randomizeWeights({ seed: 3 }).compile({ threads: 1 })
      const outputs = (await session.run(given as never)) as Record<string, Tensor>
      session.dispose()
      return outputs.output?.data
    }
    const expected = await run(both, { ...inputs, zero: Tensor.zeros([2, 2]) })
    expect(await run(hiddenOnly as never, inputs)).toEqual(expected)
  })
})
