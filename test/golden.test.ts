import { describe, expect, test } from 'vitest'
import { engineInfo } from '../lib/engine.js'
import { goldenNames, largeNetwork, runGolden } from './support/run-golden.js'
import { hasShared } from './support/shared.js'

/** SegNet unpools by the place of the largest element: two roundings a multiply-add move a place where two are nearly equal. */
const isStable = (name: string): boolean => name !== 'segnet' || engineInfo().isa !== 'scalar'

describe.skipIf(!hasShared('golden/nets'))('the zoo computes what the reference computes', () => {
  test.for(goldenNames({ below: largeNetwork }))('%s', async (name, { skip }) => {
    skip(!isStable(name))
    for (const { error, tolerance } of await runGolden(name)) expect(error).toBeLessThanOrEqual(tolerance)
  })
})
