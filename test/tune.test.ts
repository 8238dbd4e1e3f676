import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createProgramSync, createWeightStore, tryStep } from '../lib/binding.js'
import type { PlanSpec, StepSpec, ViewSpec } from '../lib/graph/plan-spec.js'
import {
  type CompileOptions,
  conv2d,
  DisposedError,
  dense,
  flatten,
  model,
  OptionError,
  relu,
  sequential,
  Tensor,
} from '../lib/index.js'
import { singleStepPlan, stepShape } from '../lib/tune/step-shape.js'
import { activationPlan, step } from './support/plans.js'
import { randomSource, randomValues } from './support/random.js'

const folder = mkdtempSync(join(tmpdir(), 'im2col-tune-'))
afterAll(() => rmSync(folder, { recursive: true }))

const size = [12, 11, 16] as const
const net = model(
  { input: size },
  sequential(
    conv2d(24, { kernel: 3, padding: 1 }),
    relu,
    conv2d(24, { kernel: 3, padding: 1 }),
    conv2d(24, { kernel: 3, padding: 1 }),
    conv2d(24, { kernel: 3, padding: 1 }),
    conv2d(8, { kernel: 1, stride: 2 }),
    flatten,
    dense(4),
  ),
).randomizeWeights({ seed: 3 })
const input = new Tensor(randomValues(12 * 11 * 16, randomSource(5)), [1, ...size])

/** The algorithms of the convolutions, and the answer. */
async function algorithmsAndAnswer(options: CompileOptions) {
  const session = await net.compile({ threads: 1, ...options })
  const convolutions = (await session.profile({ input })).filter(({ op }) => op === 'conv')
  const { output } = session.runSync({ input })
  session.dispose()
  return { algorithms: convolutions.map(({ algorithm }) => algorithm.split(' ')[0]), data: (output as Tensor).data }
}

interface Choice {
  readonly algorithm: string
  readonly untimed: string
  readonly microseconds: Record<string, number>
}
interface File {
  readonly format: string
  readonly machines: Record<string, Record<string, Choice>>
}

const readCache = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as File
const shapesIn = (path: string): Record<string, Choice> => Object.values(readCache(path).machines)[0] ?? {}

describe('compile({ tune })', () => {
  let number = 0
  let cache: string
  beforeEach(() => {
    cache = join(folder, `cache-${number++}.json`)
  })
  afterEach(() => {
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('times every shape once and says what it chose', async () => {
    const { algorithms } = await algorithmsAndAnswer({ tune: { cache } })
    const { format, machines } = readCache(cache)
    expect(format).toBe('im2col tuning 1')
    expect(Object.keys(machines)).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+ \| \w+ \| .+ \| threads 1$/)])
    const shapes = shapesIn(cache)
    expect(Object.keys(shapes)).toHaveLength(5) // the second and the third convolution are alike
    expect(algorithms).toHaveLength(6)
    const [first = ''] = Object.keys(shapes)
    expect(first).toMatch(/^conv 1x1x12x11x16\+0\.0\.1\.1\.1\.1 -> 1x1x12x11x24\S* kernel=1x3x3 stride=1x1x1 /)
    expect(Object.keys(shapes[first]?.microseconds ?? {})).toEqual(expect.arrayContaining(['direct', 'im2col']))
    for (const { algorithm, untimed, microseconds } of Object.values(shapes)) {
      expect(Object.values(microseconds).every((time) => time > 0)).toBe(true)
      const [chosen, own] = [microseconds[algorithm] as number, microseconds[untimed] as number]
      expect(chosen).toBeLessThanOrEqual(own)
      expect(algorithm === untimed || chosen === Math.min(...Object.values(microseconds))).toBe(true)
    }
    expect(algorithms[0]).toBe(shapes[first]?.algorithm)
  })

  test('takes what the file says, so that results are the same', async () => {
    const first = await algorithmsAndAnswer({ tune: { cache } })
    const { mtimeMs } = statSync(cache)
    expect(await algorithmsAndAnswer({ tune: { cache } })).toEqual(first)
    expect(statSync(cache).mtimeMs).toBe(mtimeMs)

    for (const wanted of ['im2col', 'direct']) {
      const { format, machines } = readCache(cache)
      const changed = Object.entries(machines).map(([machine, shapes]) => [
        machine,
        Object.fromEntries(Object.entries(shapes).map(([shape, choice]) => [shape, { ...choice, algorithm: wanted }])),
      ])
      writeFileSync(cache, JSON.stringify({ format, machines: Object.fromEntries(changed) }))
      const { algorithms, data } = await algorithmsAndAnswer({ tune: { cache } })
      expect(algorithms).toEqual(Array(6).fill(wanted))
      expect(data).toEqual((await algorithmsAndAnswer({ algorithm: wanted as 'im2col' | 'direct' })).data)
    }
  })

  test('works without a file', async () => {
    const { algorithms, data } = await algorithmsAndAnswer({ tune: true })
    expect(algorithms).toHaveLength(6)
    const expected = await algorithmsAndAnswer({})
    data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.data[i] as number, 3)
    })
    expect(await algorithmsAndAnswer({ tune: false })).toEqual(expected)
  })

  test('has nothing to choose where an algorithm is given', async () => {
    await algorithmsAndAnswer({ tune: { cache }, memory: 'low' })
    expect(existsSync(cache)).toBe(false)
  })

  test('times again what was timed among other candidates', async () => {
    await algorithmsAndAnswer({ tune: { cache } })
    const { format, machines } = readCache(cache)
    const [machine = ''] = Object.keys(machines)
    const shapes = Object.keys(machines[machine] ?? {})
    const stale = { algorithm: 'magic', untimed: 'magic', microseconds: { magic: 1 } }
    const entries = shapes.map((shape, i) => [shape, [stale, 'text', { algorithm: 'direct' }, null][i % 4]])
    const foreign = { 'another machine': { shape: stale } }
    writeFileSync(cache, JSON.stringify({ format, machines: { ...foreign, [machine]: Object.fromEntries(entries) } }))
    await algorithmsAndAnswer({ tune: { cache } })
    const { machines: after } = readCache(cache)
    expect(after['another machine']).toEqual(foreign['another machine'])
    for (const choice of Object.values(after[machine] ?? {})) expect(choice.microseconds.direct).toBeGreaterThan(0)
  })

  test.each([
    ['is empty', ''],
    ['is cut off', '{\n "format": "im2col tuning 1",\n "machines": {"0.1.0 | avx'],
    ['has no machines', '{"format": "im2col tuning 1", "machines": 3}'],
    ['is of another format', '{"format": "im2col tuning 2", "choices": []}'],
  ])('replaces a file that %s', async (_, text) => {
    writeFileSync(cache, text)
    await algorithmsAndAnswer({ tune: { cache } })
    expect(Object.keys(shapesIn(cache))).toHaveLength(5)
  })

  test('leaves alone a file that holds something else', async () => {
    for (const text of ['{"name": "package"}', 'hello', '[]']) {
      writeFileSync(cache, text)
      await expect(net.compile({ tune: { cache } })).rejects.toThrow(OptionError)
      await expect(net.compile({ tune: { cache } })).rejects.toThrow(
        `Expected tune.cache to name a file of timed choices, or none yet but received ${JSON.stringify(cache)}`,
      )
      expect(readFileSync(cache, 'utf8')).toBe(text)
    }
  })

  test('says when the file cannot be read or written', async () => {
    await expect(net.compile({ tune: { cache: folder } })).rejects.toThrow(
      /tune\.cache to name a file that can be read.*EISDIR/,
    )
    writeFileSync(cache, '')
    const inside = join(cache, 'choices.json')
    await expect(net.compile({ tune: { cache: inside } })).rejects.toThrow(
      /tune\.cache to name a file that can be .*(ENOTDIR|EEXIST)/,
    )
  })

  test('makes the folder of the file', async () => {
    const inside = join(folder, 'new', 'folder', 'choices.json')
    await algorithmsAndAnswer({ tune: { cache: inside } })
    expect(Object.keys(shapesIn(inside))).toHaveLength(5)
  })

  test('several sessions share a file', async () => {
    const widths = [8, 16, 24, 32]
    const nets = widths.map((width) =>
      model({ input: [6, 6, width] }, sequential(conv2d(width, { kernel: 3 }))).randomizeWeights(),
    )
    const sessions = await Promise.all(nets.map((each) => each.compile({ threads: 1, tune: { cache } })))
    for (const session of sessions) session.dispose()
    expect(readCache(cache).format).toBe('im2col tuning 1') // complete, whoever wrote last
    for (const each of nets) (await each.compile({ threads: 1, tune: { cache } })).dispose()
    const shapes = Object.keys(shapesIn(cache))
    for (const width of widths) expect(shapes.some((shape) => shape.startsWith(`conv 1x1x6x6x${width} `))).toBe(true)
  })

  test('times the shapes of other inputs when they first come', async () => {
    const free = model({ input: [8, 8, 4] }, sequential(conv2d(4, { kernel: 3 }))).randomizeWeights()
    const session = await free.compile({ threads: 1, tune: { cache } })
    expect(Object.keys(shapesIn(cache))).toHaveLength(1)
    session.runSync({ input: Tensor.zeros([1, 9, 9, 4]) })
    expect(Object.keys(shapesIn(cache))).toHaveLength(1)
    await session.run({ input: Tensor.zeros([1, 10, 10, 4]) })
    expect(Object.keys(shapesIn(cache))).toHaveLength(2)
    const pending = session.run({ input: Tensor.zeros([1, 11, 11, 4]) })
    session.dispose()
    await expect(pending).rejects.toThrow(DisposedError)
  })

  test.each([
    ['tune', 'yes', 'a boolean or { cache: path }'],
    ['tune', null, 'a boolean or { cache: path }'],
    ['tune.cache', { cache: '' }, 'the path of a file'],
    ['tune.cache', { cache: 3 }, 'the path of a file'],
  ])('refuses %s %j', async (name, tune, expected) => {
    await expect(net.compile({ tune: tune as never })).rejects.toThrow(OptionError)
    await expect(net.compile({ tune: tune as never })).rejects.toThrow(`Expected ${name} to be ${expected}`)
  })
})

describe('a step by itself', () => {
  const view = (offset: number, halo: number, pixel = 4): ViewSpec => {
    const row = (5 + 2 * halo) * pixel
    return {
      offset,
      shape: [2, 1, 5, 5, 4],
      strides: [(5 + 2 * halo) * row, (5 + 2 * halo) * row, row, pixel],
      halo: [0, 0, halo, halo, halo, halo],
    }
  }
  const attributes = { kernel: [1, 3, 3], groups: 1, algorithm: 'auto', activation: 'relu', alpha: 0 }
  const conv = step('conv', 'some name', [0, 1], [1], attributes)
  const plan: PlanSpec = {
    arenaSize: 4096,
    views: [view(1000, 1), view(2000, 0, 8)],
    steps: [conv],
    inputSizes: [],
    outputSizes: [],
  }

  test('has a shape', () => {
    expect(stepShape(plan, conv)).toBe('conv 2x1x5x5x4+0.0.1.1.1.1 & 2x1x5x5x4/8 -> 2x1x5x5x4/8 kernel=1x3x3 groups=1')
    expect(stepShape(plan, { ...conv, name: 'other', attributes: { ...attributes, activation: 'gelu' } })).toBe(
      stepShape(plan, conv),
    )
  })

  test('has a plan, whose views share memory where they did', () => {
    const single = singleStepPlan(plan, conv)
    const [x, y] = single.views as [ViewSpec, ViewSpec]
    expect(single.steps).toEqual([conv])
    expect(single.views).toHaveLength(2)
    expect(x.offset).toBe(x.strides[2] + x.strides[3])
    expect(y.offset).toBeGreaterThanOrEqual(2 * x.strides[0])
    expect(single.arenaSize).toBeGreaterThanOrEqual(y.offset + 2 * y.strides[0])
  })
})

describe('the engine', () => {
  const options = { threads: 1, maxConcurrency: 1 }
  let single: PlanSpec

  beforeAll(() => {
    const weight = new Float32Array(4 * 4)
    const [x, y] = activationPlan(4, 'relu').views
    const triples = { kernel: [1, 1, 1], stride: [1, 1, 1], dilation: [1, 1, 1], padStart: [0, 0, 0] }
    const settings: StepSpec['attributes'] = { ...triples, groups: 1, flip: 0, algorithm: 'auto' }
    const conv = step('conv', 'c', [0], [1], settings, { weight: { key: 'w', data: weight } })
    single = {
      ...activationPlan(4, 'relu'),
      views: [x, y] as ViewSpec[],
      steps: [conv],
      inputSizes: [],
      outputSizes: [],
    }
  })

  test('names the algorithms of a step and times them', async () => {
    const trial = tryStep(single, options)
    expect(trial.algorithms).toEqual(expect.arrayContaining(['direct', 'im2col']))
    const times = await trial.time()
    expect(times.map(({ algorithm }) => algorithm)).toEqual(trial.algorithms)
    await expect(trial.time()).rejects.toThrow()
  })

  test('refuses more than one step, and what cannot run', () => {
    expect(() => tryStep(activationPlan(4, 'relu'), options)).toThrow('expected a plan of one step but received 3')
    const [conv] = single.steps as [StepSpec]
    const bad = { ...single, steps: [{ ...conv, attributes: { ...conv.attributes, groups: 3 } }] }
    expect(() => tryStep(bad, options)).toThrow('groups must divide')
  })

  test('builds no program of a plan without its parameters', () => {
    const [conv] = single.steps as [StepSpec]
    const detached = new Float32Array(16)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    const parameters = { weight: { key: 'w', data: detached } }
    const plan = { ...single, steps: [{ ...conv, parameters }] }
    expect(() => createProgramSync(createWeightStore(), plan, options)).toThrow('weight')
  })
})
