// A fresh process: what it costs to import the package, and to have the first answer of a network from its file on disk.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withEngines } from './engine-process.mjs'
import { imageShape, networkFiles } from './networks.mjs'
import { spread } from './statistics.mjs'

const NETWORKS = ['mobilenet_v2', 'resnet50', 'vgg16']

const here = fileURLToPath(new URL('.', import.meta.url))

const modules = {
  im2col: { import: '../dist/index.js', require: '../dist/index.cjs' },
  ort: { import: 'onnxruntime-node', require: 'onnxruntime-node' },
}

/** Milliseconds that a fresh process takes to `import` or `require` a module. */
function timeImport(how, module) {
  const load = how === 'import' ? 'await import' : "createRequire(process.cwd() + '/')"
  const script = `import { createRequire } from 'node:module'
    const start = performance.now()
    ${load}('${module}')
    console.log(performance.now() - start)`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: here,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${how} of ${module}: ${stderr}`)
  return Number(stdout)
}

/** Milliseconds of import and require of each package, by turns. */
export function measureImport({ peers, rounds }) {
  const rows = ['im2col', ...peers].flatMap((engine) =>
    Object.entries(modules[engine]).map(([how, module]) => ({ engine, how, module, samples: [] })),
  )
  for (let round = -1; round < rounds; round++) {
    for (const { how, module, samples } of rows) {
      const milliseconds = timeImport(how, module)
      if (round >= 0) samples.push(milliseconds) // the first round reads the files from disk
    }
  }
  return rows.map(({ engine, how, samples }) => ({ engine, how, milliseconds: spread(samples) }))
}

/**
 * From files to the first answer in a fresh process, the package being imported already, and how much larger the process
 * then is than before the import, as a multiple of the weights' file: packed weights, activations, the package's code and what
 * Node took for it, but not Node itself and the image. im2col is measured with both settings of `memory`.
 */
export async function measureFirstAnswer({ peers, rounds, threads }) {
  const rows = []
  for (const name of NETWORKS) {
    const files = networkFiles(name)
    const options = { name, files, shape: imageShape(name, 1), threads }
    const weightBytes = statSync(files.weights).size
    const own = [{ engine: 'im2col' }, { engine: 'im2col', memory: 'low' }, ...peers.map((engine) => ({ engine }))].map(
      (contender) => ({ ...contender, times: [], resident: [] }),
    )
    for (let round = -1; round < rounds; round++) {
      for (const { engine, memory, times, resident } of own) {
        const { readyMs, firstRunMs, residentBytes } = await withEngines([engine], ([child]) =>
          child.ask('open', { ...options, memory }),
        )
        if (round < 0) continue // the first round reads the files from disk
        times.push(readyMs + firstRunMs)
        resident.push(residentBytes / weightBytes)
      }
    }
    for (const { engine, memory, times, resident } of own) {
      const row = { network: name, engine, ...(memory && { memory }), threads }
      rows.push({ ...row, milliseconds: spread(times), residentPerWeights: spread(resident) })
    }
  }
  return rows
}
