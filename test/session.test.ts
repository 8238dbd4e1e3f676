import { getEventListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  AbortError,
  add,
  batchNorm,
  conv2d,
  DisposedError,
  DTypeError,
  dense,
  engineInfo,
  flatten,
  globalAvgPool,
  model,
  OptionError,
  QueueFullError,
  relu,
  ShapeError,
  type Sym,
  sequential,
  softmax,
  Tensor,
  WeightsError,
} from '../lib/index.js'
import { createSession } from '../lib/session.js'
import { toChannelsFirst } from './support/check-layer.js'
import { GraphBuilder, product } from './support/graph-builder.js'
import { randomSource, randomValues } from './support/random.js'
import { evaluateGraph } from './support/reference.js'
import type { RefTensor } from './support/reference-ops.js'
import { sessionOf } from './support/session-of.js'
import { expectWithin } from './support/tolerance.js'

const size = [9, 8, 3] as const
const net = model(
  { input: size },
  sequential(conv2d(16, { kernel: 3, padding: 1 }), batchNorm(), relu, globalAvgPool(), flatten, dense(5), softmax),
).randomizeWeights({ seed: 7 })

const images = (batch: number, shape: readonly number[] = size, seed = 1) =>
  new Tensor(randomValues(batch * product(shape), randomSource(seed)), [batch, ...shape])

const reference = (input: Tensor) => {
  const [batch = 1, ...shape] = input.shape
  const graph = net.retrace({ input: shape })
  const expected = evaluateGraph(graph, net.weights, { input: input.data }, batch, { winogradOutputs: 4 })
  return expected.output as RefTensor
}

/** Large enough that a run takes tens of milliseconds. */
const slow = () => {
  const b = new GraphBuilder()
  let x = b.input('input', [96, 96, 64])
  for (let i = 0; i < 12; i++) x = b.activation(b.conv(x, 64, { kernel: [3, 3], padStart: [1, 1] }))
  return sessionOf(b.finish({ output: x }), b.parameters, { threads: 1, maxConcurrency: 1, maxQueue: 1 })
}
const slowInput = new Float32Array(96 * 96 * 64)

describe('a session', () => {
  let session: Awaited<ReturnType<typeof net.compile>>

  beforeAll(async () => {
    session = await net.compile({ threads: 2 })
  })

  afterAll(() => session.dispose())

  test('tells its inputs and outputs in its own axis order', async () => {
    expect(session.inputs).toEqual({ input: [9, 8, 3] })
    expect(session.outputs).toEqual({ output: [5] })
    const planar = await net.compile({ layout: 'nchw' })
    expect(planar.inputs).toEqual({ input: [3, 9, 8] })
    planar.dispose()
  })

  test('gives the same for a bare array, a tensor without batch and a batch of one', async () => {
    const input = images(1)
    const expected = reference(input)
    for (const value of [input, input.data, new Tensor(input.data, size)]) {
      const { output } = (await session.run({ input: value })) as { output: Tensor }
      expect(output.shape).toEqual([1, 5])
      expectWithin(output.data, expected)
      expect(session.runSync({ input: value })).toEqual({ output })
    }
  })

  test('takes channels first when it is compiled so', async () => {
    const planar = await net.compile({ layout: 'nchw', threads: 1 })
    const input = images(2)
    const { output } = planar.runSync({ input: toChannelsFirst(input) }) as { output: Tensor }
    expectWithin(output.data, reference(input))
    planar.dispose()
  })

  test('makes and keeps a plan for every batch and size, over one copy of the weights', async () => {
    const own = await net.compile({ threads: 1 })
    const { weightBytes, plans } = own.memory()
    expect(plans).toBe(1)
    for (const [batch, shape] of [
      [3, size],
      [1, [12, 5, 3]],
      [2, [1, 1, 3]],
      [3, size],
    ] as const) {
      const input = images(batch, shape)
      const run = (await own.run({ input })) as { output: Tensor }
      expect(run.output.shape).toEqual([batch, 5])
      expectWithin(run.output.data, reference(input))
      expect(own.runSync({ input })).toEqual(run)
    }
    expect(own.memory().plans).toBe(4)
    expect(own.memory().arenaBytes).toBeGreaterThan(0)
    expect(weightBytes).toBeGreaterThan(0)
    own.dispose()
  })

  test('runSync makes a plan, too', async () => {
    const own = await net.compile()
    const input = images(5)
    expectWithin((own.runSync({ input }) as { output: Tensor }).output.data, reference(input))
    own.dispose()
  })

  test('keeps a bounded number of plans, and runs that overlap their eviction end well', async () => {
    const own = await net.compile({ threads: 1 })
    const batches = Array.from({ length: 20 }, (_, i) => i + 1)
    const runs = await Promise.all(batches.map((batch) => own.run({ input: images(batch) })))
    runs.forEach((run, i) => {
      expectWithin((run as { output: Tensor }).output.data, reference(images(i + 1)))
    })
    expect(own.memory().plans).toBe(8)
    own.dispose()
  })

  test('runs at the same time, also with one input, and sync between', async () => {
    const inputs = [1, 2, 3, 1].map((seed) => images(1, size, seed))
    const pending = inputs.map((input) => session.run({ input }))
    const between = session.runSync({ input: inputs[0] as Tensor })
    const results = await Promise.all(pending)
    results.forEach((result, i) => {
      expectWithin((result as { output: Tensor }).output.data, reference(inputs[i] as Tensor))
    })
    expect(results[3]).toEqual(results[0])
    expect(between).toEqual(results[0])
  })

  test('copies the inputs when the run is called, even while a plan is being made', async () => {
    const own = await net.compile()
    for (const batch of [1, 4]) {
      const input = images(batch)
      const expected = reference(input)
      const run = own.run({ input })
      input.data.fill(Number.NaN)
      expectWithin(((await run) as { output: Tensor }).output.data, expected)
    }
    own.dispose()
  })

  test('profiles every step', async () => {
    const profile = await session.profile({ input: images(1) })
    expect(profile.map(({ op }) => op)).toEqual(['input', 'conv', 'adaptiveAvgPool', 'conv', 'softmax', 'output'])
    const conv = profile[1]
    expect(conv).toMatchObject({ name: '0', op: 'conv' })
    expect(conv?.algorithm).not.toBe('')
    let end = 0
    for (const step of profile) {
      expect(step.startMilliseconds).toBeGreaterThanOrEqual(end)
      end = step.startMilliseconds + step.milliseconds
      expect(step.shareOfPeak).toBeGreaterThan(0)
      expect(step.threads.length).toBeGreaterThan(0)
      expect(step.threads.every(({ thread }) => thread === 0 || thread === 1)).toBe(true)
    }
    const flops = 2 * 9 * 8 * 16 * 27
    const bytes = 4 * (9 * 8 * 3 + 9 * 8 * 16 + 16 * (27 + 1 + 1)) // weight, and the folded scale and shift
    expect((conv?.gflopsPerSecond ?? 0) * (conv?.milliseconds ?? 0) * 1e6).toBeCloseTo(flops)
    expect((conv?.gigabytesPerSecond ?? 0) * (conv?.milliseconds ?? 0) * 1e6).toBeCloseTo(bytes)
    expect(profile.at(-1)).toMatchObject({ op: 'output', boundBy: 'memory', gflopsPerSecond: 0 })
  })

  test('refuses to profile what it cannot run', async () => {
    await expect(session.profile({ input: new Float32Array(3) })).rejects.toThrow(ShapeError)
    await expect(session.profile({} as never)).rejects.toThrow(OptionError)
    const own = await net.compile({ threads: 1 })
    own.dispose()
    await expect(own.profile({ input: images(1) })).rejects.toThrow(DisposedError)
  })

  test('several inputs and outputs go by name, in any order', async () => {
    const pair = model(
      { left: [4], right: [4] },
      ({ left, right }: { readonly left: Sym<[4]>; readonly right: Sym<[4]> }) => ({
        sum: add(left, right),
        right: relu(right),
        same: left,
      }),
    )
    const own = await pair.compile()
    const outputs = own.runSync({ right: Float32Array.of(1, -2, 3, -4), left: Float32Array.of(10, 20, 30, 40) })
    expect(Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...data]]))).toEqual({
      sum: [11, 18, 33, 36],
      right: [1, 0, 3, 0],
      same: [10, 20, 30, 40],
    })
    own.dispose()
  })

  test('evaluates what is constant once, while it is compiled', async () => {
    const b = new GraphBuilder()
    const x = b.input('x', [3])
    const stored = b.activation(b.dense(b.constant([3]), 3), { kind: 'tanh' })
    const graph = b.finish({ y: b.add(x, stored), stored })
    const own = await sessionOf(graph, b.parameters)
    const input = Float32Array.of(1, 2, 3)
    const outputs = own.runSync({ x: input })
    const expected = evaluateGraph(graph, b.parameters, { x: input })
    for (const [name, tensor] of Object.entries(outputs)) expectWithin(tensor.data, expected[name] as RefTensor)
    expect((await own.profile({ x: input })).map(({ op }) => op)).toEqual([
      'input',
      'constant',
      'output',
      'add',
      'output',
    ])
    own.dispose()
  })
})

describe('a session refuses', () => {
  let session: Awaited<ReturnType<typeof net.compile>>
  const input = images(1)

  beforeAll(async () => {
    session = await net.compile({ threads: 1 })
  })

  afterAll(() => session.dispose())

  const cases: Record<string, { inputs: unknown; type: new (...args: never[]) => Error; message: RegExp }> = {
    'inputs that are missing': { inputs: {}, type: OptionError, message: /inputs input; missing: input/ },
    'inputs by other names': {
      inputs: { image: input },
      type: OptionError,
      message: /missing: input; unexpected: image/,
    },
    'inputs that are too many': {
      inputs: { input, more: input },
      type: OptionError,
      message: /unexpected: more/,
    },
    'a tensor instead of a record': { inputs: input, type: OptionError, message: /\{ input: tensor \}.*Tensor/ },
    'nothing at all': { inputs: undefined, type: OptionError, message: /\{ input: tensor \}.*undefined/ },
    'a list of numbers': { inputs: { input: [1, 2] }, type: OptionError, message: /Tensor or a Float32Array.*Array/ },
    'elements of another kind': {
      inputs: { input: new Float64Array(216) },
      type: DTypeError,
      message: /input 'input'.*Float32Array.*Float64Array/,
    },
    'an array of another length': {
      inputs: { input: new Float32Array(215) },
      type: ShapeError,
      message: /input 'input'.*216.*215/,
    },
    'another number of axes': {
      inputs: { input: new Tensor(input.data, [1, 1, 9, 8, 3]) },
      type: ShapeError,
      message: /\[N, 9, 8, 3\] or \[9, 8, 3\] but received \[1, 1, 9, 8, 3\]/,
    },
    'another number of channels': {
      inputs: { input: images(1, [9, 8, 4]) },
      type: ShapeError,
      message: /received \[1, 9, 8, 4\]: it has 4 channels but the network takes 3$/,
    },
    'channels first': {
      inputs: { input: toChannelsFirst(input) },
      type: ShapeError,
      message: /\[1, 3, 9, 8\].*looks like NCHW given for NHWC/,
    },
  }
  for (const [what, { inputs, type, message }] of Object.entries(cases)) {
    test(what, async () => {
      const error = await session.run(inputs as never).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(type)
      expect((error as Error).message).toMatch(message)
      expect(() => session.runSync(inputs as never)).toThrow(message)
    })
  }

  test('channels last when it is compiled for channels first', async () => {
    const planar = await net.compile({ layout: 'nchw' })
    expect(() => planar.runSync({ input: Tensor.zeros([1, 4, 9, 8]) })).toThrow(/it has 4 channels .* takes 3$/)
    expect(() => planar.runSync({ input })).toThrow(/looks like NHWC given for NCHW/)
    expect(() => planar.runSync({ input: new Tensor(input.data, size) })).toThrow(/looks like NHWC given for NCHW/)
    planar.dispose()
  })

  test('inputs of different batches', async () => {
    const pair = model({ a: [4], b: [4] }, ({ a, b }: { readonly a: Sym<[4]>; readonly b: Sym<[4]> }) => add(a, b))
    const own = await pair.compile()
    const inputs = { a: Tensor.zeros([2, 4]), b: Tensor.zeros([3, 4]) }
    expect(() => own.runSync(inputs)).toThrow(/same batch but 'a' has 2 and 'b' has 3/)
    own.dispose()
  })

  test('memory that was transferred away', async () => {
    const gone = images(1)
    structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] })
    expect(() => session.runSync({ input: gone })).toThrow(ShapeError)
    await expect(session.run({ input: gone })).rejects.toThrow(/216 elements but it has 0/)
  })

  test('options that make no sense', async () => {
    const bad = [
      { threads: 0 },
      { threads: 1.5 },
      { layout: 'hwc' },
      { precision: 'int8' },
      { memory: 'none' },
      { maxConcurrency: 0 },
      { maxQueue: -1 },
      { threads: 257 },
      { maxConcurrency: 1025 },
    ]
    for (const options of bad) {
      const [name] = Object.keys(options)
      const refusal = { code: 'ERR_OPTION', message: expect.stringMatching(new RegExp(`^Expected ${name} to be`)) }
      await expect(net.compile(options as never)).rejects.toMatchObject(refusal)
    }
    await expect(net.compile('fast' as never)).rejects.toThrow(/options of compile to be an object/)
  })

  test('options that do not exist', async () => {
    const refusal = (message: RegExp) => ({ code: 'ERR_OPTION', message: expect.stringMatching(message) })
    await expect(net.compile({ thread: 2 } as never)).rejects.toMatchObject(refusal(/"thread".*Did you mean threads\?/))
    await expect(net.compile({ tune: { cahce: 'x' } } as never)).rejects.toMatchObject(refusal(/Did you mean cache\?/))
    await expect(session.run({ input }, { timeout: 5 } as never)).rejects.toMatchObject(
      refusal(/run has no option "timeout"; it has signal/),
    )
    await expect(session.run({ input }, null as never)).rejects.toMatchObject(refusal(/options of run/))
  })

  test('a signal that is none, before anything has started', async () => {
    const own = await slow()
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    for (const signal of [new AbortController(), 'x', null, { aborted: false }]) {
      const running = own.run({ input: slowInput }, { signal } as never)
      await expect(running).rejects.toMatchObject({
        code: 'ERR_OPTION',
        message: expect.stringMatching(/^Expected signal of run to be an AbortSignal but received/),
      })
    }
    own.dispose()
    await setTimeout(50)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('parameters without data', async () => {
    const source = { graph: net.graph, retrace: () => net.graph, parameters: new Map() }
    await expect(createSession(source)).rejects.toThrow(WeightsError)
  })

  test('images of more pixels than the engine keeps offsets of', async () => {
    const huge = model({ input: [40000, 50000, 1] }, sequential(conv2d(1, { kernel: 3, padding: 1 })))
    await expect(huge.randomizeWeights().compile()).rejects.toThrow('the output has more than 2^28 pixels')
  })
})

describe('a run ends early', () => {
  test('when it was aborted before', async () => {
    const session = await net.compile()
    const reason = new Error('enough')
    const error = await session
      .run({ input: images(1) }, { signal: AbortSignal.abort(reason) })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(AbortError)
    expect((error as Error).cause).toBe(reason)
    session.dispose()
  })

  test('when it is aborted, running or waiting, and others go on', async () => {
    const session = await slow()
    const controller = new AbortController()
    const running = session.run({ input: slowInput }, { signal: controller.signal })
    const waiting = session.run({ input: slowInput })
    void setTimeout(2).then(() => controller.abort())
    const error = await running.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: controller.signal.reason })
    expect((await waiting).output?.shape).toEqual([1, 96, 96, 64])
    session.dispose()
  })

  test('when it shares its signal with many', async () => {
    const session = await net.compile()
    const { signal } = new AbortController()
    await session.run({ input: images(1) }, { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    const runs = Array.from({ length: 20 }, () => session.run({ input: images(1) }, { signal }))
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1)
    await Promise.all(runs)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)

    const slowOne = await slow()
    const controller = new AbortController()
    const together = [1, 2].map(() => slowOne.run({ input: slowInput }, { signal: controller.signal }))
    const settled = Promise.allSettled(together)
    await setTimeout(2)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort()
    const codes = (await settled).map((result) => result.status === 'rejected' && result.reason.code)
    expect(codes).toEqual(['ERR_ABORTED', 'ERR_ABORTED'])
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    session.dispose()
    slowOne.dispose()
  })

  test('when the session is disposed', async () => {
    const session = await slow()
    const running = session.run({ input: slowInput })
    const refused = expect(running).rejects.toThrow(DisposedError)
    session.dispose()
    await refused
    await expect(session.run({ input: slowInput })).rejects.toThrow(DisposedError)
    expect(() => session.runSync({ input: slowInput })).toThrow(DisposedError)
    expect(() => session.memory()).toThrow(DisposedError)
    session.dispose()
  })

  test('when the session is disposed while it makes the plan', async () => {
    const session = await net.compile()
    const running = session.run({ input: images(6) })
    const refused = expect(running).rejects.toThrow(DisposedError)
    session.dispose()
    await refused
  })

  test('when the queue is full', async () => {
    const session = await slow()
    const [first, second] = [session.run({ input: slowInput }), session.run({ input: slowInput })]
    const error = await session.run({ input: slowInput }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(QueueFullError)
    expect(error).toMatchObject({ code: 'ERR_QUEUE_FULL', expected: 1, actual: 1 })
    await Promise.all([first, second])
    expect((await session.run({ input: slowInput })).output?.shape).toEqual([1, 96, 96, 64])
    session.dispose()
  })
})

test('dispose frees the native memory, and `using` disposes', async () => {
  const before = engineInfo().memory
  const session = await net.compile()
  expect(engineInfo().memory.weightBytes).toBeGreaterThan(before.weightBytes)
  session[Symbol.dispose]()
  const other = await net.compile()
  await other[Symbol.asyncDispose]()
  expect(() => other.memory()).toThrow(DisposedError)
  expect(engineInfo().memory).toEqual(before)
})

describe('low memory', () => {
  const net = model({ input: [24, 24, 32] }, conv2d(32, { kernel: 3, padding: 1 })).randomizeWeights({ seed: 3 })
  const weightBytes = (net.parameterCount + 32) * Float32Array.BYTES_PER_ELEMENT

  test('packs no more than the weights', async () => {
    const [normal, low] = [await net.compile(), await net.compile({ memory: 'low' })]
    expect(normal.memory().weightBytes).toBeGreaterThan(1.5 * weightBytes)
    expect(low.memory().weightBytes).toBeLessThanOrEqual(weightBytes)
    const input = Float32Array.from({ length: 24 * 24 * 32 }, (_, i) => Math.sin(i))
    const [a, b] = [normal.runSync({ input }).output.data, low.runSync({ input }).output.data]
    expect(Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))))).toBeLessThan(1e-4)
  })

  test('keeps an infinity to the outputs that read it', async () => {
    const session = await net.compile({ memory: 'low' })
    const input = new Float32Array(24 * 24 * 32)
    input[0] = Number.POSITIVE_INFINITY
    const { data } = session.runSync({ input }).output
    const wrong = [...new Array(24 * 24).keys()].filter(
      (pixel) => !data.subarray(pixel * 32, pixel * 32 + 32).every(Number.isFinite),
    )
    expect(wrong).toEqual([0, 1, 24, 25])
  })
})
