import { appendFile, mkdtemp, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProgramSync, createWeightStore, keepFile } from '../lib/binding.js'
import type { PlanSpec } from '../lib/graph/plan-spec.js'
import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  type Model,
  model,
  readSafetensors,
  relu,
  sequential,
  Tensor,
  WeightsError,
} from '../lib/index.js'
import { fileRangeOf } from '../lib/weights/file-tensor.js'
import { runChildJson } from './support/child.js'

/** Kernels for each way of packing, all large enough to be left in a file. */
const net = () =>
  model(
    { input: [8, 8, 48] },
    sequential(
      conv2d(80, { kernel: 3, padding: 1, bias: false }),
      batchNorm(),
      relu,
      conv2d(48, { kernel: 3, padding: 1, groups: 2 }),
      depthwiseConv2d({ kernel: 19, padding: 9 }),
      conv2d(400, { kernel: 1 }),
      flatten,
      dense(7),
    ),
  )

const inputOf = (batch: number) =>
  new Tensor(
    Float32Array.from({ length: batch * 8 * 8 * 48 }, (_, i) => Math.sin(i)),
    [batch, 8, 8, 48],
  )

let folder: string
let source: Model
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im2col-file-weights-'))
  source = net().randomizeWeights({ seed: 5 })
  await source.saveWeights(join(folder, 'net.safetensors'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A file of its own for each test, and the network that has loaded it. */
async function loaded(name: string) {
  const path = join(folder, `${name}.safetensors`)
  await source.saveWeights(path)
  return { path, network: await net().loadWeights(path) }
}

async function answer(network: Model, options = {}, batch = 1): Promise<Float32Array> {
  const session = await network.compile({ threads: 2, ...options })
  try {
    return (await session.run({ input: inputOf(batch) })).output?.data as Float32Array
  } finally {
    session.dispose()
  }
}

const left = (network: Model) =>
  [...network.weights].filter(([, tensor]) => fileRangeOf(tensor) !== undefined).map(([name]) => name)

const LARGE = ['0.weight', '3.weight', '4.weight', '5.weight', '7.weight']

describe('weights that are left in their file', () => {
  test.each([{}, { memory: 'low' }, { algorithm: 'im2col' }, { algorithm: 'winograd2' }, { algorithm: 'winograd4' }])(
    'give the bits of those in memory, with %j',
    async (options) => {
      const { network } = await loaded('equal')
      expect(await answer(network, options, 2)).toEqual(await answer(source, options, 2))
      expect(left(network)).toEqual(LARGE)
    },
  )

  test('serve a second session and further input sizes', async () => {
    const { network } = await loaded('again')
    expect(await answer(network)).toEqual(await answer(source))
    const session = await network.compile({ memory: 'low' })
    for (const batch of [1, 3]) {
      const { output } = session.runSync({ input: inputOf(batch) })
      expect(output?.data).toEqual(await answer(source, { memory: 'low' }, batch))
    }
    session.dispose()
  })

  test('come into memory when they are asked for, and what is changed there counts', async () => {
    const { network } = await loaded('changed')
    const parameter = network.parameters().find(({ path }) => path === '5.weight')
    expect(left(network)).toEqual(LARGE)
    const data = parameter?.data as Float32Array
    expect(data).toEqual(source.weights.get('5.weight')?.data)
    expect(left(network)).toEqual(LARGE.filter((name) => name !== '5.weight'))
    data.fill(0)
    expect(network.weights.get('5.weight')?.data).toBe(data)
    const bias = source.weights.get('7.bias')?.data as Float32Array
    const shift = source.weights.get('5.bias')?.data as Float32Array
    expect(shift.every((value) => value === 0)).toBe(true)
    expect(await answer(network)).toEqual(bias)
  })

  test('have the values that reading the file gives, as tensors', async () => {
    const { path, network } = await loaded('tensors')
    const read = await readSafetensors(path)
    for (const [name, tensor] of network.weights) {
      expect(tensor).toBeInstanceOf(Tensor)
      expect(Object.isFrozen(tensor)).toBe(true)
      expect({ ...tensor }).toEqual({ ...read.get(name) })
    }
    expect(left(network)).toEqual([])
  })

  test('are there when the file is removed or another takes its name', async () => {
    const { path, network } = await loaded('removed')
    await rm(path)
    expect(await answer(network)).toEqual(await answer(source))
    const replaced = await loaded('replaced')
    await net().randomizeWeights({ seed: 6 }).saveWeights(join(folder, 'other.safetensors'))
    await rename(join(folder, 'other.safetensors'), replaced.path)
    expect(await answer(replaced.network)).toEqual(await answer(source))
    await replaced.network.saveWeights(replaced.path)
    expect(await answer(await net().loadWeights(replaced.path))).toEqual(await answer(source))
  })

  test.each([
    ['cut short', (path: string) => truncate(path, 1000)],
    ['made longer', (path: string) => appendFile(path, 'x')],
    ['overwritten', (path: string) => writeFile(path, Buffer.alloc(1 << 20))],
  ])('are refused when the file is %s', async (_, change) => {
    const { path, network } = await loaded('written')
    const session = await network.compile({ memory: 'low' })
    await change(path)
    const refusal = /Cannot read weights of '0': the file was changed after it was opened/
    await expect(network.compile()).rejects.toThrow(refusal)
    await expect(network.compile()).rejects.toBeInstanceOf(WeightsError)
    const tensor = network.weights.get('0.weight')
    expect(() => tensor?.data).toThrow(WeightsError)
    expect(() => tensor?.data).toThrow(`Cannot read "${path}": the file was changed after it was opened`)
    // What is packed needs the file no more.
    const { output } = await session.run({ input: inputOf(2) })
    expect(output?.data).toEqual(await answer(source, { memory: 'low' }, 2))
    session.dispose()
  })

  test('that are taken from bytes are in memory', async () => {
    const network = net()
    const { path } = await loaded('bytes')
    await network.loadWeights(await readFile(path))
    expect(left(network)).toEqual([])
    expect(await answer(network)).toEqual(await answer(source))
  })
})

describe('a plan with weights in a file', () => {
  const plan = (weight: unknown, bias: unknown = new Float32Array(1)): PlanSpec => {
    const view = (offset: number) => ({
      offset,
      shape: [1, 1, 1, 1, 1],
      strides: [1, 1, 1, 1],
      halo: [0, 0, 0, 0, 0, 0],
    })
    const conv = { kernel: [1, 1, 1], stride: [1, 1, 1], dilation: [1, 1, 1], padStart: [0, 0, 0], groups: 1, flip: 0 }
    const step = (op: string, inputs: number[], outputs: number[], attributes: object, parameters: object = {}) => ({
      ...{ op, name: op, inputs, outputs, attributes, parameters },
    })
    return {
      arenaSize: 32,
      views: [view(0), view(16)],
      inputSizes: [1],
      outputSizes: [1],
      steps: [
        step('input', [], [0], { index: 0, layout: 'nhwc' }),
        step(
          'conv',
          [0],
          [1],
          { ...conv, algorithm: 'auto', activation: 'none' },
          {
            weight: { key: 'w', data: weight },
            bias: { key: 'b', data: bias },
          },
        ),
        step('output', [1], [], { index: 0, layout: 'nhwc' }),
      ],
    } as unknown as PlanSpec
  }
  const build = (data: unknown, bias?: unknown) =>
    createProgramSync(createWeightStore(), plan(data, bias), { threads: 1, maxConcurrency: 1 })

  test('must say where they lie', async () => {
    const path = join(folder, 'two.bin')
    await writeFile(path, new Uint8Array(Float32Array.of(1, 2.5).buffer))
    const handle = await open(path)
    const file = keepFile(handle.fd)
    await handle.close()

    const output = new Float32Array(1)
    build({ file, startByte: 4, size: 1 }).runSync([Float32Array.of(3)], [output])
    expect(output[0]).toBe(7.5)

    const what = 'plan.steps[1].parameters.weight.data'
    expect(() => build({ file: {}, startByte: 0, size: 1 })).toThrow('expected a file')
    expect(() => build({ file, startByte: -4, size: 1 })).toThrow(`${what}.startByte must be an integer from 0`)
    expect(() => build({ file, startByte: 0, size: 1.5 })).toThrow(`${what}.size must be an integer from 1`)
    expect(() => build({ file, startByte: 0, size: 2 })).toThrow("parameter 'weight' must have 1 elements but has 2")
    expect(() => build({ file, startByte: 6, size: 1 })).toThrow("weights of 'conv': the file ended at byte 8")
    expect(() => build(Float32Array.of(1), { file, startByte: 0, size: 1 })).toThrow('must be a Float32Array')
    expect(() => keepFile(-1)).toThrow('descriptor must be an integer')
    expect(() => keepFile(1 << 30)).toThrow('cannot be kept open')
  })
})

/** Weights of 64 MB in one layer, packed directly. */
const RESIDENT = `
  const { readFileSync } = require('node:fs')
  const resident = () => {
    globalThis.gc()
    return 1024 * Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  }
  import(data.library).then(async ({ conv2d, model, Tensor }) => {
    const net = model({ input: [2, 2, 4096] }, conv2d(4096, { kernel: 1, bias: false }))
    const before = resident()
    await net.loadWeights(data.path)
    const session = await net.compile({ threads: 2 })
    await session.run({ input: Tensor.zeros([2, 2, 4096]) })
    console.log(JSON.stringify(resident() - before))
  })
`

/** The address sanitizer's memory is not the program's. */
const canMeasure = process.platform === 'linux' && !process.env.LD_PRELOAD?.includes('asan')

test.runIf(canMeasure)('a session is not much larger than its weights', async () => {
  const path = join(folder, 'large.safetensors')
  await model({ input: [2, 2, 4096] }, conv2d(4096, { kernel: 1, bias: false }))
    .randomizeWeights()
    .saveWeights(path)
  const library = new URL('../dist/index.js', import.meta.url).href
  const options = { loadsAddon: false, nodeArguments: ['--expose-gc'] }
  const bytes = await runChildJson<number>(RESIDENT, { path, library }, options)
  expect(bytes).toBeGreaterThan(64 << 20)
  expect(bytes).toBeLessThan(1.5 * (64 << 20))
})
