// Every distinct convolution of the networks, by each algorithm that can run it, and one layer of every other kind; see
// bench/README.md: node bench/kernels.mjs [--model NAMES] [--isa NAME] [--threads N] [--algorithm NAME] [--operators] [--json]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import nodeGypBuild from 'node-gyp-build'
import { engineInfo } from '../dist/index.js'
import { timeFusedSteps } from './fused-steps.mjs'
import { timeConvolutions } from './kernel-choices.mjs'
import { judge, judgeOperators, kernelReport } from './kernel-report.mjs'
import { networks } from './networks.mjs'
import { timeOperators } from './operators.mjs'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    isa: { type: 'string' },
    threads: { type: 'string', default: '1' },
    algorithm: { type: 'string' },
    operators: { type: 'boolean', default: false },
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

/** All there is, or what the options name: networks, or the operators alone. */
async function measure() {
  const threads = Number(options.threads)
  const isAll = options.model === undefined && options.algorithm === undefined
  const named = options.model?.split(',') ?? [...networks.keys()]
  const models = options.operators ? [] : named
  const { machinePeaks } = nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)))
  const peaks = []
  const measurePeaks = async () => peaks.push(await machinePeaks(threads))
  const fusedSteps = []
  const timed = await timeConvolutions(models, threads)
  await measurePeaks() // often, because a busy moment hides the peak
  for (const model of models) {
    if (options.algorithm === undefined) fusedSteps.push(...(await timeFusedSteps(model, threads)))
    await measurePeaks()
  }
  const operators = isAll || options.operators ? await timeOperators(threads, measurePeaks) : []
  const best = (rate) => Math.max(...peaks.map((peak) => peak[rate]))
  const [peakGflops, peakGigabytes] = [best('gflopsPerSecond'), best('gigabytesPerSecond')]
  return {
    isa: engineInfo().isa,
    threads,
    peakGflops,
    peakGigabytes,
    convolutions: judge(timed, peakGflops, options.algorithm),
    fusedSteps,
    operators: judgeOperators(operators, peakGflops, peakGigabytes),
  }
}
