// Convolutions that are computed together, against each by itself, inside the running network.
import { createModel } from '../dist/index.js'
import { median } from './statistics.mjs'

const ROUNDS = 9

/** The steps of a network that stand for two or three, with the median time of both ways; `name` is `first + second`. */
export async function timeFusedSteps(model, threads) {
  const net = createModel(model).randomizeWeights()
  const fused = await net.compile({ threads })
  const separate = await net.compile({ threads, algorithm: 'separate' })
  const input = Float32Array.from({ length: net.inputs.input.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i))
  const times = new Map()
  const add = (name, time) => times.set(name, [...(times.get(name) ?? []), time])
  try {
    if (!(await fused.profile({ input })).some(({ name }) => name.includes(' + '))) return []
    for (let round = 0; round < ROUNDS; round++) {
      for (const session of [fused, separate]) {
        for (const { name, milliseconds } of await session.profile({ input })) add(name, 1000 * milliseconds)
      }
    }
  } finally {
    fused.dispose()
    separate.dispose()
  }
  const names = [...times.keys()].filter((name) => name.includes(' + ') && name.split(' + ').every((p) => times.has(p)))
  return names.map((name) => ({
    model,
    name,
    together: median(times.get(name)),
    separate: name.split(' + ').reduce((sum, part) => sum + median(times.get(part)), 0),
  }))
}
