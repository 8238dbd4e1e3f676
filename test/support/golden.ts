/**
 * Reference outputs under weights that are a pure function of their names: the recipe of shared/golden/README.md,
 * and access to the stored outputs.
 */

import { readFileSync } from 'node:fs'
import { sharedPath } from './shared.js'

/** What a golden's json file says; `input` is NCHW and `state` keeps the reference's own order. */
export interface Golden {
  readonly name: string
  readonly input: readonly number[]
  readonly gain: number
  readonly params: number
  readonly macs: number
  readonly error32: readonly number[]
  readonly state: readonly (readonly [name: string, shape: readonly number[]])[]
}

export function readGolden(name: string): Golden {
  return { name, ...JSON.parse(readFileSync(sharedPath(`golden/nets/${name}.json`), 'utf8')) }
}

/** The stored float32 output of a network that has one. */
export function readGoldenOutput(name: string): Float32Array {
  const bytes = readFileSync(sharedPath(`golden/nets/${name}.safetensors`))
  const headerBytes = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes))
  const [start, end] = header.output.data_offsets
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + 8 + headerBytes + start, bytes.byteOffset + 8 + headerBytes + end),
  )
}

/** How far an output may be from the stored one, as an rms relative to the stored one's. */
export const toleranceOf = (golden: Golden): number => Math.max(20 * (golden.error32[0] as number), 2e-6)

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

/** State-dict entries that hold floats, which is all that a loader reads. */
export const floatState = (golden: Golden): Golden['state'] =>
  golden.state.filter(([name]) => !name.endsWith('num_batches_tracked'))

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
