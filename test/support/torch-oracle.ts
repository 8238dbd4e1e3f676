/** Compares a network with a PyTorch expression on the same random inputs and parameters. */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { model, Tensor } from '../../lib/index.js'

export interface TorchCase {
  readonly name: string
  /** Shapes in PyTorch's order, with a batch. */
  readonly inputs: Readonly<Record<string, readonly number[]>>
  /** Python that sets `y` and, when there are parameters, `module`. */
  readonly code: string
  /** The same network: takes the one input, or a record of several. */
  readonly net: unknown
  /** Factor of the random inputs. */
  readonly scale?: number
  /** Largest difference, relative to the largest element; 2e-6 by default. */
  readonly tolerance?: number
  /** True for values whose shape is the same in both worlds: grids, sequences, tokens. */
  readonly isChannelsLast?: boolean
}

type Packed = readonly [shape: readonly number[], values: readonly number[]]

interface Result {
  readonly inputs: Readonly<Record<string, Packed>>
  readonly state: Readonly<Record<string, Packed>>
  readonly y: Packed
}

export function askTorch(python: string, cases: readonly TorchCase[]): readonly Result[] {
  const script = fileURLToPath(new URL('../oracle/torch_operators.py', import.meta.url))
  const input = JSON.stringify(cases.map(({ inputs, code, scale }) => ({ inputs, code, scale: scale ?? 1 })))
  const output = execFileSync(python, [script], { input, maxBuffer: 2 ** 28, encoding: 'utf8' })
  return JSON.parse(output)
}

/** N, C, spatial... to N, spatial..., C and back. */
const toChannelsLast = (shape: readonly number[]) => [shape[0] as number, ...shape.slice(2), shape[1] as number]

const isLast = ({ isChannelsLast = false }: TorchCase, shape: readonly number[], name: string): boolean =>
  isChannelsLast || name === 'grid' || shape.length < 3

export async function compareWithTorch(torchCase: TorchCase, result: Result): Promise<void> {
  const moved = Object.entries(result.inputs).map(([name, [shape, values]]) => {
    const data = Float32Array.from(values)
    if (isLast(torchCase, shape, name)) return [name, new Tensor(data, shape)] as const
    return [name, new Tensor(transposed(data, shape), toChannelsLast(shape))] as const
  })
  const shapes = Object.fromEntries(moved.map(([name, tensor]) => [name, tensor.shape.slice(1)]))
  const network = model(shapes, torchCase.net as never)
  const state = Object.entries(result.state).map(
    ([name, [shape, values]]) => [name, new Tensor(Float32Array.from(values), shape)] as const,
  )
  await network.loadWeights(new Map(state))
  const session = await network.compile({ threads: 2 })
  const outputs = await session.run(Object.fromEntries(moved))
  session.dispose()
  const [shape, values] = result.y
  const isAsIs = isLast(torchCase, shape, 'y')
  const expected = isAsIs ? Float32Array.from(values) : transposed(Float32Array.from(values), shape)
  const actual = (outputs as Record<string, Tensor>).output as Tensor
  expect(actual.shape).toEqual(isAsIs ? shape : toChannelsLast(shape))
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30)
  const off = actual.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0)
  expect(off / largest).toBeLessThanOrEqual(torchCase.tolerance ?? 2e-6)
}

function transposed(data: Float32Array, [batch = 1, channels = 1, ...spatial]: readonly number[]): Float32Array {
  const pixels = spatial.reduce((a, b) => a * b, 1)
  return Float32Array.from(data, (_, i) => {
    const [n, pixel, c] = [Math.floor(i / (pixels * channels)), Math.floor(i / channels) % pixels, i % channels]
    return data[(n * channels + c) * pixels + pixel] as number
  }).subarray(0, batch * channels * pixels)
}
