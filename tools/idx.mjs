/** Reading of IDX files, the format of MNIST (http://yann.lecun.com/exdb/mnist/), gzipped or not. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

const UNSIGNED_BYTE = 8
const MAX_BYTES = 1 << 28
const GZIP_MAGIC = 0x1f8b

/**
 * The unsigned bytes of `DIR/name` or `DIR/name.gz` and their shape, outermost axis first.
 *
 * Throws an Error that names the file when it is missing, no IDX file of bytes, or of another length than its header says.
 *
 * @param {string} directory
 * @param {string} name
 * @returns {Promise<{ data: Uint8Array, shape: number[] }>}
 */
export async function readIdx(directory, name) {
  const path = join(directory, name)
  const stored = await readEither(path, `${path}.gz`)
  const bytes =
    stored.length >= 2 && stored.readUInt16BE(0) === GZIP_MAGIC
      ? await promisify(gunzip)(stored, { maxOutputLength: MAX_BYTES }).catch((error) => {
          throw new Error(`${path}.gz cannot be unpacked: ${error.message}`)
        })
      : stored
  const rank = bytes.length >= 4 ? bytes[3] : 0
  const headerBytes = 4 + 4 * rank
  if (bytes.length < headerBytes || rank === 0 || bytes.readUInt16BE(0) !== 0 || bytes[2] !== UNSIGNED_BYTE) {
    throw new Error(`${path} is no IDX file of unsigned bytes`)
  }
  const shape = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis))
  const expected = shape.reduce((product, size) => product * size, 1)
  if (bytes.length - headerBytes !== expected) {
    throw new Error(
      `${path}: expected ${expected} bytes for ${shape.join(' x ')} but found ${bytes.length - headerBytes}`,
    )
  }
  return { data: bytes.subarray(headerBytes), shape }
}

async function readEither(...paths) {
  for (const path of paths) {
    try {
      return await readFile(path)
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    }
  }
  throw new Error(`neither ${paths.join(' nor ')} is there`)
}
