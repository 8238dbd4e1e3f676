import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { beforeAll, describe, expect, test } from 'vitest'
import { install, npm, type Outcome, pack, root, run, type Tarball } from './support/installed-package.js'

const megabyte = 1e6

let tarball: Tarball
let folder: string
let installed: string

beforeAll(() => {
  tarball = pack()
  folder = install(tarball)
  installed = join(folder, 'node_modules', 'im2col')
})

/** Runs a script of the given kind beside the installed package. */
function script(extension: 'mjs' | 'cjs', text: string): Outcome {
  const file = join(folder, `script.${extension}`)
  writeFileSync(file, text)
  return run(folder, [file])
}

describe('the tarball', () => {
  test('holds the package and nothing else', () => {
    const expected = [
      /^(package\.json|README\.md|LICENSE|CMakeLists\.txt)$/,
      /^dist\/(index\.(js|cjs)|cli\.js|chunk-[A-Z0-9]+\.js)$/,
      /^dist\/zoo\/([a-z0-9-]+\.cjs|families\.json)$/,
      /^dist\/.*\.d\.(ts|cts)$/,
      /^prebuilds\/[^/]+\/im2col[^/]*\.node$/,
      /^weights\/[^/]+\.(safetensors|txt|json|md)$/,
      /^native\/(?!test\/).*\.(cpp|h|inc|map)$/,
      /^native\/sources\.txt$/,
      /^docs\/(models\/)?[A-Za-z0-9_-]+\.md$/,
      /^bench\/(README\.md|results\/[a-z0-9-]+\.(json|md|svg))$/,
    ]
    const paths = tarball.files.map(({ path }) => path)
    expect(paths.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([])
    for (const pattern of expected)
      expect(
        paths.filter((path) => pattern.test(path)),
        `${pattern}`,
      ).not.toEqual([])
  })

  // npm ci forgets gypfile: false, which no lockfile records, and would compile wherever it sees a binding.gyp.
  test('has no binding.gyp and no install script', () => {
    expect(existsSync(join(installed, 'binding.gyp'))).toBe(false)
    const { scripts, gypfile } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    expect(gypfile).toBe(false)
    expect(Object.keys(scripts)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$/)]))
  })

  test('holds what the README links to', () => {
    const readme = readFileSync(join(installed, 'README.md'), 'utf8')
    const targets = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target as string)
    expect(targets.length).toBeGreaterThan(5)
    expect(targets.filter((target) => !existsSync(join(installed, target)))).toEqual([])
  })

  test('is small', () => {
    expect(tarball.bytes).toBeLessThan(3 * megabyte)
    expect(tarball.unpackedBytes).toBeLessThan(8.5 * megabyte)
  })

  test('passes publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })
})

describe('an installation in an empty folder', () => {
  test('compiles nothing, with npm install and with npm ci', () => {
    expect(existsSync(join(installed, 'build'))).toBe(false)
    const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
    expect(lock.packages['node_modules/im2col'].hasInstallScript).toBeUndefined()
    npm(folder, 'ci')
    expect(existsSync(join(installed, 'build'))).toBe(false)
    expect(existsSync(join(installed, 'prebuilds'))).toBe(true)
  })

  test('brings no image library along', () => {
    expect(readdirSync(join(folder, 'node_modules'))).not.toContain('sharp')
  })

  const report = 'const { isa } = engineInfo(); console.log(JSON.stringify({ isa, names: Object.keys(all).sort() }))'

  test('import and require give the same working library', () => {
    const imported = script('mjs', `import * as all from 'im2col'; const { engineInfo } = all; ${report}`)
    const required = script('cjs', `const all = require('im2col'); const { engineInfo } = all; ${report}`)
    expect(imported).toMatchObject({ status: 0, stderr: '' })
    expect(required).toMatchObject({ status: 0, stderr: '' })
    const { isa, names } = JSON.parse(imported.stdout)
    expect(JSON.parse(required.stdout)).toEqual({ isa, names })
    expect(names).toEqual(expect.arrayContaining(['conv2d', 'createModel', 'engineInfo', 'model', 'Tensor']))
  })

  const readDigit = `
    const session = await (await loadedModel(createModel)).compile()
    const { output } = await session.run({ input: new Float32Array(28 * 28) })
    session.dispose()
    if (output.data.length !== 10) throw new Error('expected 10 scores')
  `
  const loadedModel = `
    async function loadedModel(createModel) {
      const network = createModel('lenet5')
      await network.loadWeights('node_modules/im2col/weights/lenet5.safetensors')
      return network
    }
  `

  test('runs the network that it ships, from ESM and from CommonJS', () => {
    const esm = script('mjs', `import { createModel } from 'im2col'\n${loadedModel}\n${readDigit}`)
    const cjs = script(
      'cjs',
      `const { createModel } = require('im2col')\n${loadedModel}\nvoid (async () => { ${readDigit} })()`,
    )
    expect(esm).toMatchObject({ status: 0, stderr: '' })
    expect(cjs).toMatchObject({ status: 0, stderr: '' })
  })

  test('loads in several worker threads at once, by import and by require', () => {
    const load = JSON.stringify(`
      const { parentPort } = require('node:worker_threads')
      const { engineInfo } = require('im2col')
      import('im2col').then((library) => parentPort.postMessage(library.engineInfo().isa === engineInfo().isa))
    `)
    const { status, stdout, stderr } = script(
      'mjs',
      `import { once } from 'node:events'
       import { Worker } from 'node:worker_threads'
       const workers = Array.from({ length: 4 }, () => new Worker(${load}, { eval: true }))
       const answers = await Promise.all(workers.map((worker) => once(worker, 'message')))
       await Promise.all(workers.map((worker) => worker.terminate()))
       console.log(answers.flat().join())`,
    )
    expect({ status, stderr, stdout: stdout.trim() }).toEqual({ status: 0, stderr: '', stdout: 'true,true,true,true' })
  })

  test('puts the command line in place', () => {
    const im2col = join(folder, 'node_modules', '.bin', 'im2col')
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(run(folder, ['info'], im2col)).toMatchObject({ status: 0, stdout: expect.stringContaining(version) })
    const { status, stdout, stderr } = run(folder, ['summary', 'resnet19'], im2col)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^[^\n]*resnet18[^\n]*\n$/)
  })
})

describe("the README's examples", () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string)
  const complete = blocks.filter((code) => !/'[^']+\.(safetensors|jpg|txt)'/.test(code)) // the others read files of the user's

  test('run as pasted', async () => {
    expect(complete).toHaveLength(2)
    const outputs = []
    for (const code of complete) {
      const { status, stdout, stderr } = script('mjs', (await transform(code, { loader: 'ts' })).code)
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      outputs.push(stdout)
    }
    expect(outputs[0]).toMatch(/^7 /)
    expect(outputs[1]).toMatch(/10/)
  })
})

describe('a bundle', () => {
  const app = `
    import { classify, createModel, engineInfo, listModels, model, relu } from 'im2col'
    const pixels = { data: new Uint8Array(784), width: 28, height: 28, channels: 1 }
    const uses = [
      () => engineInfo(),
      () => createModel('lenet5'),
      () => listModels(),
      () => classify(pixels, 'lenet5'),
      () => model({ input: [4] }, relu).compile(),
    ]
    Promise.allSettled(uses.map(async (use) => use())).then((results) =>
      console.log(JSON.stringify(results.map(({ reason }) => reason && [reason.name, reason.code, reason.message]))))
  `
  const bundle = async (format: 'esm' | 'cjs', external: string[]): Promise<Outcome> => {
    const stdin = { contents: app, resolveDir: folder }
    const { outputFiles } = await build({ stdin, bundle: true, platform: 'node', format, external, write: false })
    mkdirSync(join(folder, 'out'), { recursive: true })
    const file = join(folder, 'out', `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`)
    writeFileSync(file, outputFiles[0]?.text ?? '')
    return run(folder, [file])
  }

  test.each(['esm', 'cjs'] as const)('that leaves the package out works: %s', async (format) => {
    const { status, stdout, stderr } = await bundle(format, ['im2col'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual([null, null, null, null, null])
  })

  test.each(['esm', 'cjs'] as const)('that swallows the package says what to do: %s', async (format) => {
    const { status, stdout, stderr } = await bundle(format, [])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const [name, code, message] of JSON.parse(stdout)) {
      expect([name, code]).toEqual([expect.stringMatching(/^PackageError/), 'ERR_PACKAGE'])
      expect(message).toContain('--external:im2col')
    }
  })
})

describe('the types of an installation', () => {
  test('bring the library of disposable objects along, and need no more than ES2022 and the DOM', () => {
    const file = join(folder, 'use.mts')
    const use = '(session: Session) => session[Symbol.dispose]()'
    writeFileSync(file, `import type { Session } from 'im2col'\nexport const dispose = ${use}\n`)
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--types', '']
    const outcome = run(folder, [tsc, ...options, '--module', 'nodenext', file])
    rmSync(file)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  const use = `
    const net = model({ input: [28, 28, 1] }, sequential(conv2d(4, { kernel: 5 }), relu))
    export const session: Promise<Session> = net.compile({ threads: 1 })
    // @ts-expect-error a kernel is a number
    conv2d(4, { kernel: 'five' })
  `

  test.each([
    ['mts', 'nodenext'],
    ['cts', 'nodenext'],
    ['mts', 'node16'],
    ['cts', 'node16'],
    ['ts', 'esnext'],
  ])('check in a .%s file with module %s', (extension, module) => {
    const file = join(folder, `use.${extension}`)
    writeFileSync(file, `import { conv2d, model, relu, type Session, sequential } from 'im2col'\n${use}`)
    const resolution = module === 'esnext' ? 'bundler' : module
    const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node']
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', ...types]
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const outcome = run(folder, [tsc, ...options, '--module', module, '--moduleResolution', resolution, file])
    rmSync(file)
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})

describe('what is missing is named', () => {
  test('no addon for this platform: the error has a code, the platform and the command that builds it', () => {
    const prebuilds = join(installed, 'prebuilds')
    renameSync(prebuilds, `${prebuilds}-away`)
    const print = '({ code, message }) => console.log(JSON.stringify({ code, message }))'
    const outcomes = [
      script('mjs', `import('im2col').then(({ engineInfo }) => engineInfo()).catch(${print})`),
      script('cjs', `try { require('im2col').engineInfo() } catch (error) { (${print})(error) }`),
    ]
    renameSync(`${prebuilds}-away`, prebuilds)
    for (const { stdout, stderr } of outcomes) {
      expect(stderr).toBe('')
      const { code, message } = JSON.parse(stdout)
      expect(code).toBe('ERR_NATIVE_MISSING')
      expect(message).toContain(`${process.platform}-${process.arch}`)
      expect(message).toContain('npx cmake-js compile')
    }
  })

  test('no sharp: reading a picture file says how to get it', () => {
    const picture = join(folder, 'digit.png')
    cpSync(join(root, 'demo', 'digits', '0-a.png'), picture)
    const { status, stdout, stderr } = run(
      folder,
      ['classify', picture],
      join(folder, 'node_modules', '.bin', 'im2col'),
    )
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^[^\n]*npm install sharp[^\n]*\n$/)
  })
})
