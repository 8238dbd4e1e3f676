import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConvAlgorithm } from '../lib/graph/lowering.js'
import type { Tensor } from '../lib/index.js'
import { type GraphCase, graphCase } from './support/arbitraries.js'
import { bytesOf } from './support/check-layer.js'
import { GraphBuilder, product } from './support/graph-builder.js'
import { randomSource, randomValues } from './support/random.js'
import { sessionOf, tensorsFor } from './support/session-of.js'

async function outputBits({ graph, parameters, inputs, batch }: GraphCase, threads: number, algorithm: ConvAlgorithm) {
  const session = await sessionOf(graph, parameters, { threads, algorithm })
  const tensors = tensorsFor(graph, inputs, batch)
  const runs = await Promise.all([session.run(tensors), session.run(tensors)])
  const all = [...runs, session.runSync(tensors)].map((outputs) => Object.values<Tensor>(outputs).map(bytesOf))
  session.dispose()
  expect(all[1]).toEqual(all[0])
  expect(all[2]).toEqual(all[0])
  return all[0]
}

async function expectSameBits(network: GraphCase, algorithm: ConvAlgorithm) {
  const one = await outputBits(network, 1, algorithm)
  expect(await outputBits(network, 2, algorithm)).toEqual(one)
  expect(await outputBits(network, 3, algorithm)).toEqual(one)
}

test('random networks give the same bits with 1, 2 and 3 threads, in every run', () =>
  fc.assert(
    fc.asyncProperty(graphCase(), (network) => expectSameBits(network, 'auto')),
    { numRuns: 25 },
  ))

for (const algorithm of ['direct', 'im2col', 'depthwise', 'planes', 'nested', 'grouped', 'dot'] as const) {
  test(`layers that are large enough to be split: ${algorithm}`, async () => {
    const b = new GraphBuilder(3)
    const size = [40, 37, 33]
    const x = b.input('image', size)
    const stem = b.activation(b.batchNorm(b.conv(x, 70, { kernel: [3, 3], padStart: [1, 1], stride: [2, 1] })))
    const deep = b.conv(stem, 70, { kernel: [5, 5], padStart: [2, 2] }, { groups: 70 })
    const large = b.conv(deep, 70, { kernel: [17, 19], padStart: [8, 9] }, { groups: 70 })
    const narrow = b.conv(large, 70, { kernel: [3, 3], padStart: [1, 1] }, { groups: 35 })
    const pooled = b.pool('avgPool', b.concat(b.add(stem, narrow), stem), { kernel: [3, 3], stride: [2, 2] })
    const flat = b.flatten(b.pool('maxPool', b.localResponseNorm(pooled), { kernel: [2, 2], stride: [2, 2] }))
    const output = b.softmax(b.dense(flat, 300))
    const few = b.conv(stem, 3, { kernel: [5, 5], padStart: [2, 2] })
    const graph = b.finish({ output, pooled, few })
    const inputs = { image: randomValues(2 * product(size), randomSource(5)) }
    await expectSameBits({ graph, parameters: b.parameters, inputs, batch: 2 }, algorithm)
  })
}
