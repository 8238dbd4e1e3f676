import { describe, expect, test } from 'vitest'
import { fill, hash32, inputOf, relativeRms, seedOf } from './support/golden.js'

/** FNV-1a over the bit patterns, one 32-bit word at a time. */
function digest(values: Float32Array): number {
  let hash = 0x811c9dc5
  for (const word of new Uint32Array(values.buffer)) hash = Math.imul(hash ^ word, 0x01000193)
  return hash >>> 0
}

describe('the golden recipe makes the same bits as its definition in Python', () => {
  test.each([
    [0, 0],
    [1, 0x688990c0],
    [2, 0xd1132181],
    [0x9e3779b9, 0x01fce552],
    [0xffffffff, 0x6768824a],
  ])('hash32(%i)', (x, expected) => {
    expect(hash32(x)).toBe(expected)
  })

  test.each([
    ['', 0x811c9dc5],
    ['conv1.weight', 0xbdcec494],
    ['features.denseblock1.denselayer1.norm1.running_var', 0x7f7210ae],
    ['é', 0x1e9de8c1],
  ])('seed of "%s"', (name, expected) => {
    expect(seedOf(name)).toBe(expected)
  })

  test.each([
    ['conv1.weight', [64, 3, 7, 7], 2.5, 0x31dbf05f],
    ['fc.weight', [10, 84], 2.5, 0x64a432a1],
    ['fc.bias', [1000], 2.5, 0x39966466],
    ['bn1.weight', [64], 2.5, 0x4a95ab25],
    ['bn1.running_var', [64], 2.5, 0x422c1d6b],
    ['bn1.running_mean', [64], 2.5, 0xa394ec8e],
    ['a.gamma', [5], 2.5, 0xf3d354f5],
    ['conv.weight', [8, 1, 1, 1], 2.5, 0xc2bbacb5],
    ['w.weight', [16, 4, 1, 1], 1.6, 0x3766e3b4],
    ['one.weight', [1, 1, 3, 3], 2.5, 0x5703155f],
    ['p', [1, 6, 1, 1], 2.5, 0xa176a172],
  ] as const)('fill %s %j with gain %f', (name, shape, gain, expected) => {
    expect(digest(fill(name, shape, gain))).toBe(expected)
  })

  test.each([
    [[1, 3, 224, 224], '', 0x5657df6e],
    [[1, 3, 29, 17], '2', 0xd0be2571],
    [[2, 1, 28, 28], '', 0xeb98672b],
    [[1, 3, 8, 56, 56], '', 0x6a2cae8b],
    [[2, 5], '', 0x3913a43d],
  ] as const)('input %j with tag "%s"', (shape, tag, expected) => {
    expect(digest(inputOf(shape, tag))).toBe(expected)
  })
})

test('relativeRms scales the error by the expected magnitude and refuses another length', () => {
  expect(relativeRms(Float32Array.of(3, 4), Float32Array.of(3, 5))).toBeCloseTo(1 / Math.sqrt(34), 12)
  expect(relativeRms(Float32Array.of(1), Float32Array.of(1, 2))).toBeNaN()
})
