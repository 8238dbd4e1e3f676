import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { engineInfo } from '../engine.js'
import { OptionError, show } from '../errors.js'
import type { StepProfile } from '../session.js'
import { formatTable, type Io, toJson } from './io.js'
import { positiveInteger } from './options.js'
import { createProgress } from './progress.js'
import { toChromeTrace } from './trace.js'
import { openTrial, type TrialOptions } from './trial.js'

interface Options extends TrialOptions {
  readonly runs: number
  readonly trace?: string
  readonly json?: boolean
}

export function addProfile(program: Command, io: Io): void {
  program
    .command('profile')
    .description('tell where the time of a network goes, step by step')
    .argument('<name>', 'network, see `im2col models`')
    .option('--threads <n>', 'threads of a run (default: all that the process may use)', positiveInteger)
    .option('--runs <n>', 'runs, of which the fastest is told', positiveInteger, 10)
    .option('--batch <n>', 'pictures per run', positiveInteger, 1)
    .option('-w, --weights <file>', 'safetensors file (default: random weights)')
    .option('--trace <file>', "write the run in Chrome's trace format, for https://ui.perfetto.dev")
    .option('--tune [file]', 'choose algorithms by the clock, and keep the choices in a file')
    .option('--json', 'print JSON')
    .action((name: string, options: Options) => run(io, name, options))
}

async function run(io: Io, name: string, options: Options): Promise<void> {
  const { runs, batch, trace } = options
  const { session, inputs, threads } = await openTrial(io, name, options)
  const progress = createProgress(options.json ? { ...io, stderr: { write: () => {} } } : io, `Profiling ${name}`)
  let steps: readonly StepProfile[] = []
  try {
    await session.run(inputs) // the first run finds its memory untouched
    for (let i = 0; i < runs; i++) {
      const profile = await session.profile(inputs)
      if (steps.length === 0 || total(profile) < total(steps)) steps = profile
      progress.update((i + 1) / runs)
    }
  } finally {
    progress.clear()
    session.dispose()
  }
  const facts: Facts = { name, isa: engineInfo().isa, threads, batch, milliseconds: total(steps), steps }
  io.stdout.write(options.json ? toJson(facts) : describe(facts))
  if (trace !== undefined) await writeTrace(trace, facts)
}

async function writeTrace(path: string, facts: Facts): Promise<void> {
  try {
    await writeFile(path, JSON.stringify(toChromeTrace(titleOf(facts), facts.steps)))
  } catch (cause) {
    const expected = 'a file that can be written'
    throw new OptionError(
      `Expected --trace to name ${expected} but received ${show(path)} (${(cause as Error).message})`,
      {
        expected,
        actual: path,
        cause,
      },
    )
  }
}

interface Facts {
  readonly name: string
  readonly isa: string
  readonly threads: number
  readonly batch: number
  readonly milliseconds: number
  readonly steps: readonly StepProfile[]
}

const total = (steps: readonly StepProfile[]): number => steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)

const titleOf = ({ name, isa, threads, batch }: Facts): string =>
  `${name}: ${isa}, ${threads} thread${threads === 1 ? '' : 's'}, batch ${batch}`

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const right = (title: string) => ({ title, align: 'right' as const })

const FIGURES = [right('MS'), right('OF RUN'), right('GFLOP/S'), right('GB/S'), right('OF PEAK')]

const ABOVE_PEAK = `
Above 100 % of peak: the peak counts every multiply-add and reads all data from memory, but the algorithm saves multiplications, or
data was in a cache.
`

/** What FIGURES names. Steps of one kind share the peaks, so their times at the machine's best add up. */
function figures(steps: readonly StepProfile[], run: number): string[] {
  const milliseconds = total(steps)
  const mean = (rate: (step: StepProfile) => number) =>
    steps.reduce((sum, step) => sum + rate(step) * step.milliseconds, 0) / milliseconds
  return [
    milliseconds.toFixed(3),
    percent(milliseconds / run),
    mean(({ gflopsPerSecond }) => gflopsPerSecond).toFixed(1),
    mean(({ gigabytesPerSecond }) => gigabytesPerSecond).toFixed(1),
    percent(mean(({ shareOfPeak }) => shareOfPeak)),
  ]
}

function describe(facts: Facts): string {
  const { steps, milliseconds } = facts
  const stepRows = steps.map((step) => [
    step.name,
    step.op,
    step.algorithm,
    ...figures([step], milliseconds),
    step.boundBy,
  ])
  const kinds = [...groupByKind(steps)].sort(([, a], [, b]) => total(b) - total(a))
  const kindRows = kinds.map(([kind, members]) => [kind, String(members.length), ...figures(members, milliseconds)])
  return [
    `${titleOf(facts)}, ${milliseconds.toFixed(3)} ms\n\n`,
    formatTable(
      [{ title: 'STEP' }, { title: 'OP' }, { title: 'ALGORITHM' }, ...FIGURES, { title: 'BOUND BY' }],
      stepRows,
    ),
    '\n',
    formatTable([{ title: 'KIND' }, right('STEPS'), ...FIGURES], kindRows),
    ...(steps.some(({ shareOfPeak }) => shareOfPeak > 1) ? [ABOVE_PEAK] : []),
  ].join('')
}

/** Steps by operator and algorithm, whatever the tile size that follows the algorithm's name. */
function groupByKind(steps: readonly StepProfile[]): ReadonlyMap<string, readonly StepProfile[]> {
  const kinds = new Map<string, StepProfile[]>()
  for (const step of steps) {
    const kind = `${step.op} ${step.algorithm.split(' ')[0]}`.trim()
    kinds.set(kind, [...(kinds.get(kind) ?? []), step])
  }
  return kinds
}
