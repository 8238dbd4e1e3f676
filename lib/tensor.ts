import { DTypeError, invalidOption, ShapeError, show } from './errors.js'
import { isFloat32Array } from './kinds.js'
import { elementCount } from './shape.js'

/** What marks a tensor of any copy of the package: a process that both imports and requires it has two. */
const brand: unique symbol = Symbol.for('im2col.Tensor')

const checkList = (shape: unknown): void => {
  if (!Array.isArray(shape)) throw invalidOption('the shape of a tensor', 'an array of positive integers', shape)
}

/**
 * Numbers and their shape; the data is not copied.
 *
 * Throws ShapeError when the shape is not made of positive integers or does not fit the length, DTypeError when the data is no Float32Array.
 *
 * ```ts
 * import { Tensor } from 'im2col'
 *
 * const pixels = new Tensor(new Float32Array(224 * 224 * 3), [224, 224, 3])
 * ```
 */
export class Tensor {
  readonly dtype = 'float32'
  readonly data: Float32Array
  readonly shape: readonly number[]

  constructor(data: Float32Array, shape: readonly number[]) {
    if (!isFloat32Array(data)) {
      throw new DTypeError(`Expected the data of a tensor to be a Float32Array but received ${show(data)}`, {
        expected: 'Float32Array',
        actual: data,
      })
    }
    checkList(shape)
    const expected = elementCount(shape)
    if (data.length !== expected) {
      throw new ShapeError(
        `A tensor of shape ${show(shape)} has ${expected} elements but the data has ${data.length}`,
        { expected, actual: data.length },
      )
    }
    this.data = data
    this.shape = Object.isFrozen(shape) ? shape : Object.freeze([...shape])
    Object.freeze(this)
  }

  /** @internal */
  get [brand](): true {
    return true
  }

  /**
   * A new tensor of zeros. Throws ShapeError unless the shape is made of positive integers, OptionError when it is no list.
   *
   * ```ts
   * import { Tensor } from 'im2col'
   *
   * Tensor.zeros([2, 3]).data.length // 6
   * ```
   */
  static zeros(shape: readonly number[]): Tensor {
    checkList(shape)
    return zeros(shape)
  }
}

/** A class that mentions itself would have another name in the bundle. */
const zeros = (shape: readonly number[]): Tensor => new Tensor(new Float32Array(elementCount(shape)), shape)

/** Whether a value is a tensor, of this copy of the package or another. */
export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && brand in value
