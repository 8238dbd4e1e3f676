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
/** What a header may hold keeps the event loop waiting for well under a second; checkpoints have up to some thousand tensors. */
const MAX_HEADER_BYTES = 16_000_000
const MAX_TENSORS = 20_000
/** The name, three fields and the dtype of so many tensors, and metadata of as many names. */
const MAX_QUOTES = MAX_TENSORS * (10 + 4)

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
    .map(([name, value]) => parseEntry(name, value, fileName, dataStart))
    .sort((a, b) => a.startByte - b.startByte || a.size - b.size)

  let position = 0
  for (const { name, startByte, size, elementBytes } of entries) {
    const start = startByte - dataStart
    if (start !== position) {
      const problem = start < position ? 'overlaps the tensor before it' : 'leaves a hole before it'
      throw entryError(fileName, name, `${problem}: it starts at byte ${start}, expected ${position}`)
    }
    position += size * elementBytes
  }
  const dataBytes = fileBytes - dataStart
  if (position !== dataBytes) {
    throw new WeightsError(
      `${fileName} ${position > dataBytes ? 'is truncated' : 'has bytes after its last tensor'}: ` +
        `its header describes ${position} bytes of tensors, but ${dataBytes} follow`,
      { expected: `${position} bytes`, actual: `${dataBytes} bytes` },
    )
  }
  return entries
}

function parseStrictJson(header: Uint8Array, fileName: string): Record<string, unknown> {
  checkQuotes(header, fileName)
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
  if (Object.keys(value).length > MAX_TENSORS + 1) throw countError(fileName, 'more tensors')
  const problem = isPlain(text, value) ? undefined : findJsonProblem(text)
  if (problem !== undefined) throw new WeightsError(`${fileName} ${problem} in its header`)
  return value
}

/** Before the header is parsed, which takes long when it has very many names. Quotes within texts do not count. */
function checkQuotes(header: Uint8Array, fileName: string): void {
  if (header.byteLength <= MAX_QUOTES) return
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength)
  let quotes = 0
  for (let at = bytes.indexOf('"'); at !== -1; at = bytes.indexOf('"', at + 1)) {
    if (bytes[at - 1] !== BACKSLASH && ++quotes > MAX_QUOTES) throw countError(fileName, 'more names')
  }
}

const BACKSLASH = 0x5c

function countError(fileName: string, what: string): WeightsError {
  const expected = `at most ${MAX_TENSORS} tensors`
  return new WeightsError(`${fileName} has ${what} in its header than expected: ${expected}`, { expected })
}

/** Tensors are objects in an object. */
const MAX_DEPTH = 2

/** Whether `json` surely has no problem: no deep value, and no more ends of keys than the keys of the value. */
function isPlain(json: string, value: Record<string, unknown>): boolean {
  let keys = 0
  for (const entry of Object.values(value)) {
    if (!isRecord(entry)) return false
    const fields = Object.values(entry)
    keys += 1 + fields.length
    if (!fields.every((field) => typeof field !== 'object' || isListOfSizes(field))) return false
  }
  let ends = 0
  for (let at = json.indexOf('":'); at !== -1; at = json.indexOf('":', at + 2)) ends++
  const isCompact = !/"\s+:/.test(json)
  return isCompact && ends === keys
}

/** What `JSON.parse` lets pass in valid `json`: a key that occurs twice in one object, and any depth. */
function findJsonProblem(json: string): string | undefined {
  const objects: Set<string>[] = []
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '{') objects.push(new Set())
    else if (character === '}') objects.pop()
    else if (character === '"') {
      const end = endOfString(json, at)
      const text = json.slice(at, end)
      at = end - 1
      if (!isKey(json, end)) continue
      const key: string = text.includes('\\') ? JSON.parse(text) : text.slice(1, -1)
      if (objects.at(-1)?.has(key)) return `names ${show(key)} twice`
      objects.at(-1)?.add(key)
    }
    if (objects.length > MAX_DEPTH) return 'nests objects too deeply'
  }
  return undefined
}

/** Behind the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  for (; ; end = json.indexOf('"', end + 1)) {
    let backslashes = 0
    while (json[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
}

function isKey(json: string, end: number): boolean {
  let at = end
  while (' \t\r\n'.includes(json[at] as string)) at++
  return json[at] === ':'
}

function checkMetadata(value: unknown, fileName: string): false {
  if (isRecord(value) && Object.values(value).every((item) => typeof item === 'string')) return false
  throw new WeightsError(`${fileName}: __metadata__ must map strings to strings`)
}

function parseEntry(name: string, value: unknown, fileName: string, dataStart: number): TensorEntry {
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
  const size = sizeBytes / elementBytes
  return { name, dtype: dtype as SafetensorsDtype, shape, size, elementBytes, startByte: dataStart + start }
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
