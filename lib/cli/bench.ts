import type { Command } from 'commander'
import { engineInfo } from '../engine.js'
import { formatTable, type Io, toJson } from './io.js'
import { nonNegativeInteger, positiveInteger } from './options.js'
import { createProgress } from './progress.js'
import { openTrial, type TrialOptions } from './trial.js'

interface Options extends TrialOptions {
  readonly runs: number
  readonly warmup: number
  readonly json?: boolean
}

export function addBench(program: Command, io: Io): void {
  program
    .command('bench')
    .description('measure the latency of a network, with random weights unless a file is given')
    .argument('<name>', 'network, see `im2col models`')
    .option('--threads <n>', 'threads of a run (default: all that the process may use)', positiveInteger)
    .option('--runs <n>', 'measured runs', positiveInteger, 50)
    .option('--warmup <n>', 'runs before, which are not measured', nonNegativeInteger, 5)
    .option('--batch <n>', 'pictures per run', positiveInteger, 1)
    .option('-w, --weights <file>', 'safetensors file')
    .option('--tune [file]', 'choose algorithms by the clock, and keep the choices in a file')
    .option('--json', 'print JSON')
    .action((name: string, options: Options) => run(io, name, options))
}

async function run(io: Io, name: string, options: Options): Promise<void> {
  const { runs, warmup, batch } = options
  const { model, session, inputs, threads } = await openTrial(io, name, options)
  const progress = createProgress(options.json ? { ...io, stderr: { write: () => {} } } : io, `Running ${name}`)
  const milliseconds: number[] = []
  try {
    for (let i = -warmup; i < runs; i++) {
      const start = performance.now()
      await session.run(inputs)
      if (i >= 0) milliseconds.push(performance.now() - start)
      progress.update((i + warmup) / (runs + warmup))
    }
  } finally {
    progress.clear()
    session.dispose()
  }
  const { isa } = engineInfo()
  const latency = statistics(milliseconds)
  const facts = {
    name,
    isa,
    threads,
    batch,
    runs,
    macs: model.macs,
    milliseconds: latency,
    ...rates(latency.p50, batch, model.macs),
  }
  io.stdout.write(options.json ? toJson(facts) : describe(facts))
}

/** Percentiles by nearest rank. */
export function statistics(samples: readonly number[]) {
  const sorted = [...samples].sort((a, b) => a - b)
  const percentile = (p: number) => sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] as number
  return {
    min: percentile(0),
    mean: sorted.reduce((a, b) => a + b, 0) / sorted.length,
    p50: percentile(50),
    p90: percentile(90),
    p95: percentile(95),
    p99: percentile(99),
    max: percentile(100),
  }
}

const rates = (milliseconds: number, batch: number, macs: number) => ({
  picturesPerSecond: (batch * 1000) / milliseconds,
  gflopsPerSecond: (2 * macs * batch) / milliseconds / 1e6,
})

interface Facts {
  readonly name: string
  readonly isa: string
  readonly threads: number
  readonly batch: number
  readonly runs: number
  readonly milliseconds: ReturnType<typeof statistics>
  readonly picturesPerSecond: number
  readonly gflopsPerSecond: number
}

function describe(facts: Facts): string {
  const { name, isa, threads, batch, runs, milliseconds, picturesPerSecond, gflopsPerSecond } = facts
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
  const columns = Object.keys(milliseconds).map((title) => ({ title, align: 'right' as const }))
  const cells = Object.values(milliseconds).map((value) => value.toFixed(2))
  return [
    `${name}: ${isa}, ${plural(threads, 'thread')}, batch ${batch}, ${plural(runs, 'run')}, milliseconds\n`,
    formatTable(columns, [cells]),
    `${picturesPerSecond.toFixed(1)} pictures/s, ${gflopsPerSecond.toFixed(1)} GFLOP/s at the median\n`,
  ].join('')
}
