/** Random access to the bytes of a file or of memory, in reads that leave the event loop free. */

import type { FileHandle } from 'node:fs/promises'
import { keepFile, type NativeFile } from '../binding.js'
import { invalidOption, shorten, WeightsError } from '../errors.js'
import { isBytes, isUrl } from '../kinds.js'
import { nodeFsPromises } from '../node-modules.js'
import { filePath } from './file-path.js'

export interface ByteSource {
  /** How messages call it: the path in quotes, or "the given bytes". */
  readonly name: string
  readonly sizeBytes: number
  /** Fills all of `targets`, one after the other, from `position` on. */
  read(targets: readonly Uint8Array[], position: number): Promise<void>
  /** The file, to be read after `close`; undefined for bytes in memory. */
  keep(): NativeFile | undefined
  close(): Promise<void>
}

/** Opens a path, a `file:` URL or bytes; throws `WeightsError` when the file cannot be read, `OptionError` for anything else. */
export async function openByteSource(source: string | URL | Uint8Array): Promise<ByteSource> {
  if (typeof source === 'string' || isUrl(source)) return openFile(filePath('the weights', source))
  if (isBytes(source)) return memorySource(source)
  throw invalidOption('the weights', 'a path, a file: URL or a Uint8Array', source)
}

const SHOWN_PATH_LENGTH = 1000

async function openFile(path: string): Promise<ByteSource> {
  const { open, stat } = nodeFsPromises()
  const name = `"${shorten(path, SHOWN_PATH_LENGTH)}"`
  let handle: FileHandle
  let sizeBytes: number
  try {
    // Opening a pipe or a device could wait for ever, so the kind is looked at first.
    const stats = await stat(path)
    if (!stats.isFile()) throw new WeightsError(`${name} is not a regular file`)
    sizeBytes = stats.size
    handle = await open(path, 'r')
  } catch (error) {
    if (error instanceof WeightsError) throw error
    throw new WeightsError(`Cannot read ${name}: ${(error as Error).message}`, { cause: error })
  }
  return {
    name,
    sizeBytes,
    read: (targets, position) => readFully(handle, name, targets, position),
    keep: () => keepFile(handle.fd),
    close: () => handle.close(),
  }
}

async function readFully(handle: FileHandle, name: string, targets: readonly Uint8Array[], position: number) {
  let rest = targets.filter((target) => target.byteLength > 0)
  while (rest.length > 0) {
    let bytesRead: number
    try {
      bytesRead = (await handle.readv(rest, position)).bytesRead
    } catch (error) {
      throw new WeightsError(`Cannot read ${name}: ${(error as Error).message}`, { cause: error })
    }
    if (bytesRead === 0) throw new WeightsError(`${name} ended at byte ${position} while it was being read`)
    position += bytesRead
    rest = dropBytes(rest, bytesRead)
  }
}

function dropBytes(targets: readonly Uint8Array[], count: number): Uint8Array[] {
  let first = 0
  while (first < targets.length && count >= (targets[first] as Uint8Array).byteLength) {
    count -= (targets[first] as Uint8Array).byteLength
    first++
  }
  const rest = targets.slice(first)
  if (count > 0) rest[0] = (rest[0] as Uint8Array).subarray(count)
  return rest
}

function memorySource(bytes: Uint8Array): ByteSource {
  return {
    name: 'the given bytes',
    sizeBytes: bytes.byteLength,
    async read(targets, position) {
      for (const target of targets) {
        target.set(bytes.subarray(position, position + target.byteLength))
        position += target.byteLength
      }
      await new Promise((resolve) => setImmediate(resolve))
    },
    keep: () => undefined,
    close: async () => {},
  }
}
