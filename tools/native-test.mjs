// Compiles the native code and its tests with $CXX (default c++) and runs them, with $RUNNER in front when it is set.
// --arch x64|arm64 chooses both for another architecture than the machine's own: Debian's cross compiler and qemu-user.
// --sanitize runs them with the address and undefined-behaviour sanitizers, as CMake builds them.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

import { disassemble, exportedSymbols, spilledVectors, vexInstructions } from './native-objects.mjs'
import { buildSanitized } from './sanitized-build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options } = parseArgs({
  options: { arch: { type: 'string', default: process.arch }, sanitize: { type: 'boolean', default: false } },
})
const machine = { x64: 'x86_64', arm64: 'aarch64' }[options.arch]
const foreign = options.arch !== process.arch
if (foreign && machine === undefined) throw new Error(`Expected --arch to be x64 or arm64 but received ${options.arch}`)
if (foreign && options.sanitize) throw new Error('--sanitize builds for this machine alone, without --arch')
const cxx = process.env.CXX ?? (foreign ? `${machine}-linux-gnu-g++` : 'c++')
const runner = (process.env.RUNNER ?? (foreign ? `qemu-${machine} -L /usr/${machine}-linux-gnu` : ''))
  .split(/\s+/)
  .filter(Boolean)
const prefix = /^(.*-)(?:g\+\+|c\+\+|clang\+\+)(?:-\d+)?$/.exec(cxx)?.[1] ?? ''
const binutils = { nm: `${prefix}nm`, objdump: `${prefix}objdump` }

const flags = ['-std=c++17', '-O2', '-fno-exceptions', '-ffp-contract=off', '-Wall', '-Wextra', '-pthread']

// Everything but the binding, which needs Node's headers.
const librarySources = readFileSync(join(root, 'native/sources.txt'), 'utf8')
  .split('\n')
  .filter((path) => path && path !== 'native/addon.cpp' && !path.startsWith('native/binding/'))
const testSources = readdirSync(join(root, 'native/test'))
  .filter((name) => name.endsWith('.cpp'))
  .map((name) => `native/test/${name}`)

const build = mkdtempSync(join(tmpdir(), 'im2col-native-test-'))
process.on('exit', () => rmSync(build, { recursive: true, force: true }))

const objectOf = (source) => join(build, `${source.replaceAll('/', '_')}.o`)

const compileAll = async (sources) => {
  const queue = [...sources]
  const work = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      const { stderr } = await promisify(execFile)(cxx, [...flags, '-c', source, '-o', objectOf(source)], { cwd: root })
      process.stderr.write(stderr)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
}

let passed = 0
let failed = 0
const check = (name, condition, detail) => {
  if (condition) {
    passed += 1
  } else {
    failed += 1
    console.log(`FAIL ${name}\n  ${detail}`)
  }
}

const compileTests = async () => {
  await compileAll([...librarySources, ...testSources])
  const objects = [...librarySources, ...testSources].map(objectOf)
  // Buffers of the library are put between forbidden pages on demand (native/test/step_memory.h).
  const wrapped = process.platform === 'linux' ? ['-Wl,--wrap=posix_memalign,--wrap=free'] : []
  const path = join(build, 'tests')
  await promisify(execFile)(cxx, [...flags, ...objects, ...wrapped, '-o', path])
  return path
}

const tests = options.sanitize ? buildSanitized('native-tests') : await compileTests()

const execute = (args, env = {}) => {
  const [command, ...rest] = [...runner, tests, ...args]
  const { status, signal, stdout, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { ok: status === 0, output: stdout, problem: stderr || `exit status ${status}, signal ${signal}` }
}

const isaSources = librarySources.filter((path) => path.startsWith('native/isa/'))

const checkObjects = () => {
  check('every ISA has a source', isaSources.length > 0, 'native/sources.txt lists none in native/isa')
  let checked = 0
  for (const source of isaSources) {
    const isa = basename(source, '.cpp')
    const symbols = exportedSymbols(binutils, objectOf(source))
    if (symbols.length === 0) continue // an ISA of another architecture
    checked += 1
    check(`${isa}.o exports its table alone`, symbols.join() === `im2col::${isa}::table`, symbols.join(', '))
    const functions = disassemble(binutils, objectOf(source))
    const vex = vexInstructions(functions)
    if (isa === 'scalar' || isa === 'neon') {
      check(`${isa}.o holds no AVX instruction`, vex.length === 0, vex[0]?.text)
      continue
    }
    check(`${isa}.o holds AVX instructions`, vex.length > 0, 'none found: does the target region work?')
    for (const tile of ['gemm_tile', 'depthwise_tile', 'grouped_tiles']) {
      const { loops, spills } = spilledVectors(functions, tile)
      check(`${isa}.o has ${tile} loops`, loops > 0, 'none found in the disassembly')
      check(`${tile} of ${isa} keeps its vectors in registers`, spills.length === 0, spills[0]?.text)
    }
  }
  check('ISA objects were checked', checked > 0, 'none defines a symbol')
}

const checkForcedIsa = () => {
  const isas = execute(['--runnable-isas']).output.split('\n').filter(Boolean)
  check('some ISA runs', isas.length > 0, 'none')
  for (const isa of isas) {
    const { output } = execute(['--active-isa'], { IM2COL_ISA: isa })
    check(`IM2COL_ISA=${isa} takes effect`, output.trim() === isa, output)
  }
  const unknown = execute(['--active-isa'], { IM2COL_ISA: 'sse9' })
  check('IM2COL_ISA=sse9 is refused', !unknown.ok && unknown.output.includes(isas.join(', ')), unknown.output)
}

if (!options.sanitize) checkObjects()
checkForcedIsa()
const run = execute([])
const summary = /^(\d+) passed, (\d+) failed\n$/m.exec(run.output)
process.stdout.write(summary ? run.output.slice(0, summary.index) : run.output)
check('the tests ran to the end', summary !== null && run.ok === (summary[2] === '0'), run.problem)
passed += Number(summary?.[1] ?? 0)
failed += Number(summary?.[2] ?? 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
