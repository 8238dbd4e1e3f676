import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { DTypeError, OptionError, ShapeError, Tensor } from '../lib/index.js'

describe('a tensor', () => {
  test('keeps its data without a copy and its shape frozen', () => {
    const data = new Float32Array(6)
    const shape = [2, 3]
    const tensor = new Tensor(data, shape)
    shape[0] = 7
    expect(tensor.data).toBe(data)
    expect(tensor.shape).toEqual([2, 3])
    expect(tensor.dtype).toBe('float32')
    expect(Object.isFrozen(tensor.shape)).toBe(true)
  })

  test('of zeros', () => {
    expect(Tensor.zeros([2, 2]).data).toEqual(new Float32Array(4))
  })

  test('takes a Float32Array of another realm', () => {
    const data = runInNewContext('new Float32Array([1, 2])') as Float32Array
    expect(data instanceof Float32Array).toBe(false)
    expect(new Tensor(data, [2]).data).toBe(data)
  })

  test('shows its data, its shape and nothing else', () => {
    expect(inspect(Tensor.zeros([1]))).toMatch(
      /^Tensor \{\s+dtype: 'float32',\s+data: Float32Array\(1\) \[ 0 \],\s+shape: \[ 1 \]\s+\}$/,
    )
  })

  test('refuses data whose length is not the product of its shape', () => {
    expect(() => new Tensor(new Float32Array(5), [2, 3])).toThrow(ShapeError)
    expect(() => new Tensor(new Float32Array(5), [2, 3])).toThrow(
      'A tensor of shape [2, 3] has 6 elements but the data has 5',
    )
  })

  test.each([[[2.5, 2]], [[-1, -5]], [[Number.NaN]], [[0]], [[2 ** 60]], [['5']]])('refuses the shape %j', (shape) => {
    expect(() => new Tensor(new Float32Array(5), shape as number[])).toThrow(ShapeError)
  })

  test.each([5, '5', null, undefined, {}])('refuses %j for a shape', (shape) => {
    expect(() => new Tensor(new Float32Array(5), shape as unknown as number[])).toThrow(OptionError)
  })

  test.each([
    ['Float64Array', new Float64Array(5)],
    ['array', [1, 2, 3, 4, 5]],
    ['nothing', undefined],
    ['lookalike', { length: 5, [Symbol.toStringTag]: 'Float32Array' }],
  ])('refuses a %s for its data', (_, data) => {
    expect(() => new Tensor(data as Float32Array, [5])).toThrow(DTypeError)
    expect(() => new Tensor(data as Float32Array, [5])).toThrow(/Float32Array but received/)
  })
})
