import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const listed = read('native/sources.txt').split('\n').filter(Boolean)

interface GypTarget {
  readonly sources: readonly string[]
  readonly defines: readonly string[]
  readonly cflags_cc: readonly string[]
  readonly configurations: { readonly Release: Pick<GypTarget, 'defines' | 'cflags_cc'> }
  readonly conditions: readonly (readonly [string, Partial<GypTarget> & { readonly ldflags?: readonly string[] }])[]
}

function gypTarget(): GypTarget {
  const [target] = (JSON.parse(read('binding.gyp')) as { targets: GypTarget[] }).targets
  if (!target) throw new Error('binding.gyp has no target')
  return target
}

function gypConditions(os: string) {
  const condition = gypTarget().conditions.find(([test]) => test === `OS == '${os}'`)
  if (!condition) throw new Error(`binding.gyp has no settings for ${os}`)
  return condition[1]
}

/** The sorted words of the `command(im2col PRIVATE ...)` in CMakeLists.txt that has `mark` among them. */
function cmakeArguments(command: string, mark: string): string[] {
  const calls = read('CMakeLists.txt').matchAll(new RegExp(`${command}\\(im2col PRIVATE([^)]*)\\)`, 'g'))
  const words = [...calls].map(([, body = '']) => body.split(/\s+/).filter(Boolean)).find((call) => call.includes(mark))
  if (!words) throw new Error(`CMakeLists.txt has no ${command} with ${mark}`)
  return words.map((word) => word.replace(/^\$<\$<CONFIG:Release>:(.*)>$/, '$1')).sort()
}

/** What decides the machine code and the ABI: dialect, optimisation, code generation, instruction set and defines. */
function essentials(words: readonly string[]): string[] {
  const optimisation = words.filter((word) => /^-O/.test(word)).slice(-1)
  const flags = words.filter((word) =>
    /^-(std=|m(?!64$)|f(fp-|fast-|no-(exceptions|rtti)|exceptions|rtti|visibility)|ffast|D(NAPI_|NODE_ADDON_|NDEBUG))/.test(
      word,
    ),
  )
  return [...new Set([...optimisation, ...flags])].sort()
}

/** The variable of node-gyp's generated makefile, one word a line. */
function makeVariable(makefile: string, name: string): string[] {
  const [, body] = makefile.match(new RegExp(`^${name} :=((?:.*\\\\\n)*.*)$`, 'm')) ?? []
  if (body === undefined) throw new Error(`${name} is not in the makefile`)
  return body
    .replaceAll('\\\n', ' ')
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/^'(.*)'$/, '$1'))
}

describe('the list of sources', () => {
  test('names every .cpp of native/ but the native tests, once', () => {
    const files = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
      .map((path) => `native/${path.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.cpp') && !path.startsWith('native/test/'))
    expect(files.length).toBeGreaterThan(0)
    expect([...listed].sort()).toEqual(files.sort())
  })

  test('is the only one: neither build file names a source itself', () => {
    for (const file of ['binding.gyp', 'CMakeLists.txt']) {
      expect(read(file), file).toContain('native/sources.txt')
      expect(read(file), file).not.toMatch(/\w\.(cpp|cc|cxx)\b/)
    }
  })
})

describe('binding.gyp and CMakeLists.txt say the same', () => {
  test('compile options', () => {
    const { cflags_cc, configurations } = gypTarget()
    const gyp = [...cflags_cc, ...configurations.Release.cflags_cc].filter((flag) => !flag.startsWith('-std='))
    expect(gyp.sort()).toEqual(cmakeArguments('target_compile_options', '-fno-exceptions'))
    expect(cflags_cc).toContain('-std=c++17')
    expect(read('CMakeLists.txt')).toMatch(/CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF/)
  })

  test('defines', () => {
    const { defines, configurations } = gypTarget()
    const gyp = [...defines, ...configurations.Release.defines].sort()
    expect(gyp).toEqual(cmakeArguments('target_compile_definitions', 'NAPI_VERSION=8'))
    expect([...(gypConditions('win').defines ?? [])].sort()).toEqual(
      cmakeArguments('target_compile_definitions', 'NOMINMAX'),
    )
  })

  test('link options', () => {
    const neutral = (words: readonly string[]) =>
      words.map((word) => word.replace(/<\(module_root_dir\)|\$\{CMAKE_CURRENT_SOURCE_DIR\}/, '.')).sort()
    expect(neutral(gypConditions('linux').ldflags ?? [])).toEqual(
      neutral(cmakeArguments('target_link_options', '-static-libstdc++')),
    )
  })

  test('no instruction set is asked for on the command line', () => {
    for (const file of ['binding.gyp', 'CMakeLists.txt'])
      expect(read(file)).not.toMatch(/-m(arch|avx|sse|fma|cpu)|\/arch:/)
  })
})

const makefile = join(root, 'build', 'im2col.target.mk')
const hasCmake = spawnSync('cmake', ['--version']).status === 0

describe.runIf(existsSync(makefile) && hasCmake)(
  'what the two builds compile (needs a node-gyp build and CMake)',
  () => {
    let gyp: string
    let commands: readonly { readonly file: string; readonly command: string }[]

    beforeAll(() => {
      gyp = readFileSync(makefile, 'utf8')
      const folder = mkdtempSync(join(tmpdir(), 'im2col-cmake-'))
      execFileSync('cmake', ['-S', root, '-B', folder, '-DCMAKE_BUILD_TYPE=Release'], { stdio: 'pipe' })
      const all: typeof commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'))
      commands = all.filter(({ command }) => command.includes('CMakeFiles/im2col.dir/'))
      rmSync(folder, { recursive: true })
    })

    test('the same files', () => {
      const objects = makeVariable(gyp, 'OBJS').map((path) => path.replace(/^.*\/\$\(TARGET\)\/(.*)\.o$/, '$1.cpp'))
      expect(objects.sort()).toEqual([...listed].sort())
      expect(commands.map(({ file }) => relative(root, file)).sort()).toEqual([...listed].sort())
    })

    test('with the same options', () => {
      const flags = ['CFLAGS_Release', 'CFLAGS_CC_Release', 'DEFS_Release'].flatMap((name) => makeVariable(gyp, name))
      const expected = essentials(flags)
      expect(expected).toEqual(expect.arrayContaining(['-DNAPI_VERSION=8', '-O3', '-ffp-contract=off', '-std=c++17']))
      for (const { command, file } of commands) expect(essentials(command.split(/\s+/)), file).toEqual(expected)
    })
  },
)
