import { describe, expect, test } from 'vitest'
import { goldenNames, largeNetwork, runGolden } from '../support/run-golden.js'
import { hasShared } from '../support/shared.js'

describe.skipIf(!hasShared('golden/nets'))('the large networks of the zoo compute what the reference computes', () => {
  test.each(goldenNames({ from: largeNetwork }))('%s', async (name) => {
    for (const { error, tolerance } of await runGolden(name)) expect(error).toBeLessThanOrEqual(tolerance)
  })
})
