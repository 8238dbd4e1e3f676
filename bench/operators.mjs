// Every kind of operator in a network of its own, by the engine's own profile, with everything in the caches that fits there.
import { model } from '../dist/index.js'
import { operatorCases } from './operator-cases.mjs'

const ROUNDS = 25

/** Each case with its shortest run: time, what it computes and moves, and the algorithm of its longest step. */
export async function timeOperators(threads, beforeEach) {
  const timed = []
  for (const { name, inputs, net, op, reason } of operatorCases) {
    await beforeEach()
    const session = await model(inputs, net).randomizeWeights().compile({ threads })
    const values = Object.fromEntries(Object.entries(inputs).map(([input, shape]) => [input, wave(shape)]))
    const isMeant = (step) => (op === undefined ? !['input', 'output'].includes(step.op) : step.op === op)
    let fastest
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const run = total((await session.profile(values)).filter(isMeant))
        if (fastest === undefined || run.microseconds < fastest.microseconds) fastest = run
      }
    } finally {
      session.dispose()
    }
    timed.push({ name, reason, ...fastest })
  }
  return timed
}

/** Several steps as one. */
function total(steps) {
  const sum = (amount) => steps.reduce((result, step) => result + amount(step), 0)
  return {
    algorithm: steps.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a)).algorithm,
    microseconds: 1000 * sum(({ milliseconds }) => milliseconds),
    gigaflops: sum(({ milliseconds, gflopsPerSecond }) => (milliseconds * gflopsPerSecond) / 1000),
    gigabytes: sum(({ milliseconds, gigabytesPerSecond }) => (milliseconds * gigabytesPerSecond) / 1000),
  }
}

/** Values that stay within -1 to 1, as a sampling grid wants them. */
const wave = (shape) => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i))
