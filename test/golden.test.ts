import { describe, expect, test } from 'vitest'
import { goldenNames, largeNetwork, runGolden } from './support/run-golden.js'
import { hasShared } from './support/shared.js'

describe.skipIf(!hasShared('golden/nets'))('the zoo computes what the reference computes', () => {
  test.each(goldenNames({ below: largeNetwork }))('%s', async (name) => {
    const { error, tolerance } = await runGolden(name)
    expect(error).toBeLessThanOrEqual(tolerance)
  })
})
