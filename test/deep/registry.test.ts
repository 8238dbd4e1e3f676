import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, describe, expect, test } from 'vitest'
import { createModel, listModels, type Model, Tensor } from '../../lib/index.js'
import { randomSource, randomValues } from '../support/random.js'

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** Largest parameter of the registry, about. Every weight is the beginning of one list, so that no network has memory of its own for them. */
const LARGEST = 120_000_000

const repeated = (pattern: Float32Array): Float32Array => {
  const all = new Float32Array(LARGEST)
  for (let start = 0; start < LARGEST; start += pattern.length) {
    all.set(pattern.subarray(0, Math.min(pattern.length, LARGEST - start)), start)
  }
  return all
}

/** So small that activations fade instead of growing. */
const small = repeated(randomValues(1 << 20, randomSource(7)).map((value) => 0.01 * value))
const ones = new Float32Array(1 << 16).fill(1)

const weightsOf = (net: Model) =>
  new Map(
    net.parameters().map(({ path, shape }) => {
      const source = path.endsWith('running_var') ? ones : small
      return [path, new Tensor(source.subarray(0, product(shape)), shape)]
    }),
  )

const SMALL_SIDE = 32
const LARGEST_MEMORY_BYTES = 6 * 2 ** 30
let peakBytes = 0

/** From so many parameters on a network is compiled as where memory is short. */
const LARGE_NETWORK = 100_000_000

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

describe('every network of the registry runs', () => {
  afterAll(() => expect(peakBytes).toBeLessThan(LARGEST_MEMORY_BYTES))

  test.for(listModels())('$name', async ({ name, minInputSize, inputMultiple = 1, parameters }) => {
    const side = Math.ceil(Math.max(SMALL_SIDE, minInputSize ?? 0) / inputMultiple) * inputMultiple
    const net = createModel(name, minInputSize === undefined ? {} : { inputSize: side })
    await net.loadWeights(weightsOf(net))
    const session = await net.compile({ threads: 2, memory: parameters < LARGE_NETWORK ? 'normal' : 'low' })
    const inputs = Object.entries(net.inputs as Readonly<Record<string, readonly number[]>>).map(
      ([input, shape]) => [input, new Tensor(small.subarray(0, product(shape)), [1, ...shape])] as const,
    )
    const outputs: Readonly<Record<string, Tensor>> = await session.run(Object.fromEntries(inputs) as never)
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
    session.dispose()
    collectGarbage()
    const shapes = Object.entries(outputs).map(([output, { shape }]) => [output, shape.slice(1)])
    expect(Object.fromEntries(shapes)).toEqual(net.outputs)
    for (const { data } of Object.values(outputs)) expect(data.every(Number.isFinite)).toBe(true)
    for (const { receptiveField } of net.summary({ print: false }).layers) {
      expect(Object.values(receptiveField).flat().every(Number.isFinite)).toBe(true)
    }
  })
})
