import { defineConfig } from 'vitest/config'

// Set by .ci/run, which adds up the counts of all suites.
const report = process.env.IM2COL_TEST_REPORT

// The C library gives large blocks back as soon as they are freed, instead of keeping ever larger ones: what a network leaves behind
// would count as the next one's memory.
process.env.MALLOC_MMAP_THRESHOLD_ ??= String(2 ** 20)

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
