// What the tuner says of the convolutions of networks: through compile({ tune: { cache } }), whose file holds every
// candidate's time.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createModel } from '../dist/index.js'
import { convFlops, convLabel, parseConvShape } from './conv-shapes.mjs'

/** A choice is doubtful when it takes so many times as long as the best candidate. */
const DOUBTFUL = 1.1

/** How often what looks doubtful is timed again. */
const RETRIES = 2

/** Every distinct convolution of the networks with the fastest time of each candidate, in the order of the networks. */
export async function timeConvolutions(models, threads) {
  const folder = mkdtempSync(join(tmpdir(), 'im2col-kernels-'))
  const cache = join(folder, 'choices.json')
  const found = new Map()
  try {
    for (const model of models) await timeModel(model)
    for (let retry = 0; retry < RETRIES; retry++) {
      const doubtful = [...found.values()].filter(
        ({ untimed, microseconds }) => slowdown(untimed, microseconds) > DOUBTFUL,
      )
      for (const { shape } of doubtful) forget(cache, shape)
      for (const model of new Set(doubtful.map(({ model }) => model))) await timeModel(model)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return [...found.values()].map(({ shape, ...timed }) => {
    const parsed = parseConvShape(shape)
    return { label: convLabel(parsed), flops: convFlops(parsed), ...timed }
  })

  async function timeModel(model) {
    const net = createModel(model).randomizeWeights()
    const session = await net.compile({ threads, algorithm: 'separate', tune: { cache } })
    session.dispose()
    for (const [shape, { untimed, microseconds }] of Object.entries(entriesOf(readCache(cache)))) {
      const known = found.get(shape) ?? { shape, model, untimed, microseconds }
      const best = Object.entries(microseconds).map(([name, time]) => [name, Math.min(time, known.microseconds[name])])
      found.set(shape, { ...known, microseconds: Object.fromEntries(best) })
    }
  }
}

/** How many times as long an algorithm takes as the best candidate. */
export const slowdown = (algorithm, microseconds) => microseconds[algorithm] / Math.min(...Object.values(microseconds))

export const isDoubtful = (algorithm, microseconds) => slowdown(algorithm, microseconds) > DOUBTFUL

const readCache = (cache) => (existsSync(cache) ? JSON.parse(readFileSync(cache, 'utf8')) : { machines: {} })

const entriesOf = ({ machines }) => Object.values(machines)[0] ?? {}

function forget(cache, shape) {
  const file = readCache(cache)
  delete entriesOf(file)[shape]
  writeFileSync(cache, JSON.stringify(file))
}
