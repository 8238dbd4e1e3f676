/** The header of a safetensors file, checked against the size of the file before anything is allocated for tensors. */

import { show, WeightsError } from '../errors.js'
import { maxElements } from '../shape.js'
import { recogniseFormat } from './file-formats.js'

/** Bytes of one element by dtype. */
const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const

export type SafetensorsDtype = keyof typeof ELEMENT_BYTES

export interface TensorEntry {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** Number of elements. */
  readonly size: number
  readonly elementBytes: number
  /** First byte, from the start of the file. */
  readonly startByte: number
}

export const LENGTH_PREFIX_BYTES = 8
const MAX_HEADER_BYTES = 100_000_000

/** The header's length from the file's first 8 bytes (a little-endian u64). */
export function parseHeaderLength(prefix: Uint8Array, fileName: string, fileBytes: number): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_PREFIX_BYTES)
  const length = view.getBigUint64(0, true)
  const available = fileBytes - LENGTH_PREFIX_BYTES
  if (length < 2n || length > BigInt(Math.min(available, MAX_HEADER_BYTES))) {
    const other = recogniseFormat(prefix)
    if (other !== undefined) {
      throw new WeightsError(`${fileName} is not a safetensors file but ${other.name}`, {
        expected: 'safetensors',
        actual: other.name,
        hint: other.hint,
      })
    }
    throw new WeightsError(
      `${fileName} is not a safetensors file: its header would have ${length} bytes, ` +
        (length > BigInt(available) ? `but ${available} bytes follow` : `expected 2 to ${MAX_HEADER_BYTES}`),
      { expected: `2 to ${Math.min(available, MAX_HEADER_BYTES)} bytes`, actual: `${length} bytes` },
    )
  }
  return Number(length)
}

/**
 * The tensors that a header describes, in the order of their bytes. Their ranges must fill the rest of the file without
 * overlap or hole; throws `WeightsError` otherwise.
 */
export function parseHeader(header: Uint8Array, fileName: string, fileBytes: number): readonly TensorEntry[] {
  const dataStart = LENGTH_PREFIX_BYTES + header.byteLength
  const entries = Object.entries(parseStrictJson(header, fileName))
    .filter(([name, value]) => name !== '__metadata__' || checkMetadata(value, fileName))
    .map(([name, value]) => parseEntry(name, value, fileName))
    .sort((a, b) => a.start - b.start || a.end - b.end)

  let position = 0
  for (const { name, start, end } of entries) {
    if (start !== position) {
      const problem = start < position ? 'overlaps the tensor before it' : 'leaves a hole before it'
      throw entryError(fileName, name, `${problem}: it starts at byte ${start}, expected ${position}`)
    }
    position = end
  }
  const dataBytes = fileBytes - dataStart
  if (position !== dataBytes) {
    throw new WeightsError(
      `${fileName} ${position > dataBytes ? 'is truncated' : 'has bytes after its last tensor'}: ` +
        `its header describes ${position} bytes of tensors, but ${dataBytes} follow`,
      { expected: `${position} bytes`, actual: `${dataBytes} bytes` },
    )
  }
  return entries.map(({ start, end: _, ...entry }) => ({ ...entry, startByte: dataStart + start }))
}

function parseStrictJson(header: Uint8Array, fileName: string): Record<string, unknown> {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header)
    value = JSON.parse(text)
  } catch (error) {
    throw new WeightsError(`${fileName} is not a safetensors file: its header is not JSON`, { cause: error })
  }
  if (!isRecord(value) || !text.startsWith('{')) {
    throw new WeightsError(`${fileName} is not a safetensors file: its header does not begin with a JSON object`)
  }
  const problem = isPlain(text, value) ? undefined : findJsonProblem(text)
  if (problem !== undefined) throw new WeightsError(`${fileName} ${problem} in its header`)
  return value
}

/** Tensors hold fields, fields hold lists. */
const MAX_DEPTH = 3

/** Whether `json` surely has no problem: no deep value, and no more ends of keys than the keys of the value. */
function isPlain(json: string, value: Record<string, unknown>): boolean {
  let keys = 0
  for (const entry of Object.values(value)) {
    if (!isRecord(entry)) return false
    const fields = Object.values(entry)
    keys += 1 + fields.length
    if (!fields.every((field) => typeof field !== 'object' || (Array.isArray(field) && field.every(isNumber))))
      return false
  }
  let ends = 0
  for (let at = json.indexOf('":'); at !== -1; at = json.indexOf('":', at + 2)) ends++
  const isCompact = !/"\s+:/.test(json)
  return isCompact && ends === keys
}

const isNumber = (value: unknown): boolean => typeof value === 'number'

/** What `JSON.parse` lets pass in valid `json`: a key that occurs twice in one object, and any depth. */
function findJsonProblem(json: string): string | undefined {
  const keys: Set<string>[] = []
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/g
  for (let token = tokens.exec(json); token !== null; token = tokens.exec(json)) {
    const [text, colon] = token
    if (text === '{' || text === '[') keys.push(new Set())
    else if (text === '}' || text === ']') keys.pop()
    else if (colon !== undefined) {
      const key: string = JSON.parse(text.slice(0, -colon.length))
      if (keys.at(-1)?.has(key)) return `names ${show(key)} twice`
      keys.at(-1)?.add(key)
    }
    if (keys.length > MAX_DEPTH) return 'nests objects or lists too deeply'
  }
  return undefined
}

function checkMetadata(value: unknown, fileName: string): false {
  if (isRecord(value) && Object.values(value).every((item) => typeof item === 'string')) return false
  throw new WeightsError(`${fileName}: __metadata__ must map strings to strings`)
}

function parseEntry(name: string, value: unknown, fileName: string) {
  const fail = (problem: string) => entryError(fileName, name, problem)
  if (!isRecord(value)) throw fail(`expected an object but received ${show(value)}`)
  const unknown = Object.keys(value).find((key) => key !== 'dtype' && key !== 'shape' && key !== 'data_offsets')
  if (unknown !== undefined) throw fail(`unknown field ${show(unknown)}`)

  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw fail(`dtype ${show(dtype)} is not supported, expected one of ${Object.keys(ELEMENT_BYTES).join(', ')}`)
  }
  if (!isListOfSizes(shape)) throw fail(`expected shape to be a list of sizes but received ${show(shape)}`)
  if (!isListOfSizes(offsets) || offsets.length !== 2) {
    throw fail(`expected data_offsets to be two positions but received ${show(offsets)}`)
  }
  const [start, end] = offsets as [number, number]
  const elementBytes = ELEMENT_BYTES[dtype as SafetensorsDtype]
  let sizeBytes = elementBytes
  for (const dimension of shape) {
    sizeBytes *= dimension
    if (sizeBytes > maxElements * elementBytes) throw fail(`shape ${show(shape)} has too many elements`)
  }
  if (end - start !== sizeBytes) {
    throw fail(`${dtype} ${show(shape)} takes ${sizeBytes} bytes, but its data_offsets span ${end - start}`)
  }
  return { name, dtype: dtype as SafetensorsDtype, shape, size: sizeBytes / elementBytes, elementBytes, start, end }
}

function entryError(fileName: string, tensorName: string, problem: string) {
  return new WeightsError(`${fileName}: tensor ${show(tensorName)}: ${problem}`)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isListOfSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)
}
