import { describe, expect, it } from 'vitest'
import { WeightsError } from '../lib/errors.js'
import type { Parameter } from '../lib/graph/graph.js'
import { Tensor } from '../lib/tensor.js'
import type { Rename } from '../lib/weights/renames.js'
import { matchStateDict } from '../lib/weights/state-dict.js'

const parameter = (path: string, ...shape: number[]): Parameter => ({ path, shape, learnable: true })
const tensors = (shapes: Record<string, number[]>) =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, Tensor.zeros(shape)]))

const expected = [parameter('conv.weight', 8, 3, 3, 3), parameter('conv.bias', 8), parameter('fc.weight', 10, 8)]
const fitting = { 'conv.weight': [8, 3, 3, 3], 'conv.bias': [8], 'fc.weight': [10, 8] }

function mismatch(given: Record<string, number[]>, parameters = expected, rename?: Rename): WeightsError {
  try {
    matchStateDict(parameters, tensors(given), { rename })
  } catch (error) {
    expect(error).toBeInstanceOf(WeightsError)
    return error as WeightsError
  }
  throw new Error('the weights fit')
}

describe('matchStateDict', () => {
  it('gives every parameter its tensor, in the order of the parameters', () => {
    const given = tensors({ 'fc.weight': [10, 8], 'conv.bias': [8], 'conv.weight': [8, 3, 3, 3] })
    const matched = matchStateDict(expected, given)
    expect([...matched.keys()]).toEqual(['conv.weight', 'conv.bias', 'fc.weight'])
    for (const [name, tensor] of matched) expect(tensor).toBe(given.get(name))
  })

  it('ignores num_batches_tracked', () => {
    const given = tensors({ ...fitting, 'bn.num_batches_tracked': [1] })
    expect(matchStateDict(expected, given).size).toBe(3)
  })

  it('accepts a parameter that two layers share', () => {
    expect(matchStateDict([...expected, ...expected], tensors(fitting)).size).toBe(3)
  })

  it('lists everything that is missing, unexpected and misshaped at once', () => {
    const error = mismatch({ 'conv.weight': [8, 3, 5, 5], 'fc.weight': [10, 8], head: [3], tail: [4] })
    expect(error.code).toBe('ERR_WEIGHTS')
    expect(error.missing).toEqual(['conv.bias'])
    expect(error.unexpected).toEqual(['head', 'tail'])
    expect(error.misshaped).toEqual([{ name: 'conv.weight', expected: [8, 3, 3, 3], actual: [8, 3, 5, 5] }])
    expect(error.message).toBe(
      "The weights do not fit the network's 3 parameters: 1 missing: conv.bias; 2 unexpected: head, tail; " +
        '1 misshaped: conv.weight (expected [8, 3, 3, 3], got [8, 3, 5, 5])',
    )
  })

  it('stays readable with hundreds of names and keeps them all in its fields', () => {
    const many = Array.from({ length: 300 }, (_, i) => parameter(`layer${i}.weight`, 1))
    const error = mismatch(Object.fromEntries(many.map((_, i) => [`${i}/kernel`, [1]])), many)
    expect(error.message).toContain(
      '300 missing: layer0.weight, layer1.weight, layer2.weight, layer3.weight and 296 more',
    )
    expect(error.message).not.toContain('\n')
    expect(error.message.length).toBeLessThan(400)
    expect(error.missing).toHaveLength(300)
    expect(error.unexpected).toHaveLength(300)
  })

  it('applies a rename, and leaves out what it maps to undefined', () => {
    const given = tensors({
      'module.conv.weight': [8, 3, 3, 3],
      'module.conv.bias': [8],
      'module.fc.weight': [10, 8],
      step: [1],
    })
    const rename = (name: string) => (name === 'step' ? undefined : name.slice('module.'.length))
    expect([...matchStateDict(expected, given, { rename }).keys()]).toEqual(Object.keys(fitting))
  })

  it('refuses a rename that maps two names to one', () => {
    const given = tensors({ a: [8], b: [8] })
    expect(() => matchStateDict(expected, given, { rename: () => 'conv.bias' })).toThrow(
      'Both "a" and "b" are renamed to "conv.bias"',
    )
  })
})

describe('hints', () => {
  const prefixed = (prefix: string) => Object.fromEntries(Object.entries(fitting).map(([k, v]) => [prefix + k, v]))

  it('names a prefix that the file has', () => {
    expect(mismatch(prefixed('module.')).hint).toBe(
      'The given names begin with "module."; pass rename: (name) => name.slice(7)',
    )
  })

  it('names a prefix that the file lacks', () => {
    const parameters = expected.map((p) => ({ ...p, path: `backbone.${p.path}` }))
    expect(mismatch(fitting, parameters).hint).toBe(
      'The given names lack the prefix "backbone."; pass rename: (name) => "backbone." + name',
    )
  })

  it('names the nearest name', () => {
    const { 'conv.bias': bias, ...rest } = fitting
    expect(mismatch({ ...rest, 'conv.biases': bias }).hint).toBe('Did you mean conv.biases for conv.bias?')
  })

  it('is silent when nothing is near', () => {
    const { 'conv.bias': bias, ...rest } = fitting
    expect(mismatch({ ...rest, 'totally/different': bias }).hint).toBeUndefined()
    expect(mismatch(rest).hint).toBeUndefined()
  })
})
