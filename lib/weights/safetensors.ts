/** Reading and writing of safetensors files (https://github.com/huggingface/safetensors, "Format"). */

import { checkSignal, throwIfAborted } from '../abort.js'
import type { NativeFile } from '../binding.js'
import { show, WeightsError } from '../errors.js'
import { knownOptions } from '../layers/options.js'
import { nodeCrypto, nodeFsPromises } from '../node-modules.js'
import { Tensor } from '../tensor.js'
import { type ByteSource, openByteSource } from './byte-source.js'
import { filePath } from './file-path.js'
import { allocateWeights, fileTensor } from './file-tensor.js'
import { type NamedTensors, namedTensors } from './named-tensors.js'
import {
  LENGTH_PREFIX_BYTES,
  parseHeader,
  parseHeaderLength,
  type SafetensorsDtype,
  type TensorEntry,
} from './safetensors-header.js'
import { widenBfloat16, widenFloat16 } from './widen.js'

export interface LoadProgress {
  readonly loadedBytes: number
  readonly totalBytes: number
}

export interface ReadSafetensorsOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
}

/** How much is read, converted or written between two looks at the event loop and the signal. */
const SLICE_BYTES = 4 << 20
const CONVERT_SLICE_BYTES = 1 << 20
const MAX_BUFFERS_PER_READ = 512

/** Elements of the smallest tensor that is left in its file. */
const LEAST_LEFT_SIZE = 1 << 14

const ABORTED = 'Reading the weights was aborted'

type Convert = (slice: ArrayBuffer, target: Float32Array) => void

/** How a float dtype becomes float32; `null`: it is float32. Dtypes that are not here are not weights. */
const CONVERSIONS: Partial<Record<SafetensorsDtype, Convert | null>> = {
  F32: null,
  F16: (slice, target) => widenFloat16(new Uint16Array(slice, 0, target.length), target),
  BF16: (slice, target) => widenBfloat16(new Uint16Array(slice, 0, target.length), target),
  F64: (slice, target) => target.set(new Float64Array(slice, 0, target.length)),
}

/**
 * Reads the float tensors of a safetensors file, a `file:` URL or the bytes of one, by name, as float32 in their own
 * shapes. F16 and BF16 are widened, F64 is rounded; integer and boolean tensors
 * (`num_batches_tracked`) and tensors without elements are left out. A header has at most 16 MB and 20,000 tensors.
 *
 * Throws `WeightsError` for a file that cannot be read or that contradicts itself, before memory is taken for tensors;
 * `AbortError` when `signal` aborts.
 *
 * ```ts
 * import { readSafetensors } from 'im2col'
 *
 * const tensors = await readSafetensors('resnet18.safetensors')
 * tensors.get('conv1.weight')?.shape // [64, 3, 7, 7]
 * ```
 */
export async function readSafetensors(
  source: string | URL | Uint8Array,
  options: ReadSafetensorsOptions = {},
): Promise<Map<string, Tensor>> {
  knownOptions('readSafetensors', options, ['signal', 'onProgress'])
  return withEntries(source, options, (bytes, entries) => readTensors(bytes, entries, options))
}

/** The same, but large float32 tensors of a file stay there until their data is asked for (file-tensor.ts). */
export async function openSafetensors(
  source: string | URL | Uint8Array,
  options: ReadSafetensorsOptions = {},
): Promise<ReadonlyMap<string, Tensor>> {
  return withEntries(source, options, async (bytes, entries) => {
    const file = bytes.keep()
    const isLeft = ({ dtype, size }: TensorEntry) => dtype === 'F32' && size >= LEAST_LEFT_SIZE && file !== undefined
    const read = await readTensors(
      bytes,
      entries.filter((entry) => !isLeft(entry)),
      options,
    )
    return new Map(
      entries.map(({ name, shape, size, startByte }) => {
        const tensor = read.get(name) ?? fileTensor({ file: file as NativeFile, startByte, size }, shape, bytes.name)
        return [name, tensor]
      }),
    )
  })
}

async function withEntries<T>(
  source: string | URL | Uint8Array,
  { signal }: ReadSafetensorsOptions,
  work: (bytes: ByteSource, entries: readonly TensorEntry[]) => Promise<T>,
): Promise<T> {
  checkSignal('reading weights', signal)
  throwIfAborted(signal, ABORTED)
  const bytes = await openByteSource(source)
  try {
    const entries = (await readHeader(bytes)).filter(({ dtype, size }) => CONVERSIONS[dtype] !== undefined && size > 0)
    return await work(bytes, entries)
  } finally {
    await bytes.close()
  }
}

async function readHeader(source: ByteSource): Promise<readonly TensorEntry[]> {
  if (source.sizeBytes < LENGTH_PREFIX_BYTES) {
    throw new WeightsError(`${source.name} is not a safetensors file: it has only ${source.sizeBytes} bytes`)
  }
  const prefix = new Uint8Array(LENGTH_PREFIX_BYTES)
  await source.read([prefix], 0)
  const header = new Uint8Array(parseHeaderLength(prefix, source.name, source.sizeBytes))
  await source.read([header], LENGTH_PREFIX_BYTES)
  return parseHeader(header, source.name, source.sizeBytes)
}

async function readTensors(source: ByteSource, entries: readonly TensorEntry[], options: ReadSafetensorsOptions) {
  const { signal, onProgress } = options
  const tensors = new Map<string, Tensor>()
  const totalBytes = entries.reduce((sum, { size, elementBytes }) => sum + size * elementBytes, 0)
  let loadedBytes = 0
  const pending = new PendingRead(source)
  const step = async (bytes: Promise<number>) => {
    loadedBytes += await bytes
    throwIfAborted(signal, ABORTED)
    onProgress?.({ loadedBytes, totalBytes })
  }

  for (const entry of entries) {
    const { name, shape, size, elementBytes, startByte } = entry
    const data = allocateWeights(size, () => `${source.name}: tensor ${show(name)}`)
    tensors.set(name, new Tensor(data, shape))
    const convert = CONVERSIONS[entry.dtype]
    const sliceSize = convert ? CONVERT_SLICE_BYTES / elementBytes : SLICE_BYTES / elementBytes
    for (let first = 0; first < size; first += sliceSize) {
      const target = data.subarray(first, Math.min(first + sliceSize, size))
      const position = startByte + first * elementBytes
      if (convert) {
        await step(readConverted(source, position, target, elementBytes, convert))
      } else {
        if (!pending.accepts(target, position)) await step(pending.flush())
        pending.add(target, position)
      }
    }
  }
  await step(pending.flush())
  return tensors
}

async function readConverted(
  source: ByteSource,
  position: number,
  target: Float32Array,
  elementBytes: number,
  convert: Convert,
): Promise<number> {
  const slice = new ArrayBuffer(target.length * elementBytes)
  await source.read([new Uint8Array(slice)], position)
  convert(slice, target)
  return slice.byteLength
}

/** Neighbouring small tensors gathered into one scattering read. */
class PendingRead {
  readonly #source: ByteSource
  #targets: Uint8Array[] = []
  #position = 0
  #sizeBytes = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  accepts(target: Float32Array, position: number): boolean {
    return (
      this.#targets.length === 0 ||
      (position === this.#position + this.#sizeBytes &&
        this.#targets.length < MAX_BUFFERS_PER_READ &&
        this.#sizeBytes + target.byteLength <= SLICE_BYTES)
    )
  }

  add(target: Float32Array, position: number): void {
    if (this.#targets.length === 0) this.#position = position
    this.#targets.push(bytesOf(target))
    this.#sizeBytes += target.byteLength
  }

  /** Reads what was added; returns how many bytes that was. */
  async flush(): Promise<number> {
    const [targets, sizeBytes] = [this.#targets, this.#sizeBytes]
    this.#targets = []
    this.#sizeBytes = 0
    if (targets.length > 0) await this.#source.read(targets, this.#position)
    return sizeBytes
  }
}

/**
 * Writes tensors as a safetensors file of F32, in the order of their names, so that equal tensors make equal bytes. The
 * file, named by a path or a `file:` URL, appears under its name only when it is complete. Throws `WeightsError` when it cannot be written,
 * `OptionError` or `DTypeError` for what are no tensors.
 *
 * ```ts
 * import { Tensor, writeSafetensors } from 'im2col'
 *
 * await writeSafetensors('net.safetensors', new Map([['fc.bias', new Tensor(new Float32Array(10), [10])]]))
 * ```
 */
export async function writeSafetensors(
  target: string | URL,
  given: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const path = filePath('the path of the tensors', target)
  const tensors = namedTensors('the tensors', 'a map or an object of tensors by name', given)
  if (tensors.has('__metadata__')) {
    throw new WeightsError(`Cannot write "${path}": the name __metadata__ is reserved by the format`)
  }
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
  const { open, rename, unlink, writeFile } = nodeFsPromises()
  const temporary = `${path}.${nodeCrypto().randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx')
    try {
      await writeFile(file, fileSlices(sorted, metadata))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw new WeightsError(`Cannot write "${path}": ${(error as Error).message}`, { cause: error })
  }
}

function* fileSlices(
  tensors: readonly (readonly [string, Tensor])[],
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  yield encodeHeader(tensors, metadata)
  for (const [, tensor] of tensors) {
    const bytes = bytesOf(tensor.data)
    for (let first = 0; first < bytes.length; first += SLICE_BYTES) yield bytes.subarray(first, first + SLICE_BYTES)
  }
}

/** Length prefix and JSON, padded with spaces so that the tensors begin at a multiple of 8 bytes. */
function encodeHeader(
  tensors: readonly (readonly [string, Tensor])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const members = Object.keys(metadata).length > 0 ? [`"__metadata__":${JSON.stringify(metadata)}`] : []
  let offset = 0
  for (const [name, { data, shape }] of tensors) {
    const entry = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    members.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`)
    offset += data.byteLength
  }
  const json = Buffer.from(`{${members.join(',')}}`)
  const header = Buffer.alloc(LENGTH_PREFIX_BYTES + Math.ceil(json.length / 8) * 8, ' ')
  header.writeBigUInt64LE(BigInt(header.length - LENGTH_PREFIX_BYTES))
  json.copy(header, LENGTH_PREFIX_BYTES)
  return header
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
