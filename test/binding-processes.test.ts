import { describe, expect, test } from 'vitest'
import { engineInfo } from '../lib/engine.js'
import { runChild, runChildJson } from './support/child.js'
import { activationPlan } from './support/plans.js'

const SIZE = 1 << 18
const slowPlan = activationPlan(SIZE, 'tanh', 400)

/** In a child: a slow program, and a run of it that nobody has waited for yet. */
const START = `
  const program = build(data)
  const start = () => {
    const output = new Float32Array(${SIZE})
    return native.startRun(program, [new Float32Array(${SIZE}).fill(0.5)], [output], false).promise.then(() => output)
  }
`
const ended = { code: 0, signal: null, stderr: '' }

describe('IM2COL_ISA', () => {
  const script = 'console.log(JSON.stringify(native.engineInfo().isa))'

  test.each(engineInfo().runnableIsas)('%s is forced', async (isa) => {
    expect(await runChildJson(script, null, { env: { IM2COL_ISA: isa } })).toBe(isa)
  })

  test('that does not exist is an error with the names of those that do', async () => {
    const failure = `
      const codes = []
      for (const call of [() => native.engineInfo(), () => build(data)]) {
        try { call() } catch ({ code, message }) { codes.push({ code, message }) }
      }
      console.log(JSON.stringify(codes))
    `
    const errors = await runChildJson(failure, slowPlan, { env: { IM2COL_ISA: 'mmx' } })
    const error = { code: 'ERR_UNSUPPORTED', message: expect.stringMatching(/IM2COL_ISA.*scalar.*'mmx'/) }
    expect(errors).toEqual([error, error])
  })
})

describe('a process', () => {
  test('waits for a pending run, and then ends by itself', async () => {
    const script = `${START}; start().then((output) => console.log(output.every(Number.isFinite)))`
    expect(await runChild(script, slowPlan)).toEqual({ ...ended, stdout: 'true\n' })
  })

  test('that has no pending run ends at once', async () => {
    const script = `${START}; start().then(() => console.log(process.getActiveResourcesInfo().join()))`
    const { stdout, ...rest } = await runChild(script, slowPlan)
    expect(rest).toEqual(ended)
    expect(stdout).not.toContain('ThreadSafe')
  })

  test.each([
    ['exits', 'process.exit(3)', 3],
    [
      'throws',
      'process.on("uncaughtException", () => process.exit(4)); setImmediate(() => { throw new Error("x") })',
      4,
    ],
  ])('%s in the middle of runs', async (_, exit, code) => {
    const script = `${START}; for (let i = 0; i < 6; i++) start(); setTimeout(() => { ${exit} }, 30)`
    expect(await runChild(script, slowPlan)).toEqual({ ...ended, code, stdout: '' })
  })

  test('exits in the middle of making a program', async () => {
    const script = `
      const plan = native.readPlan(native.createWeightStore(), data, { maxConcurrency: 1 })
      native.stagePlan(plan, 1)
      native.buildProgram(plan)
      process.exit(0)
    `
    expect(await runChild(script, slowPlan)).toEqual({ ...ended, stdout: '' })
  })
})

test('the garbage collector may take a program, its weights and its buffers while it runs', async () => {
  const script = `
    const collect = async () => { for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setImmediate(resolve)) } }
    let finalized = 0
    const registry = new FinalizationRegistry(() => finalized++)
    const run = () => {
      const program = build(data)
      registry.register(program)
      const output = new Float32Array(${SIZE})
      return native.startRun(program, [new Float32Array(${SIZE}).fill(0.5)], [output], false).promise.then(() => output[0])
    }
    void (async () => {
      const runs = [run(), run(), run()]
      await collect()
      const during = finalized
      const values = await Promise.all(runs)
      console.log(JSON.stringify({ during, values, memory: native.engineInfo().memory }))
    })()
  `
  const result = await runChildJson<{ during: number; values: number[]; memory: object }>(script, slowPlan, {
    nodeArguments: ['--expose-gc'],
  })
  expect(result.during).toBe(3)
  expect(new Set(result.values).size).toBe(1)
  expect(result.values[0]).toBeGreaterThan(0)
  expect(result.memory).toEqual({ arenaBytes: 0, weightBytes: 0 })
})

describe('worker threads', () => {
  /** Starts workers with a script that has the same prelude. */
  const WORKERS = `
    const { Worker, isMainThread } = require('node:worker_threads')
    const { once } = require('node:events')
    const worker = (script) => new Worker('const data = ' + JSON.stringify(data) + ';' + PRELUDE + script, { eval: true })
  `

  test('run programs of their own side by side', async () => {
    const script = `${WORKERS}
      const body = ${JSON.stringify(`${START}; start().then((output) => require('node:worker_threads').parentPort.postMessage(output[0]))`)}
      void (async () => {
        const answers = await Promise.all([1, 2, 3, 4].map(async () => (await once(worker(body), 'message'))[0]))
        console.log(JSON.stringify(answers))
      })()
    `
    const answers = await runChildJson<number[]>(script, slowPlan)
    expect(answers).toHaveLength(4)
    expect(new Set(answers).size).toBe(1)
  })

  test('are terminated in the middle of runs, again and again', async () => {
    const body = `${START}; for (let i = 0; i < 5; i++) start(); require('node:worker_threads').parentPort.postMessage('running')`
    const script = `${WORKERS}
      const body = ${JSON.stringify(body)}
      void (async () => {
        for (let round = 0; round < 5; round++) {
          const workers = [1, 2, 3].map(() => worker(body))
          await Promise.all(workers.map((w) => once(w, 'message')))
          await Promise.all(workers.map((w) => w.terminate()))
        }
        const { arenaBytes } = native.engineInfo().memory
        const output = new Float32Array(${SIZE})
        await native.startRun(build(data), [new Float32Array(${SIZE})], [output], false).promise
        console.log(JSON.stringify(output[0]))
      })()
    `
    expect(await runChild(script, slowPlan)).toEqual({ ...ended, stdout: '0\n' })
  })

  test('are terminated while the engine reads their shared weights', async () => {
    const body = `
      const { parentPort } = require('node:worker_threads')
      const shared = (size) => new Float32Array(new SharedArrayBuffer(4 * size))
      const parameters = (i) => ({ scale: { key: 's' + i, data: shared(1 << 22) }, shift: { key: 't' + i, data: shared(1 << 22) } })
      const size = 1 << 22
      const view = (offset) => ({ offset, shape: [1, 1, 1, 1, size], strides: [size, size, size, size], halo: [0, 0, 0, 0, 0, 0] })
      const steps = Array.from({ length: 12 }, (_, i) =>
        ({ op: 'affine', name: 'a' + i, inputs: [0], outputs: [0], attributes: {}, parameters: parameters(i) }))
      const plan = native.readPlan(
        native.createWeightStore(),
        { arenaSize: size, views: [view(0)], inputSizes: [], outputSizes: [], steps },
        { maxConcurrency: 1 },
      )
      if (!native.stagePlan(plan, 1)) throw new Error('shared weights were copied')
      native.buildProgram(plan)
      parentPort.postMessage('making')
    `
    const script = `${WORKERS}
      const body = ${JSON.stringify(body)}
      void (async () => {
        for (let round = 0; round < 4; round++) {
          const w = worker(body)
          await once(w, 'message')
          await w.terminate()
        }
        const deadline = Date.now() + 10000
        while (native.engineInfo().memory.weightBytes > 0 && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        console.log(native.engineInfo().memory.weightBytes)
      })()
    `
    expect(await runChild(script, slowPlan)).toEqual({ ...ended, stdout: '0\n' })
  })

  test('may be the only ones that load the addon, and go away', async () => {
    const script = `
      const { Worker } = require('node:worker_threads')
      const { once } = require('node:events')
      const body = 'const data = ' + JSON.stringify(data) + ';' + PRELUDE + ${JSON.stringify(`${START}; start(); start().then(() => process.exit())`)}
      void (async () => {
        for (let round = 0; round < 3; round++) await once(new Worker(body, { eval: true }), 'exit')
        console.log('done')
      })()
    `
    expect(await runChild(script, slowPlan, { loadsAddon: false })).toEqual({ ...ended, stdout: 'done\n' })
  })
})
