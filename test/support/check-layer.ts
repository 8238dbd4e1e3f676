/** Runs a network on random data in every way that the engine offers and compares each with the reference. */

import { expect } from 'vitest'
import type { ConvAlgorithm } from '../../lib/graph/lowering.js'
import { type Model, model, Tensor } from '../../lib/index.js'
import { product } from './graph-builder.js'
import { randomSource, randomValues } from './random.js'
import { canBeNested, canBeWinograd, evaluateGraph } from './reference.js'
import type { RefTensor } from './reference-ops.js'
import { expectWithin } from './tolerance.js'

export interface NetCase {
  readonly inputs: Readonly<Record<string, readonly number[]>>
  /** Takes the one input, or a record of several. */
  readonly net: unknown
  readonly batch: number
  readonly seed: number
  /** Values that some elements of the inputs get instead of random ones. */
  readonly specials?: readonly number[] | undefined
  readonly algorithms?: readonly ConvAlgorithm[]
  /** Leaves the special values out: whether an infinity meets a weight of 0 is a matter of rounding there. */
  readonly finite?: boolean
  /** What the layer was made with, for counterexamples. */
  readonly options?: unknown
}

/** What may take Winograd's tiles of 6 x 6. */
const COARSE: readonly ConvAlgorithm[] = ['fast', 'winograd6']

/** A bound that infinity times 0 made NaN bounds nothing. */
const withoutLostBounds = (tensor: RefTensor): RefTensor => ({
  ...tensor,
  error: tensor.error.map((bound) => (Number.isNaN(bound) ? Number.POSITIVE_INFINITY : bound)),
})

export async function checkNet({
  inputs,
  net,
  batch,
  seed,
  specials: offered = [],
  finite = false,
  algorithms = ['auto'],
}: NetCase): Promise<void> {
  const specials = finite ? [] : offered
  const network: Model = model(inputs, net as never)
  const random = randomSource(seed)
  const weights = new Map(network.parameters().map(({ path, shape }) => [path, weightsFor(path, shape, random)]))
  await network.loadWeights(weights)
  const data = mapRecord(inputs, (shape) => inputFor(batch * product(shape), specials, random))
  const references = new Map<number, Record<string, RefTensor>>()
  for (const algorithm of algorithms) {
    const mayBeWinograd = !['direct', 'im2col', 'depthwise', 'planes', 'grouped'].includes(algorithm)
    const winogradOutputs = mayBeWinograd ? (COARSE.includes(algorithm) ? 6 : 4) : 0
    const expected =
      references.get(winogradOutputs) ?? evaluateGraph(network.graph, weights, data, batch, { winogradOutputs })
    references.set(winogradOutputs, expected)
    // A Winograd tile mixes all of its inputs: what is not finite spreads over the tile.
    const isMixed = mayBeWinograd && network.graph.nodes.some((node) => canBeWinograd(node) || canBeNested(node))
    if (specials.length > 0 && isMixed) continue
    const session = await network.compile({ threads: 2, algorithm })
    const tensors = mapRecord(inputs, (shape, name) => new Tensor(data[name] as Float32Array, [batch, ...shape]))
    const outputs = await session.run(tensors)
    const single = await network.compile({ threads: 1, algorithm, layout: 'nchw' })
    const planar = single.runSync(mapRecord(tensors, (tensor) => toChannelsFirst(tensor)))
    for (const [name, reference] of Object.entries(expected)) {
      const output = outputs[name] as Tensor
      expect(output.shape).toEqual([batch, ...(network.outputs[name] ?? [])])
      expectWithin(
        output.data,
        specials.length > 0 ? withoutLostBounds(reference as RefTensor) : (reference as RefTensor),
      )
      expect(bytesOf(planar[name] as Tensor), `${algorithm}: other bits with one thread`).toEqual(
        bytesOf(toChannelsFirst(output)),
      )
    }
    session.dispose()
    single.dispose()
  }
}

/** The bits of every element; of several operands that are NaN any may be passed on, so all NaN count as one. */
export function bytesOf({ data }: Tensor): Uint32Array {
  const same = data.map((value) => (Number.isNaN(value) ? Number.NaN : value))
  return new Uint32Array(same.buffer, same.byteOffset, same.length)
}

/** [N, spatial..., C] to [N, C, spatial...]. */
export function toChannelsFirst({ data, shape }: Tensor): Tensor {
  const [batch = 1, ...image] = shape
  const channels = image.at(-1) ?? 1
  const pixels = product(image) / channels
  const moved = new Float32Array(data.length)
  data.forEach((value, i) => {
    const channel = i % channels
    const pixel = Math.floor(i / channels) % pixels
    const n = Math.floor(i / (channels * pixels))
    moved[(n * channels + channel) * pixels + pixel] = value
  })
  return new Tensor(moved, [batch, channels, ...image.slice(0, -1)])
}

function weightsFor(path: string, shape: readonly number[], random: () => number): Tensor {
  const values = randomValues(product(shape), random)
  return new Tensor(path.endsWith('running_var') ? values.map((value) => 0.1 + value * value) : values, shape)
}

/** Magnitudes differ from case to case; every fifth element is a special one when there are any. */
function inputFor(size: number, specials: readonly number[], random: () => number): Float32Array {
  const scale = 10 ** Math.floor(random() * 5 - 2)
  return randomValues(size, random).map((value) => {
    if (specials.length === 0 || random() > 0.2) return value * scale
    return specials[Math.floor(random() * specials.length)] as number
  })
}

function mapRecord<T, U>(record: Readonly<Record<string, T>>, map: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]))
}
