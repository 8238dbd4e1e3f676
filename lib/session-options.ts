import { invalidOption } from './errors.js'
import type { ConvAlgorithm } from './graph/lowering.js'
import type { Accuracy, DataLayout, MemoryUse } from './graph/plan.js'
import { knownOptions } from './layers/options.js'
import { isPositiveInteger } from './shape.js'

/** What the engine takes: kMaxThreads in native/runtime/thread_count.h, kMaxConcurrency in native/binding/program_binding.cpp. */
const MAX_THREADS = 256
const MAX_CONCURRENCY = 1024

/** How a network is made ready to run. */
export interface CompileOptions {
  /** Threads that one run may use, at most 256; all that the process may use unless given. */
  readonly threads?: number
  /** Axis order of inputs and outputs: `[N, H, W, C]` (default) or `[N, C, H, W]`. */
  readonly layout?: DataLayout
  /** Arithmetic of the engine. */
  readonly precision?: 'fp32'
  /** Runs of one shape that proceed at the same time, at most 1024 (default 2); each has its own activations in memory. */
  readonly maxConcurrency?: number
  /** Runs that may wait beyond those; one more is refused with QueueFullError. No limit unless given. */
  readonly maxQueue?: number
  /**
   * `low` keeps to algorithms whose packed weights are as large as the network's own; Winograd's are up to four times as large. It also
   * keeps NaN and infinities to the outputs that read them, where Winograd spreads them over a tile.
   */
  readonly memory?: MemoryUse
  /**
   * `fast` also takes Winograd's F(6 x 6, 3 x 3) where it pays: its rounding errors are about 7 times those of plain summation (11 times with
   * few channels), where every algorithm of `normal` stays within 4 times. Its weights are seven times as large.
   */
  readonly accuracy?: Accuracy
  /**
   * Chooses between the algorithms of each convolution by the clock, on this machine and with this number of threads, where the
   * engine otherwise goes by an estimate. It takes about 20 ms for each shape of a convolution, off the main thread, when the
   * network is compiled and when it first runs on inputs of another shape; a `runSync` that meets a new shape first goes by
   * what is known. Algorithms round differently, so results may differ in the last digits from those of another choice. With
   * `memory: 'low'` there is nothing to choose.
   *
   * `cache` names a file that keeps the choices, so that they are made once and stay the same; it is made when it is missing
   * and may serve several networks, machines and processes.
   */
  readonly tune?: boolean | TuneOptions
  /** @internal Forces an algorithm on every convolution that it can run. */
  readonly algorithm?: ConvAlgorithm
}

export interface TuneOptions {
  /** Path of a file that keeps the choices. */
  readonly cache?: string
}

/** Options with nothing left to decide. */
export interface SessionOptions {
  readonly threads: number | undefined
  readonly layout: DataLayout
  readonly maxConcurrency: number
  readonly maxQueue: number
  readonly memory: MemoryUse
  readonly tune: TuneOptions | undefined
  readonly accuracy: Accuracy
  readonly algorithm: ConvAlgorithm
}

function checkTune(tune: unknown): TuneOptions | undefined {
  if (tune === undefined || tune === false) return undefined
  if (tune === true) return {}
  if (typeof tune !== 'object' || tune === null) throw invalidOption('tune', 'a boolean or { cache: path }', tune)
  knownOptions('tune', tune, ['cache'])
  const { cache } = tune as { readonly cache?: unknown }
  if (cache === undefined) return {}
  if (typeof cache !== 'string' || cache === '') throw invalidOption('tune.cache', 'the path of a file', cache)
  return { cache }
}

const OPTIONS = Object.keys({
  threads: true,
  layout: true,
  precision: true,
  maxConcurrency: true,
  maxQueue: true,
  memory: true,
  accuracy: true,
  tune: true,
} satisfies Record<Exclude<keyof CompileOptions, 'algorithm'>, true>)

function checkCount(name: string, value: unknown, most: number): void {
  if (isPositiveInteger(value) && value <= most) return
  throw invalidOption(name, `an integer from 1 to ${most}`, value)
}

/** Throws OptionError. */
export function checkOptions(given: CompileOptions): SessionOptions {
  if (typeof given !== 'object' || given === null) throw invalidOption('options of compile', 'an object', given)
  const { algorithm = 'auto', ...options } = given
  knownOptions('compile', options, OPTIONS)
  const { threads, layout = 'nhwc', precision = 'fp32', memory = 'normal', accuracy = 'normal' } = options
  const { maxConcurrency = 2, maxQueue = Number.POSITIVE_INFINITY } = options
  if (threads !== undefined) checkCount('threads', threads, MAX_THREADS)
  if (layout !== 'nhwc' && layout !== 'nchw') throw invalidOption('layout', "'nhwc' or 'nchw'", layout)
  if (precision !== 'fp32') throw invalidOption('precision', "'fp32'", precision)
  if (memory !== 'normal' && memory !== 'low') throw invalidOption('memory', "'normal' or 'low'", memory)
  if (accuracy !== 'normal' && accuracy !== 'fast') throw invalidOption('accuracy', "'normal' or 'fast'", accuracy)
  checkCount('maxConcurrency', maxConcurrency, MAX_CONCURRENCY)
  if (maxQueue !== 0 && maxQueue !== Number.POSITIVE_INFINITY && !isPositiveInteger(maxQueue)) {
    throw invalidOption('maxQueue', 'a non-negative integer', maxQueue)
  }
  const tune = checkTune(options.tune)
  return { threads, layout, maxConcurrency, maxQueue, memory, accuracy, tune, algorithm }
}
