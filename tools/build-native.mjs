// Builds the addon into build/Release: by node-gyp, which needs Python, make and Node's headers, or, where those are missing,
// straight with the C++ compiler ($CXX, default c++). Both take sources and flags from binding.gyp. --direct skips node-gyp.
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const { values: options } = parseArgs({ options: { direct: { type: 'boolean', default: false } } })

if (process.platform === 'win32') {
  process.exitCode = buildWithNodeGyp() ? 0 : 1
} else if (options.direct || !hasPython() || !buildWithNodeGyp()) {
  console.log('compiling straight with the C++ compiler')
  await buildDirectly()
}

function buildWithNodeGyp() {
  const nodeGyp = join(dirname(require.resolve('node-gyp/package.json')), 'bin', 'node-gyp.js')
  const args = [nodeGyp, 'configure', 'build', '--jobs', 'max']
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0
}

function hasPython() {
  const candidates = [process.env.PYTHON, process.env.npm_config_python, 'python3', 'python'].filter(Boolean)
  return candidates.some((python) => spawnSync(python, ['--version'], { stdio: 'ignore' }).status === 0)
}

async function buildDirectly() {
  const cxx = process.env.CXX ?? 'c++'
  const [target] = JSON.parse(readFileSync(join(root, 'binding.gyp'), 'utf8')).targets
  const sources = readFileSync(join(root, 'native/sources.txt'), 'utf8').trim().split(/\s+/)
  const release = target.configurations.Release
  const flags = [
    '-fPIC',
    '-pthread',
    ...target.cflags_cc,
    ...release.cflags_cc,
    ...[...target.defines, ...release.defines].map((define) => `-D${define}`),
    ...[require('node-addon-api').include_dir, require('node-api-headers').include_dir].map((path) => `-I${path}`),
  ]
  const linkFlags =
    process.platform === 'darwin'
      ? ['-bundle', '-undefined', 'dynamic_lookup']
      : ['-shared', '-pthread', ...linuxLinkFlags(target)]

  const objects = join(root, 'build', 'objects')
  mkdirSync(objects, { recursive: true })
  mkdirSync(join(root, 'build', 'Release'), { recursive: true })
  const objectOf = (source) => join(objects, `${source.replaceAll('/', '_')}.o`)
  const run = promisify(execFile)
  const queue = [...sources]
  const work = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      const { stderr } = await run(cxx, [...flags, '-c', source, '-o', objectOf(source)], { cwd: root })
      process.stderr.write(stderr)
    }
  }
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work))
    const addon = join(root, 'build', 'Release', 'im2col.node')
    await run(cxx, [...linkFlags, ...sources.map(objectOf), '-o', addon], { cwd: root })
  } catch (error) {
    queue.length = 0
    console.error(
      error.code === 'ENOENT' ? `There is no C++ compiler '${cxx}': set CXX` : error.stderr || error.message,
    )
    process.exitCode = 1
  }
}

function linuxLinkFlags(target) {
  const linux = target.conditions.find(([condition]) => condition === "OS == 'linux'")
  return linux[1].ldflags.map((flag) => flag.replace('<(module_root_dir)', root))
}
