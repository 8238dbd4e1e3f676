// Builds dist/: the ESM and CommonJS bundles of the library, the networks that both load when they need them, the command line, and declarations for both module systems.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
}

const library = {
  ...common,
  plugins: [
    {
      name: 'zoo-in-a-file-of-its-own',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/load\.js$/ }, () => ({ path: join(root, 'lib/zoo/load-lazily.ts') })),
    },
  ],
}

// Every output lies directly in dist/, so that `new URL('..', import.meta.url)` is the package in a bundle as in lib/.
const esm = {
  ...library,
  entryPoints: { index: 'lib/index.ts', cli: 'lib/cli/cli.ts' },
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
}

const commonjs = {
  ...library,
  entryPoints: { index: 'lib/index.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "'use strict'\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
}

const families = [...readFileSync(join(root, 'lib/zoo/index.ts'), 'utf8').matchAll(/'\.\/(.*)\.js'/g)].map(
  ([, file]) => file,
)
const loaders = ['index', 'load', 'load-lazily', 'registry']

// Each file a function from what it imports from, which is of whichever bundle calls it (lib/zoo/load-lazily.ts), to what it exports.
const zoo = {
  ...common,
  entryPoints: readdirSync(join(root, 'lib/zoo')).flatMap((file) =>
    loaders.includes(basename(file, '.ts')) ? [] : `lib/zoo/${file}`,
  ),
  outdir: 'dist/zoo',
  bundle: false,
  packages: undefined,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: { js: "'use strict'\nmodule.exports = function (require) {\nconst module = {}" },
  footer: { js: 'return module.exports\n}' },
}

// Which file has which network: what lib/zoo/load-lazily.ts finds a network by.
async function writeFamilies() {
  const contents = families.map((file) => `export * as '${file}' from './${file}.js'`).join('\n')
  const stdin = { contents, resolveDir: join(root, 'lib/zoo') }
  const { outputFiles } = await build({ ...common, stdin, format: 'esm', write: false })
  const builders = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  )
  const names = families.flatMap((file) =>
    Object.values(builders[file]).map(({ architecture }) => [architecture.name, file]),
  )
  writeFileSync(join(dist, 'zoo/families.json'), `${JSON.stringify(Object.fromEntries(names))}\n`)
}

// The declarations of a CommonJS entry are the same files under the extension that makes TypeScript read them as such.
function copyDeclarationsForCommonJs() {
  for (const entry of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.d.ts')) continue
    const text = readFileSync(join(dist, entry), 'utf8')
    const rewritten = text.replace(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]*)\.js(['"])/g, '$1.cjs$2')
    writeFileSync(join(dist, entry.replace(/\.d\.ts$/, '.d.cts')), rewritten)
  }
}

const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')

rmSync(dist, { recursive: true, force: true })
await Promise.all([build(esm), build(commonjs), build(zoo)])
await writeFamilies()
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
copyDeclarationsForCommonJs()
