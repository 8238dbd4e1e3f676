/** Tensors whose data stays in a file until somebody asks for it. */

import { readFile } from '../binding.js'
import { WeightsError } from '../errors.js'
import type { FileRange } from '../graph/plan-spec.js'
import { Tensor } from '../tensor.js'

/** Those whose data nobody has asked for. */
const ranges = new WeakMap<Tensor, FileRange>()

/** Where the data of a tensor lies, as long as it is nowhere else; changes of data in memory are no longer those of the file. */
export function fileRangeOf(tensor: Tensor): FileRange | undefined {
  return ranges.get(tensor)
}

/** A tensor that reads its data at the first access and keeps it; the access throws WeightsError when the file cannot be read. */
export function fileTensor(range: FileRange, shape: readonly number[], fileName: string): Tensor {
  let data: Float32Array | undefined
  const read = (): Float32Array => {
    const target = allocateWeights(range.size, () => fileName)
    try {
      readFile(range.file, range.startByte, target)
    } catch (cause) {
      throw new WeightsError(`Cannot read ${fileName}: ${(cause as Error).message}`, { cause })
    }
    ranges.delete(tensor)
    return target
  }
  const tensor: Tensor = Object.freeze(
    Object.create(Tensor.prototype, {
      dtype: { value: 'float32', enumerable: true },
      shape: { value: Object.freeze([...shape]), enumerable: true },
      data: {
        enumerable: true,
        get: () => {
          data ??= read()
          return data
        },
      },
    }),
  )
  ranges.set(tensor, range)
  return tensor
}

/** Shared memory, which nobody can detach: the engine packs weights straight from it, and workers may share them. */
export function allocateWeights(size: number, what: () => string): Float32Array<SharedArrayBuffer> {
  try {
    return new Float32Array(new SharedArrayBuffer(size * Float32Array.BYTES_PER_ELEMENT))
  } catch (cause) {
    throw new WeightsError(`${what()}: no memory for ${size} elements`, { cause })
  }
}
