/** How far a float32 result may be from the exact one. */

import { expect } from 'vitest'

/** Half the distance from 1 to the next float32. */
export const UNIT = 2 ** -24

/** The smallest float32 above zero: what is lost when a product underflows. */
export const TINY = 2 ** -149

const LARGEST = (2 - 2 ** -23) * 2 ** 127

/** Relative bound of a sum of `terms` rounded products, in any order. */
export function gamma(terms: number): number {
  return (terms * UNIT) / (1 - terms * UNIT)
}

export interface Bounded {
  readonly data: ArrayLike<number>
  readonly error: ArrayLike<number>
}

/** Says where and by how much `actual` leaves the bound of `expected`, or nothing. NaN and infinities must agree. */
export function describeMismatch(actual: ArrayLike<number>, expected: Bounded): string | undefined {
  if (actual.length !== expected.data.length) {
    return `expected ${expected.data.length} elements but received ${actual.length}`
  }
  for (let i = 0; i < actual.length; i++) {
    const [got, want, bound] = [actual[i] as number, expected.data[i] as number, expected.error[i] as number]
    if (isWithin(got, want, bound)) continue
    return `element ${i}: expected ${want} but received ${got}, off by ${Math.abs(got - want)} where ${bound} is allowed`
  }
  return undefined
}

function isWithin(got: number, want: number, bound: number): boolean {
  if (Number.isNaN(want) || Number.isNaN(got)) return Number.isNaN(want) && Number.isNaN(got)
  if (!Number.isFinite(want)) return got === want
  if (!Number.isFinite(got)) return Math.sign(got) === Math.sign(want) && Math.abs(want) + bound >= LARGEST
  return Math.abs(got - want) <= bound + UNIT * Math.abs(want) + TINY
}

export function expectWithin(actual: ArrayLike<number>, expected: Bounded): void {
  expect(describeMismatch(actual, expected)).toBeUndefined()
}
