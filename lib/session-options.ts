import { invalidOption } from './errors.js'
import type { ConvAlgorithm } from './graph/lowering.js'
import type { DataLayout, MemoryUse } from './graph/plan.js'
import { isPositiveInteger } from './shape.js'

/** How a network is made ready to run. */
export interface CompileOptions {
  /** Threads that one run may use; all that the process may use unless given. */
  readonly threads?: number
  /** Axis order of inputs and outputs: `[N, H, W, C]` (default) or `[N, C, H, W]`. */
  readonly layout?: DataLayout
  /** Arithmetic of the engine. */
  readonly precision?: 'fp32'
  /** Runs of one shape that proceed at the same time (default 2); each has its own activations in memory. */
  readonly maxConcurrency?: number
  /** Runs that may wait beyond those; one more is refused with QueueFullError. No limit unless given. */
  readonly maxQueue?: number
  /**
   * `low` keeps to algorithms whose packed weights are as large as the network's own; Winograd's, for 3 x 3 kernels, are up to four times
   * as large. It also keeps NaN and infinities to the outputs that read them, where Winograd spreads them over a tile.
   */
  readonly memory?: MemoryUse
  /** @internal Forces an algorithm on every convolution that it can run. */
  readonly algorithm?: ConvAlgorithm
}

/** Options with nothing left to decide. */
export interface SessionOptions {
  readonly threads: number | undefined
  readonly layout: DataLayout
  readonly maxConcurrency: number
  readonly maxQueue: number
  readonly memory: MemoryUse
  readonly algorithm: ConvAlgorithm
}

/** Throws OptionError. */
export function checkOptions(options: CompileOptions): SessionOptions {
  if (typeof options !== 'object' || options === null) throw invalidOption('options of compile', 'an object', options)
  const { threads, layout = 'nhwc', precision = 'fp32', memory = 'normal', algorithm = 'auto' } = options
  const { maxConcurrency = 2, maxQueue = Number.POSITIVE_INFINITY } = options
  if (threads !== undefined && !isPositiveInteger(threads))
    throw invalidOption('threads', 'a positive integer', threads)
  if (layout !== 'nhwc' && layout !== 'nchw') throw invalidOption('layout', "'nhwc' or 'nchw'", layout)
  if (precision !== 'fp32') throw invalidOption('precision', "'fp32'", precision)
  if (memory !== 'normal' && memory !== 'low') throw invalidOption('memory', "'normal' or 'low'", memory)
  if (!isPositiveInteger(maxConcurrency)) throw invalidOption('maxConcurrency', 'a positive integer', maxConcurrency)
  if (maxQueue !== 0 && maxQueue !== Number.POSITIVE_INFINITY && !isPositiveInteger(maxQueue)) {
    throw invalidOption('maxQueue', 'a non-negative integer', maxQueue)
  }
  return { threads, layout, maxConcurrency, maxQueue, memory, algorithm }
}
