import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { runChild, runChildJson } from './support/child.js'
import { activationPlan } from './support/plans.js'

const SIZE = 1 << 18
const THREADS = 'console.log(JSON.stringify(native.engineInfo().threads))'
const threadsWith = (IM2COL_THREADS: string) => runChildJson<number>(THREADS, null, { env: { IM2COL_THREADS } })

describe('the number of threads', () => {
  test.each([1, 2, 3, 7, 64, 256])('is %i when IM2COL_THREADS says so', async (threads) => {
    expect(await threadsWith(String(threads))).toBe(threads)
  })

  test.each(['0', '-1', '1.5', '2 ', 'two', '0x2', '1e1', '257', '99999999999999999999'])(
    'cannot be %j',
    async (text) => {
      const script = `try { native.engineInfo() } catch ({ code, message }) { console.log(JSON.stringify({ code, message })) }`
      const message = `IM2COL_THREADS must be an integer from 1 to 256 but is '${text}'`
      const error = await runChildJson(script, null, { env: { IM2COL_THREADS: text } })
      expect(error).toEqual({ code: 'ERR_INVALID_ARGUMENT', message })
    },
  )

  test('is what the machine allows when IM2COL_THREADS is empty', async () => {
    const threads = await threadsWith('')
    expect(threads).toBeGreaterThanOrEqual(1)
    expect(threads).toBeLessThanOrEqual(Math.max(1, availableParallelism()))
  })

  test.runIf(process.platform === 'linux')('follows the CPU affinity', async () => {
    const options = { env: { IM2COL_THREADS: '' }, launcher: ['taskset', '--cpu-list', '0'] }
    expect(await runChildJson(THREADS, null, options)).toBe(1)
  })
})

/** A thread's stack is 2 MiB of address space. */
const STACKS_THAT_FIT = 60

/** The engine's threads of this process, by their name. */
const OWN_THREADS = `
  const fs = require('node:fs')
  const ownThreads = () => fs.readdirSync('/proc/self/task').filter((id) =>
    fs.readFileSync('/proc/self/task/' + id + '/comm', 'utf8').startsWith('im2col')).length
`

describe.runIf(process.platform === 'linux')('the threads', () => {
  test.each([
    ['1', undefined, 1],
    ['3', undefined, 3],
    ['1', 1, 1],
    ['1', 4, 4],
    ['3', 2, 3],
  ])('with IM2COL_THREADS=%s and threads: %s are %i, started by the first program', async (text, threads, expected) => {
    const script = `${OWN_THREADS}
      const counts = [ownThreads()]
      build(data, { threads: ${threads} })
      setTimeout(() => console.log(JSON.stringify([...counts, ownThreads()])), 200)
    `
    const counts = await runChildJson(script, activationPlan(64, 'relu'), { env: { IM2COL_THREADS: text } })
    expect(counts).toEqual([0, expected])
  })

  test('take no time when nothing runs', async () => {
    const script = `
      const program = build(data, { threads: 4 })
      const output = new Float32Array(${SIZE})
      void (async () => {
        await native.startRun(program, [new Float32Array(${SIZE})], [output], false).promise
        await new Promise((resolve) => setTimeout(resolve, 50))
        const before = process.cpuUsage()
        await new Promise((resolve) => setTimeout(resolve, 1000))
        const { user, system } = process.cpuUsage(before)
        console.log(JSON.stringify((user + system) / 1000))
      })()
    `
    const milliseconds = await runChildJson<number>(script, activationPlan(SIZE, 'tanh', 20))
    expect(milliseconds).toBeLessThan(100)
  })

  // The address sanitizer's own runtime aborts when it is refused memory.
  const canRefuseMemory = existsSync('/usr/bin/prlimit') && !process.env.LD_PRELOAD?.includes('asan')
  test.runIf(canRefuseMemory)('are fewer when the system gives no more, and do the work', async () => {
    const script = `${OWN_THREADS}
      const { execFileSync } = require('node:child_process')
      const limit = (bytes) => execFileSync('prlimit', ['--pid', process.pid, '--as=' + bytes + ':'])
      const addressSpace = Number(/VmSize:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
      limit(addressSpace + (${STACKS_THAT_FIT} << 21))
      build(data.small, { threads: 200 })
      limit('unlimited')
      const program = build(data.plan, { threads: 2 })
      const outputs = Array.from({ length: 8 }, () => new Float32Array(${SIZE}))
      const runs = outputs.map((output) => native.startRun(program, [new Float32Array(${SIZE}).fill(2)], [output], false).promise)
      Promise.all(runs).then(() => {
        native.runSync(program, [new Float32Array(${SIZE}).fill(2)], [outputs[0]])
        console.log(JSON.stringify({ threads: ownThreads(), right: outputs.every((o) => o.every((value) => value === 2)) }))
      })
    `
    const data = { plan: activationPlan(SIZE, 'relu', 3), small: activationPlan(64, 'relu') }
    const limited = await runChildJson<{ threads: number; right: boolean }>(script, data)
    expect(limited.right).toBe(true)
    expect(limited.threads).toBeGreaterThanOrEqual(1)
    expect(limited.threads).toBeLessThanOrEqual(STACKS_THAT_FIT)
  })

  test('do the work of many runs with every number of them', async () => {
    const script = `
      const program = build(data)
      const outputs = Array.from({ length: 40 }, () => new Float32Array(${SIZE}))
      const runs = outputs.map((output, i) => native.startRun(program, [new Float32Array(${SIZE}).fill(i)], [output], false).promise)
      Promise.all(runs).then(() => console.log(outputs.every((output, i) => output.every((value) => value === i))))
    `
    for (const IM2COL_THREADS of ['1', '2', '5']) {
      const outcome = await runChild(script, activationPlan(SIZE, 'relu', 3), { env: { IM2COL_THREADS } })
      expect(outcome).toEqual({ code: 0, signal: null, stdout: 'true\n', stderr: '' })
    }
  })
})
