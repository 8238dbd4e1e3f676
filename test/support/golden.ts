/**
 * Reference outputs under weights that are a pure function of their names: the recipe of shared/golden/README.md,
 * and access to the stored outputs.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tensor } from '../../lib/tensor.js'
import { sharedPath } from './shared.js'

/** What a golden's json file says; `input` is channels first and `state` keeps the reference's own order. */
export interface Golden {
  readonly name: string
  /** Path without its extension. */
  readonly path: string
  readonly input: readonly number[]
  readonly gain?: number
  readonly params: number
  /** 0 where they were not counted. */
  readonly macs: number
  /** Of each output: the error of the reference in float32. */
  readonly error32: readonly number[]
  readonly state: readonly (readonly [name: string, shape: readonly number[]])[]
  /** Factors of tensors by the ends of their names. */
  readonly scale?: Readonly<Record<string, number>>
  /** Tensors that are constants of the network. */
  readonly keep?: readonly string[]
  /** Names of one tensor; the last one gives the values. */
  readonly aliases?: readonly (readonly string[])[]
}

const folders = [sharedPath('golden/nets/tv-'), sharedPath('golden/nets/timm-'), sharedPath('golden/authors/')]
const ownFolder = join(import.meta.dirname, '../golden/')

const pathOf = (name: string): string | undefined =>
  [...folders, ownFolder].map((folder) => `${folder}${name}`).find((path) => existsSync(`${path}.json`))

export const hasGolden = (name: string): boolean => pathOf(name) !== undefined

export function readGolden(name: string): Golden {
  const path = pathOf(name)
  if (path === undefined) throw new Error(`there is no golden called ${name}`)
  const { fp32_error, ...facts } = JSON.parse(readFileSync(`${path}.json`, 'utf8'))
  return { name, path, error32: fp32_error, ...facts }
}

/** The stored float32 outputs of a network, in order. */
export function readGoldenOutputs({ path, error32 }: Golden): readonly Float32Array[] {
  const bytes = readFileSync(`${path}.safetensors`)
  const headerBytes = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes))
  const first = bytes.byteOffset + 8 + headerBytes
  return error32.map((_, i) => {
    const [start, end] = (header[`output.${i}`] ?? header.output).data_offsets
    return new Float32Array(bytes.buffer.slice(first + start, first + end))
  })
}

/** The recipe's weights, under every name that the reference gives them. */
export function goldenWeights(golden: Golden): ReadonlyMap<string, Tensor> {
  const weights = new Map<string, Tensor>()
  for (const [path, shape] of floatState(golden)) {
    const factors = Object.entries(golden.scale ?? {}).filter(([suffix]) => path.endsWith(suffix))
    const factor = factors.reduce((product, [, by]) => product * by, 1)
    const data = fill(path, shape, golden.gain).map((value) => value * factor)
    weights.set(path, new Tensor(data, shape))
  }
  for (const names of golden.aliases ?? []) {
    for (const alias of names) weights.set(alias, weights.get(names.at(-1) as string) as Tensor)
  }
  return weights
}

/** How far output `i` may be from the stored one, as an rms relative to the stored one's. */
export const toleranceOf = ({ error32 }: Golden, i: number): number => Math.max(20 * (error32[i] as number), 5e-6)

/** Root mean square of `actual - expected` over that of `expected`; NaN when the lengths differ. */
export function relativeRms(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.NaN
  let difference = 0
  let magnitude = 0
  for (let i = 0; i < expected.length; i++) {
    const e = expected[i] as number
    difference += ((actual[i] as number) - e) ** 2
    magnitude += e ** 2
  }
  return Math.sqrt(difference / magnitude)
}

/** State-dict entries that the recipe fills: floats that are no constants. */
export const floatState = ({ state, keep = [] }: Golden): Golden['state'] =>
  state.filter(([name]) => !name.endsWith('num_batches_tracked') && !keep.includes(name))

export function hash32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** 32-bit FNV-1a of the UTF-8 bytes of a name. */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** Element i is `offset + scale * u(name, i)`, rounded once to float32. */
function uniform(name: string, count: number, scale = 1, offset = 0): Float32Array {
  const values = new Float32Array(count)
  let state = seedOf(name)
  for (let i = 0; i < count; i++) {
    values[i] = offset + scale * ((hash32(state) >>> 8) / 2 ** 23 - 1)
    state = (state + 0x9e3779b9) | 0
  }
  return values
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** The float32 values of the tensor called `name`, in C order. */
export function fill(name: string, shape: readonly number[], gain = 2.5): Float32Array {
  const count = product(shape)
  const wide = shape.filter((size) => size > 1).length
  if (name.endsWith('running_var')) return uniform(name, count, 0.5, 1)
  if (wide >= 2) return uniform(name, count, Math.sqrt((3 * gain) / (count / (shape[0] as number))))
  if (shape.length === 1 && /(weight|gamma)$/.test(name)) return uniform(name, count, 0.1, 1)
  return uniform(name, count, 0.1)
}

/** The input of the recipe: noise over blocks of constant colour, each spatial axis cut into pieces of ceil(n / 8). */
export function inputOf(shape: readonly number[], tag = ''): Float32Array {
  const spatial = shape.slice(2)
  const cuts = spatial.map((size) => Math.ceil(size / 8))
  const grid = spatial.map((size, axis) => Math.ceil(size / (cuts[axis] as number)))
  const values = uniform(`input${tag}`, product(shape), 0.25)
  const blocks = uniform(`blocks${tag}`, (shape[0] as number) * (shape[1] as number) * product(grid), 0.75)
  for (let i = 0; i < values.length; i++) {
    let rest = i
    let block = 0
    let blockStride = 1
    for (let axis = spatial.length - 1; axis >= 0; axis--) {
      const size = spatial[axis] as number
      block += Math.floor((rest % size) / (cuts[axis] as number)) * blockStride
      rest = Math.floor(rest / size)
      blockStride *= grid[axis] as number
    }
    values[i] = (values[i] as number) + (blocks[rest * blockStride + block] as number)
  }
  return values
}
