/** Shapes that the sweeps of operators draw from: small, around the vector lengths, and odd. */

import fc from 'fast-check'
import type { NetCase } from './check-layer.js'

export type Cases = fc.Arbitrary<Omit<NetCase, 'batch' | 'seed' | 'specials'>>

export const int = (min: number, max: number) => fc.integer({ min, max })

export const channels = fc.constantFrom(1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 48)

export const size = fc.oneof(int(1, 9), fc.constantFrom(1, 13, 16))

export const image = fc.tuple(size, size, channels)

export const net = <T>(shape: fc.Arbitrary<readonly number[]>, layer: fc.Arbitrary<T>): Cases =>
  fc.record({ shape, layer }).map(({ shape, layer }) => ({ inputs: { input: shape }, net: layer }))

export const anyShape = fc.oneof(image, fc.tuple(int(1, 20), channels), fc.tuple(fc.oneof(channels, int(1, 1100))))
