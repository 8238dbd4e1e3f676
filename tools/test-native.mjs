// Builds and runs the native tests: npm run test:native -- [--arch x64|arm64] [--sanitize]. Another architecture than the
// machine's own is cross-compiled with Debian's compiler and run under qemu-user.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: { arch: { type: 'string', default: process.arch }, sanitize: { type: 'boolean', default: false } },
})

const machines = { x64: 'x86_64', arm64: 'aarch64' }
const machine = machines[values.arch]
if (machine === undefined) throw new Error(`Expected --arch to be ${Object.keys(machines).join(' or ')}`)
const foreign = values.arch !== process.arch

const folder = join(root, 'build-test', values.arch + (values.sanitize ? '-sanitized' : ''))
const cross = [
  '-DCMAKE_SYSTEM_NAME=Linux',
  `-DCMAKE_SYSTEM_PROCESSOR=${machine}`,
  `-DCMAKE_CXX_COMPILER=${machine}-linux-gnu-g++`,
]
const options = [`-DIM2COL_SANITIZE=${values.sanitize ? 'ON' : 'OFF'}`, ...(foreign ? cross : [])]
const run = (program, ...args) => execFileSync(program, args, { cwd: root, stdio: 'inherit' })

mkdirSync(folder, { recursive: true })
try {
  run('cmake', '-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release', ...options)
  run('cmake', '--build', folder, '--target', 'im2col_test', '--parallel', '2')
  const tests = join(folder, 'im2col_test')
  if (foreign) run(`qemu-${machine}`, '-L', `/usr/${machine}-linux-gnu`, tests)
  else run(tests)
} catch (error) {
  if (error.status === undefined) throw error
  process.exitCode = error.status ?? 1
}
