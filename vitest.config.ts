import { defineConfig } from 'vitest/config'

// Set by .ci/run, which adds up the counts of all suites.
const report = process.env.IM2COL_TEST_REPORT

export default defineConfig({
  test: {
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ['test/support/seed.ts'],
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      { extends: true, test: { name: 'quick', include: ['test/*.test.ts'] } },
      { extends: true, test: { name: 'deep', include: ['test/deep/*.test.ts'], testTimeout: 600_000 } },
    ],
  },
})
