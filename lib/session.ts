/// <reference lib="esnext.disposable" preserve="true" />

import { checkSignal, onAbort, throwIfAborted } from './abort.js'
import type { NativeRun, StepTimes } from './binding.js'
import { engineInfo } from './engine.js'
import { QueueFullError, ShapeError } from './errors.js'
import type { Graph, GraphSource } from './graph/graph.js'
import type { DataLayout } from './graph/plan.js'
import { knownOptions } from './layers/options.js'
import { rethrowPublic } from './native-error.js'
import { machinePeaks, profileStep, type StepProfile } from './profile.js'
import { ProgramCache, type SessionMemory, type SizedProgram } from './program-cache.js'
import { fits, fromChannelsLast, type InputInfo, type InputValue, readData, readShapes } from './run-inputs.js'
import { type CompileOptions, checkOptions, type SessionOptions } from './session-options.js'
import { elementCount } from './shape.js'
import { Tensor } from './tensor.js'

export type { StepProfile, ThreadTime } from './profile.js'
export type { SessionMemory } from './program-cache.js'
export type { CompileOptions, TuneOptions } from './session-options.js'

/** Inputs by name; a bare array has the network's own input shape. */
export type RunInputs<I extends string = string> = Readonly<Record<I, InputValue>>

/** Outputs by name, batch first. */
export type RunOutputs<O extends string = string> = Readonly<Record<O, Tensor>>

export interface RunOptions {
  /** Ends the run at its next step; the promise then rejects with AbortError. */
  readonly signal?: AbortSignal | undefined
}

const disposeSymbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
const asyncDisposeSymbol: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')

/**
 * A network that is ready to run, with its packed weights. Made by `Model.compile()`.
 *
 * Inputs have a batch: `[N, H, W, C]`, or `[N, C, H, W]` when compiled with `layout: 'nchw'`. The network's own shape without batch is one
 * image. A new batch or size makes and keeps a plan of its own over the same weights.
 *
 * ```ts
 * import { conv2d, model, Tensor } from 'im2col'
 *
 * const net = model({ input: [32, 32, 3] }, conv2d(8, { kernel: 3 })).randomizeWeights()
 * const session = await net.compile({ threads: 2 })
 * const { output } = await session.run({ input: Tensor.zeros([4, 32, 32, 3]) }) // output.shape: [4, 30, 30, 8]
 * session.dispose()
 * ```
 */
export class Session<I extends string = string, O extends string = string> {
  /** Shapes by input name, without batch, in the session's axis order. */
  readonly inputs: Readonly<Record<I, readonly number[]>>
  /** Shapes by output name, without batch, in the session's axis order. */
  readonly outputs: Readonly<Record<O, readonly number[]>>
  /** Axis order of inputs and outputs. */
  readonly layout: DataLayout
  readonly #options: SessionOptions
  readonly #infos: readonly InputInfo[]
  readonly #outputNames: readonly string[]
  readonly #programs: ProgramCache
  #pending = 0

  /** @internal */
  constructor(source: GraphSource, options: SessionOptions) {
    const { graph } = source
    const shapeOf = (value: number) => Object.freeze(fromChannelsLast(graph.values[value]?.shape ?? [], options.layout))
    const shapesOf = (list: Graph['inputs']) =>
      Object.freeze(Object.fromEntries(list.map(({ name, value }) => [name, shapeOf(value)])))
    this.inputs = shapesOf(graph.inputs) as typeof this.inputs
    this.outputs = shapesOf(graph.outputs) as typeof this.outputs
    this.layout = options.layout
    this.#options = options
    this.#infos = graph.inputs.map(({ name, value }) => {
      const shape = shapeOf(value)
      return { name, shape, size: elementCount(shape) }
    })
    this.#outputNames = graph.outputs.map(({ name }) => name)
    this.#programs = new ProgramCache(source, options, this.#infos)
  }

  /**
   * Runs the network on the engine's threads; the event loop stays free. Gives the outputs by name, batch first.
   *
   * The inputs are copied by the time it returns its promise. Rejects with ShapeError, DTypeError, OptionError (names, options),
   * AbortError, QueueFullError and DisposedError.
   */
  async run(inputs: RunInputs<I>, options?: RunOptions): Promise<RunOutputs<O>> {
    this.#programs.checkUsable()
    const signal = readSignal(options)
    throwIfAborted(signal)
    const data = readData(this.#infos, inputs)
    this.#checkQueue()
    this.#pending++
    try {
      const recent = this.#recentFor(inputs)
      if (recent !== undefined) {
        return await this.#programs.use(recent.inputShapes, (sized) => this.#start(sized, data, signal))
      }
      const shapes = readShapes(this.#infos, inputs, this.#options.layout)
      const copies = data.map((array) => array.slice())
      return await this.#programs.use(shapes, (sized) => this.#start(sized, copies, signal))
    } finally {
      this.#pending--
    }
  }

  /**
   * Runs the network and waits for it. Gives the outputs by name, batch first.
   *
   * Throws ShapeError, DTypeError, OptionError (names) and DisposedError.
   */
  runSync(inputs: RunInputs<I>): RunOutputs<O> {
    this.#programs.checkUsable()
    const data = readData(this.#infos, inputs)
    const sized =
      this.#recentFor(inputs) ?? this.#programs.getSync(readShapes(this.#infos, inputs, this.#options.layout))
    checkLengths(this.#infos, sized, data)
    const outputs = allocateOutputs(sized)
    try {
      sized.program.runSync(data, outputs)
    } catch (error) {
      rethrowPublic(error)
    }
    return this.#toRecord(sized, outputs)
  }

  /**
   * Runs the network with a clock at every native step, in the order in which they run. The first call of a process also measures
   * the machine's peaks, in well under a second. Rejects with what `run` rejects with.
   *
   * ```ts
   * import { createModel } from 'im2col'
   *
   * const session = await createModel('lenet5').randomizeWeights().compile({ threads: 1 })
   * const steps = await session.profile({ input: new Float32Array(28 * 28) })
   * for (const { name, algorithm, milliseconds, shareOfPeak } of steps) console.log(name, algorithm, milliseconds, shareOfPeak)
   * ```
   */
  async profile(inputs: RunInputs<I>): Promise<readonly StepProfile[]> {
    this.#programs.checkUsable()
    const data = readData(this.#infos, inputs).map((array) => array.slice())
    return this.#programs.use(readShapes(this.#infos, inputs, this.#options.layout), async ({ program, ...sized }) => {
      checkLengths(this.#infos, sized, data)
      const peaks = await machinePeaks(this.#options.threads ?? engineInfo().threads)
      this.#programs.checkUsable()
      const steps = program.steps()
      const times = await program.profile(data, allocateOutputs(sized))
      return steps.map((step, i) => profileStep(step, times[i] as StepTimes, peaks))
    })
  }

  /** Native memory that the session holds. Throws DisposedError. */
  memory(): SessionMemory {
    return this.#programs.memory()
  }

  /** Frees the native memory; runs that are under way reject with DisposedError. Safe to call again. */
  dispose(): void {
    this.#programs.dispose()
  }

  [disposeSymbol](): void {
    this.dispose()
  }

  async [asyncDisposeSymbol](): Promise<void> {
    this.dispose()
  }

  /** @internal Makes the plan for one image of the network's own size. */
  async prepare(): Promise<void> {
    await this.#programs.use(
      this.#infos.map(({ shape }) => [1, ...shape]),
      async () => undefined,
    )
  }

  #checkQueue(): void {
    const { maxConcurrency, maxQueue } = this.#options
    if (this.#pending < maxConcurrency + maxQueue) return
    throw new QueueFullError(`Expected at most ${maxQueue} runs to wait but as many are waiting already`, {
      expected: maxQueue,
      actual: this.#pending - maxConcurrency,
      hint: 'Wait for a run to end, or compile with a larger maxQueue',
    })
  }

  /** The program that was used last, when the inputs are of its batch and size. */
  #recentFor(inputs: RunInputs<I>): SizedProgram | undefined {
    const recent = this.#programs.recent
    return recent !== undefined && fits(this.#infos, inputs, recent.inputShapes) ? recent : undefined
  }

  async #start(sized: SizedProgram, data: readonly Float32Array[], signal?: AbortSignal): Promise<RunOutputs<O>> {
    throwIfAborted(signal)
    checkLengths(this.#infos, sized, data)
    const outputs = allocateOutputs(sized)
    let run: NativeRun | undefined
    // Once the engine has started, nothing may throw before its promise is awaited.
    const forget = signal && onAbort(signal, () => run?.cancel())
    try {
      run = sized.program.run(data, outputs)
      await run.promise
    } catch (error) {
      throwIfAborted(signal)
      throw error
    } finally {
      forget?.()
    }
    return this.#toRecord(sized, outputs)
  }

  #toRecord({ outputShapes }: SizedProgram, outputs: readonly Float32Array[]): RunOutputs<O> {
    const record: Record<string, Tensor> = {}
    for (let i = 0; i < outputs.length; i++) {
      const shape = outputShapes[i] as readonly number[]
      record[this.#outputNames[i] as string] = new Tensor(outputs[i] as Float32Array, shape)
    }
    return record as RunOutputs<O>
  }
}

/**
 * Makes a network ready to run: packs its weights off the main thread. `Model.compile` calls it.
 *
 * Throws OptionError, and WeightsError when a parameter has no data.
 */
export async function createSession<I extends string = string, O extends string = string>(
  source: GraphSource,
  options: CompileOptions = {},
): Promise<Session<I, O>> {
  const session = new Session<I, O>(source, checkOptions(options))
  try {
    await session.prepare()
  } catch (error) {
    session.dispose()
    throw error
  }
  return session
}

function allocateOutputs({ outputSizes }: Pick<SizedProgram, 'outputSizes'>): Float32Array[] {
  const outputs: Float32Array[] = []
  for (let i = 0; i < outputSizes.length; i++) outputs.push(new Float32Array(outputSizes[i] as number))
  return outputs
}

/** A tensor whose memory was transferred away is as long as none. */
function checkLengths(
  infos: readonly InputInfo[],
  { inputSizes }: Pick<SizedProgram, 'inputSizes'>,
  data: readonly Float32Array[],
): void {
  for (let i = 0; i < inputSizes.length; i++) {
    const actual = data[i]?.length
    if (actual === inputSizes[i]) continue
    const name = infos[i]?.name
    throw new ShapeError(
      `Expected the data of input '${name}' to have ${inputSizes[i]} elements but it has ${actual}`,
      { expected: inputSizes[i], actual, hint: 'Its memory may have been transferred to another thread' },
    )
  }
}

/** Throws OptionError for what are no options of a run. */
function readSignal(options: RunOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined
  knownOptions('run', options, ['signal'])
  checkSignal('run', options.signal)
  return options.signal
}
