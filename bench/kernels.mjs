// Every distinct convolution of the networks, by each algorithm that can run it; see bench/README.md:
// node bench/kernels.mjs [--model NAMES] [--isa NAME] [--threads N] [--algorithm NAME] [--json]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import nodeGypBuild from 'node-gyp-build'
import { engineInfo } from '../dist/index.js'
import { timeFusedPairs } from './fused-pairs.mjs'
import { timeConvolutions } from './kernel-choices.mjs'
import { judge, kernelReport } from './kernel-report.mjs'
import { networks } from './networks.mjs'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: [...networks.keys()].join() },
    isa: { type: 'string' },
    threads: { type: 'string', default: '1' },
    algorithm: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

if (options.isa === undefined) {
  // An instruction set is chosen once for a process, so each has a process of its own.
  const isas = engineInfo().runnableIsas.filter((isa) => isa !== 'scalar')
  for (const isa of isas) {
    const { status } = spawnSync(process.execPath, [process.argv[1], ...process.argv.slice(2), '--isa', isa], {
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(status ?? 1)
  }
} else {
  process.env.IM2COL_ISA = options.isa // before the engine is asked for anything
  const result = await measure()
  console.log(options.json ? JSON.stringify(result) : `\n${kernelReport(result)}`)
}

async function measure() {
  const threads = Number(options.threads)
  const models = options.model.split(',')
  const { machinePeaks } = nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)))
  const peaks = []
  const pairs = []
  const timed = await timeConvolutions(models, threads)
  for (const model of models) {
    peaks.push((await machinePeaks(threads)).gflopsPerSecond) // often, because a busy moment hides the peak
    if (options.algorithm === undefined) pairs.push(...(await timeFusedPairs(model, threads)))
  }
  const peakGflops = Math.max(...peaks)
  const convolutions = judge(timed, peakGflops, options.algorithm)
  return { isa: engineInfo().isa, threads, peakGflops, convolutions, pairs }
}
