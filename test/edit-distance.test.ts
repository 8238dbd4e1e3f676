import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closest, editDistance } from '../lib/edit-distance.js'

/** By its definition: the first characters are equal, or one of three edits comes first. */
function defined(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const [restA, restB] = [a.slice(1), b.slice(1)]
  if (a[0] === b[0]) return defined(restA, restB)
  return 1 + Math.min(defined(restA, b), defined(a, restB), defined(restA, restB))
}

describe('the edit distance', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['resnet50', 'resnet5', 1],
    ['flaw', 'lawn', 2],
    ['same', 'same', 0],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  test('is what its definition says', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
    fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === defined(a, b)))
  })

  test('of long words does not go by all of their characters', () => {
    expect(editDistance('x'.repeat(20_000), 'xy')).toBe(19_999)
    expect(editDistance('x'.repeat(100), `${'x'.repeat(70)}${'y'.repeat(30)}`)).toBe(0)
    const long = 'ab'.repeat(1 << 20) // The product of two such lengths is no number of steps that ends.
    expect(editDistance(long, `${long}c`)).toBe(1)
  })

  test('finds the nearest word, the first of several', () => {
    expect(closest('paddin', ['stride', 'padding', 'kernel'])).toBe('padding')
    expect(closest('b', ['a', 'c'])).toBe('a')
    expect(closest('a', [])).toBeUndefined()
  })
})
