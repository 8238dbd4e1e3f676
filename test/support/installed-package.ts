import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

const nodeGypBuild = createRequire(import.meta.url)('node-gyp-build') as { path(folder: string): string }

export interface PackedFile {
  readonly path: string
  readonly size: number
}

export interface Tarball {
  readonly path: string
  readonly bytes: number
  readonly unpackedBytes: number
  readonly files: readonly PackedFile[]
}

/** A temporary folder that goes away when the process ends. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `im2col-${name}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Packs what `npm publish` would, with the addon of this checkout in prebuildify's place. */
export function pack(): Tarball {
  for (const needed of ['dist/index.js', 'dist/index.d.ts']) {
    if (!existsSync(join(root, needed))) throw new Error(`${needed} is missing: run \`npm run build:js\``)
  }
  const folder = scratchFolder('pack')
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  const copied = [
    'package.json',
    'README.md',
    'LICENSE',
    'binding.gyp',
    ...files.filter((file) => !file.startsWith('!')),
  ]
  for (const path of copied) {
    if (path !== 'prebuilds') cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  const prebuilds = join(folder, 'prebuilds', `${process.platform}-${process.arch}`)
  mkdirSync(prebuilds, { recursive: true })
  cpSync(nodeGypBuild.path(root), join(prebuilds, 'im2col.node'))
  const [packed] = JSON.parse(npm(folder, 'pack', '--ignore-scripts', '--json')) as [
    { filename: string; size: number; unpackedSize: number; files: PackedFile[] },
  ]
  const { filename, size, unpackedSize } = packed
  return { path: join(folder, filename), bytes: size, unpackedBytes: unpackedSize, files: packed.files }
}

/** Runs npm in `folder` without what the running script passes down to it, and returns what it printed. */
export function npm(folder: string, ...args: string[]): string {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  return execFileSync('npm', [...args, ...quiet], { cwd: folder, encoding: 'utf8', env: cleanEnvironment() })
}

/** The environment without npm's variables, which point at this project, and without an addon chosen by hand. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env)
  return Object.fromEntries(
    entries.filter(
      ([name]) => !/^(npm_(package|lifecycle|command|config_local)|IM2COL_|NODE_OPTIONS|VITEST)/.test(name),
    ),
  )
}

/** Installs a tarball in an empty folder as a user would, and returns the folder. */
export function install(tarball: Tarball, ...packages: string[]): string {
  const folder = scratchFolder('install')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  npm(folder, 'install', tarball.path, ...packages)
  return folder
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program in `folder`, Node by default, and says how it ended. */
export function run(folder: string, args: readonly string[], program: string = process.execPath): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: cleanEnvironment(),
  })
  return { status, stdout, stderr }
}
