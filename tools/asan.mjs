// Runs the quick tests against an addon built with the address and undefined-behaviour sanitizers. Arguments go to vitest.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { buildSanitized, sanitizedFolder } from './sanitized-build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

buildSanitized('im2col')

// Node itself is not instrumented, so the sanitizer's runtime has to be loaded before it.
const runtime = execFileSync(process.env.CXX ?? 'c++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()

// Leak detection is off: V8 does not free its heap at exit, and every allocation of Node would be reported.
const env = {
  ...process.env,
  IM2COL_PREBUILD: sanitizedFolder,
  LD_PRELOAD: runtime,
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:strict_string_checks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
}

// These test the build and the tarball, not the addon, or how long the addon takes.
const excluded = ['test/build-files.test.ts', 'test/package*.test.ts', 'test/event-loop.test.ts'].flatMap((pattern) => [
  '--exclude',
  pattern,
])
const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs')
// Every access is checked, so a test takes many times as long, and on a busy machine more.
const timeout = ['--testTimeout', '300000']
const args = ['run', '--project', 'quick', ...timeout, ...excluded, ...process.argv.slice(2)]
try {
  execFileSync(process.execPath, [vitest, ...args], { cwd: root, env, stdio: 'inherit' })
} catch (error) {
  process.exitCode = error.status ?? 1
}
