import { setTimeout as delay } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProgram, createProgramSync, createWeightStore, fmaPeak, type NativeProgram } from '../lib/binding.js'
import { engineInfo } from '../lib/engine.js'
import type { PlanSpec } from '../lib/graph/plan-spec.js'
import { activationPlan, affinePlan } from './support/plans.js'

const SIZE = 1000
const invalid = { code: 'ERR_INVALID_ARGUMENT' }

const ramp = (size = SIZE): Float32Array => Float32Array.from({ length: size }, (_, i) => i - size / 2)
const rectified = (values: Float32Array): Float32Array => values.map((value) => Math.max(0, value))

function make(plan: PlanSpec, options: { threads?: number; maxConcurrency?: number } = {}): NativeProgram {
  return createProgramSync(createWeightStore(), plan, { threads: 2, maxConcurrency: 2, ...options })
}

/** Takes long enough that what a test does meanwhile happens during the run. */
const slow = (options?: { maxConcurrency?: number }) => make(activationPlan(1 << 18, 'tanh', 400), options)
const slowBuffers = () => [[new Float32Array(1 << 18).fill(0.5)], [new Float32Array(1 << 18)]] as const

describe('a program', () => {
  let relu: NativeProgram
  beforeAll(() => {
    relu = make(activationPlan(SIZE, 'relu'))
  })
  afterAll(() => relu.dispose())

  test('computes the same by run, runSync and profile', async () => {
    const input = ramp()
    const outputs = Array.from({ length: 3 }, () => new Float32Array(SIZE))
    await relu.run([input], [outputs[0] as Float32Array]).promise
    relu.runSync([input], [outputs[1] as Float32Array])
    await relu.profile([input], [outputs[2] as Float32Array])
    expect(outputs).toEqual(Array.from({ length: 3 }, () => rectified(input)))
  })

  test('is made off the main thread as well', async () => {
    const program = await createProgram(createWeightStore(), activationPlan(SIZE, 'relu'), { maxConcurrency: 1 })
    const output = new Float32Array(SIZE)
    program.runSync([ramp()], [output])
    expect(output).toEqual(rectified(ramp()))
  })

  test('tells its steps and its memory', () => {
    expect(relu.steps().map(({ name, op }) => `${op} ${name}`)).toEqual(['input x', 'activation relu0', 'output y'])
    expect(relu.steps().map(({ bytes }) => bytes)).toEqual([2 * SIZE * 4, 2 * SIZE * 4, 2 * SIZE * 4])
    for (const { algorithm, flops } of relu.steps()) {
      expect(algorithm).toBeTypeOf('string')
      expect(flops).toBeGreaterThanOrEqual(0)
    }
    expect(relu.memory().arenaBytes).toBe(2 * 1008 * 4)
    expect(relu.memory().scratchBytes).toBeGreaterThanOrEqual(0)
  })

  test('profiles each step', async () => {
    const steps = await relu.profile([ramp()], [new Float32Array(SIZE)])
    expect(steps).toHaveLength(3)
    let before = 0
    for (const { start, end, threads } of steps) {
      expect(start).toBeGreaterThanOrEqual(before)
      expect(end).toBeGreaterThan(start)
      before = end
      expect(threads).toHaveLength(2)
      const worked = threads.filter((span) => span.end > 0)
      expect(worked.length).toBeGreaterThan(0)
      for (const span of worked) {
        expect(span.start).toBeGreaterThanOrEqual(start)
        expect(span.end).toBeLessThanOrEqual(end)
        expect(span.end).toBeGreaterThanOrEqual(span.start)
      }
    }
  })

  test('has read its inputs when run returns, and writes no output before the promise settles', async () => {
    const input = ramp()
    const output = new Float32Array(SIZE).fill(-7)
    const { promise } = relu.run([input], [output])
    input.fill(9)
    expect(output.every((value) => value === -7)).toBe(true)
    await promise
    expect(output).toEqual(rectified(ramp()))
  })

  test('runs many times at once', async () => {
    const jobs = Array.from({ length: 200 }, (_, i) => {
      const output = new Float32Array(SIZE)
      return relu.run([ramp().fill(i)], [output]).promise.then(() => output)
    })
    const outputs = await Promise.all(jobs)
    expect(outputs.map((output) => new Set(output))).toEqual(outputs.map((_, i) => new Set([i])))
  })

  test('takes arrays that are a part of a larger buffer, of another realm, and over shared memory', async () => {
    const part = new Float32Array(SIZE + 3).subarray(3)
    const foreign = runInNewContext(`new Float32Array(${SIZE})`) as Float32Array
    const shared = new Float32Array(new SharedArrayBuffer(4 * SIZE))
    for (const input of [part, foreign, shared]) {
      input.set(ramp())
      for (const output of [
        new Float32Array(SIZE + 3).subarray(3),
        new Float32Array(new SharedArrayBuffer(4 * SIZE)),
      ]) {
        await relu.run([input], [output]).promise
        expect([...output]).toEqual([...rectified(ramp())])
        output.fill(-1)
        relu.runSync([input], [output])
        expect([...output]).toEqual([...rectified(ramp())])
      }
    }
  })

  const detached = () => {
    const array = new Float32Array(SIZE)
    structuredClone(array.buffer, { transfer: [array.buffer] })
    return array
  }
  test.each<[string, unknown, unknown, string]>([
    [
      'another kind',
      [new Float64Array(SIZE)],
      [new Float32Array(SIZE)],
      'inputs[0] must be a Float32Array but is a Float64Array',
    ],
    [
      'a plain array',
      [Array.from(ramp())],
      [new Float32Array(SIZE)],
      'inputs[0] must be a Float32Array but is an object',
    ],
    ['null', [null], [new Float32Array(SIZE)], 'inputs[0] must be a Float32Array but is null'],
    [
      'a DataView',
      [new DataView(new ArrayBuffer(4 * SIZE))],
      [new Float32Array(SIZE)],
      'inputs[0] must be a Float32Array but is an object',
    ],
    ['a short input', [ramp(SIZE - 1)], [new Float32Array(SIZE)], 'inputs[0] must have 1000 elements but has 999'],
    ['a long output', [ramp()], [new Float32Array(SIZE + 1)], 'outputs[0] must have 1000 elements but has 1001'],
    ['a detached input', [detached()], [new Float32Array(SIZE)], 'inputs[0] has a detached buffer'],
    ['a detached output', [ramp()], [detached()], 'outputs[0] has a detached buffer'],
    ['no inputs', [], [new Float32Array(SIZE)], 'inputs must have 1 buffers but has 0'],
    ['two outputs', [ramp()], [ramp(), ramp()], 'outputs must have 1 buffers but has 2'],
    ['no list', ramp(), [new Float32Array(SIZE)], 'inputs must be an array but is an object'],
  ])('refuses %s', (_, inputs, outputs, message) => {
    const arrays = [inputs, outputs] as [Float32Array[], Float32Array[]]
    expect(() => relu.runSync(...arrays)).toThrow(expect.objectContaining({ ...invalid, message }))
    expect(() => relu.run(...arrays)).toThrow(expect.objectContaining({ ...invalid, message }))
  })

  test('passes on what a getter throws', () => {
    const thrown = new RangeError('mine')
    const inputs = Object.defineProperty([], 0, {
      get() {
        throw thrown
      },
    }) as Float32Array[]
    expect(() => relu.runSync(inputs, [new Float32Array(SIZE)])).toThrow(thrown)
  })

  test('looks at the buffers after the getters that may take them away', () => {
    const input = ramp()
    const inputs = [input, input]
    const program = make({ ...activationPlan(SIZE, 'relu'), inputSizes: [SIZE, SIZE] })
    Object.defineProperty(inputs, 1, {
      get: () => {
        if (input.length > 0) structuredClone(input.buffer, { transfer: [input.buffer as ArrayBuffer] })
        return ramp()
      },
    })
    const message = 'inputs[0] has a detached buffer'
    expect(() => program.runSync(inputs, [new Float32Array(SIZE)])).toThrow(
      expect.objectContaining({ ...invalid, message }),
    )
  })
})

describe('a run under way', () => {
  test('can be cancelled, and then no more', async () => {
    const program = slow()
    const { promise, cancel } = program.run(...slowBuffers())
    await delay(5)
    cancel()
    await expect(promise).rejects.toMatchObject({ code: 'ERR_ABORTED', message: expect.stringContaining('cancelled') })
    cancel()
    await program.run(...slowBuffers()).promise
  })

  test('does not hold up the cancelling of one that waits behind it', async () => {
    const program = slow({ maxConcurrency: 1 })
    const order: string[] = []
    const first = program.run(...slowBuffers()).promise.then(() => order.push('first'))
    const second = program.run(...slowBuffers())
    second.cancel()
    await expect(second.promise.finally(() => order.push('second'))).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    await first
    expect(order).toEqual(['second', 'first'])
  })

  test('ends with ERR_DISPOSED when its program is disposed, as do those that wait', async () => {
    const program = slow({ maxConcurrency: 1 })
    const jobs = [1, 2, 3].map(() => program.run(...slowBuffers()).promise)
    const outcomes = Promise.allSettled(jobs)
    await delay(5)
    program.dispose()
    program.dispose()
    const disposed = expect.objectContaining({ code: 'ERR_DISPOSED', message: 'the program was disposed' })
    expect(await outcomes).toEqual(jobs.map(() => ({ status: 'rejected', reason: disposed })))
    expect(() => program.run(...slowBuffers())).toThrow(disposed)
    expect(() => program.runSync(...slowBuffers())).toThrow(disposed)
    expect(() => program.steps()).toThrow(disposed)
    expect(() => program.memory()).toThrow(disposed)
    await expect(program.profile(...slowBuffers())).rejects.toEqual(disposed)
  })

  test('survives the transfer of its buffers', async () => {
    const program = slow()
    const [inputs, outputs] = slowBuffers()
    const { promise } = program.run(inputs, outputs)
    const buffers = [...inputs, ...outputs].map(({ buffer }) => buffer)
    structuredClone(buffers, { transfer: buffers })
    await expect(promise).rejects.toMatchObject({ ...invalid, message: 'outputs[0] has a detached buffer' })
  })

  test('leaves the event loop free', async () => {
    const program = slow()
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const start = performance.now()
    await Promise.all(Array.from({ length: 8 }, () => program.run(...slowBuffers()).promise))
    const elapsed = performance.now() - start
    clearInterval(timer)
    expect(elapsed).toBeGreaterThan(50)
    expect(ticks).toBeGreaterThan(elapsed / 4)
  })
})

describe('weights', () => {
  const scale = () => ramp()
  const shift = () => ramp().map((value) => value / 2)
  const check = (program: NativeProgram) => {
    const output = new Float32Array(SIZE)
    program.runSync([new Float32Array(SIZE).fill(2)], [output])
    expect(output).toEqual(ramp().map((value) => 2 * value + value / 2))
  }

  test('are no longer needed when the program is made', async () => {
    const own: [Float32Array, Float32Array] = [scale(), shift()]
    const program = await createProgram(createWeightStore(), affinePlan(...own), { maxConcurrency: 1 })
    for (const array of own) array.fill(NaN)
    check(program)
  })

  test('over shared memory are taken as they are', async () => {
    const share = (values: Float32Array) => {
      const shared = new Float32Array(new SharedArrayBuffer(values.byteLength))
      shared.set(values)
      return shared
    }
    const plan = affinePlan(share(scale()), share(shift()))
    check(await createProgram(createWeightStore(), plan, { maxConcurrency: 1 }))
    check(make(plan))
  })

  test('that are transferred away while they are packed are noticed or copied by then', async () => {
    const size = 3 << 20
    const own: [Float32Array, Float32Array] = [new Float32Array(size).fill(2), new Float32Array(size).fill(1)]
    const making = createProgram(createWeightStore(), affinePlan(...own), { maxConcurrency: 1 })
    const buffers = own.map(({ buffer }) => buffer as ArrayBuffer)
    structuredClone(buffers, { transfer: buffers })
    const message = 'plan.steps[1].parameters.scale.data has a detached buffer'
    await expect(making).rejects.toMatchObject({ ...invalid, message })
  })

  test('of a store are packed once, and told in bytes', () => {
    const store = createWeightStore()
    expect(store.bytes()).toBe(0)
    const options = { maxConcurrency: 1 }
    const first = createProgramSync(store, affinePlan(scale(), shift()), options)
    const bytes = store.bytes()
    expect(bytes).toBeGreaterThanOrEqual(2 * 4 * SIZE)
    createProgramSync(store, affinePlan(scale(), shift()), options)
    expect(store.bytes()).toBe(bytes)
    createProgramSync(store, affinePlan(scale(), shift(), 'other'), options)
    expect(store.bytes()).toBe(2 * bytes)
    store.dispose()
    store.dispose()
    check(first)
    const disposed = expect.objectContaining({ code: 'ERR_DISPOSED', message: 'the weight store was disposed' })
    expect(() => store.bytes()).toThrow(disposed)
    expect(() => createProgramSync(store, affinePlan(scale(), shift()), options)).toThrow(disposed)
  })

  test('under one key must be of one size', () => {
    const store = createWeightStore()
    const options = { maxConcurrency: 1 }
    createProgramSync(store, affinePlan(scale(), shift()), options)
    const other = affinePlan(ramp(64), ramp(64))
    expect(() => createProgramSync(store, other, options)).toThrow(
      expect.objectContaining({ ...invalid, message: expect.stringContaining('two tensors have the same key') }),
    )
  })
})

describe('the engine', () => {
  test('counts the memory of its programs', () => {
    const before = engineInfo().memory
    const program = make(activationPlan(1 << 16, 'relu'))
    const { arenaBytes, scratchBytes } = program.memory()
    expect(engineInfo().memory.arenaBytes - before.arenaBytes).toBe(arenaBytes + scratchBytes)
    program.dispose()
    expect(engineInfo().memory).toEqual(before)
  })

  test('says what it is', () => {
    const { version, isa, lanes, runnableIsas, threads } = engineInfo()
    expect(version).toMatch(/^\d+\.\d+\.\d+/)
    expect(runnableIsas).toContain(isa)
    expect(runnableIsas.at(-1)).toBe('scalar')
    expect([1, 2, 4, 8, 16]).toContain(lanes)
    expect(threads).toBeGreaterThanOrEqual(1)
  })

  test('measures the peak of every instruction set', () => {
    for (const isa of engineInfo().runnableIsas) expect(fmaPeak(isa, 5)).toBeGreaterThan(0.1)
    expect(() => fmaPeak('mmx', 5)).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining("no ISA 'mmx'") }),
    )
    expect(() => fmaPeak(undefined, 0)).toThrow(
      expect.objectContaining({ ...invalid, message: 'milliseconds must be an integer from 1 to 60000 but is 0' }),
    )
  })

  test('takes no other object for one of its own', () => {
    const store = createWeightStore()
    const plan = activationPlan(SIZE, 'relu')
    for (const handle of [{}, null, 1, () => 1, make(plan), Object.create(store.handle)]) {
      const forged = { ...store, handle: handle as object }
      expect(() => createProgramSync(forged, plan, { maxConcurrency: 1 })).toThrow(
        expect.objectContaining({ ...invalid, message: 'expected a weight store' }),
      )
    }
  })

  test.each<[object, string]>([
    [{ maxConcurrency: 0 }, 'options.maxConcurrency must be an integer from 1 to 1024 but is 0'],
    [{}, 'options.maxConcurrency must be an integer from 1 to 1024 but is undefined'],
    [{ maxConcurrency: 1, threads: 1.5 }, 'options.threads must be an integer from 1 to 256 but is 1.5'],
    [{ maxConcurrency: 1, threads: Number.NaN }, 'options.threads must be an integer from 1 to 256 but is nan'],
    [{ maxConcurrency: 1, threads: 1e9 }, 'options.threads must be an integer from 1 to 256 but is 1000000000'],
    [{ maxConcurrency: 1, threads: '2' }, 'options.threads must be an integer from 1 to 256 but is a string'],
  ])('refuses the options %j', (options, message) => {
    expect(() =>
      make(activationPlan(SIZE, 'relu'), { maxConcurrency: undefined, threads: undefined, ...options } as object),
    ).toThrow(expect.objectContaining({ ...invalid, message }))
  })
})
