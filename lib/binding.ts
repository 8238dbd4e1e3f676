/** The only file that loads the addon. Its errors carry codes (ERR_INVALID_ARGUMENT, ERR_ABORTED, ...) that callers give public types. */

import { createRequire } from 'node:module'
import { NativeError } from './errors.js'
import type { PlanSpec } from './graph/plan-spec.js'
import type { PixelTransform } from './image/pixels.js'
import { nodeFs } from './node-modules.js'
import { packageRoot } from './package-files.js'

/** Objects of the addon: they carry a type tag and have no properties. */
type Handle = object

/** An open file that the engine reads itself, until nobody refers to it any more. */
export type NativeFile = Handle

export interface NativeEngineInfo {
  readonly isa: string
  /** float32 per vector. */
  readonly lanes: number
  /** Best first. */
  readonly runnableIsas: readonly string[]
  readonly threads: number
  /** Of the whole process. */
  readonly memory: { readonly arenaBytes: number; readonly weightBytes: number }
}

export interface ProgramOptions {
  /** That one run may use; by default all that the engine uses. More than that starts more. */
  readonly threads?: number
  /** Runs that may proceed at once; further ones wait. */
  readonly maxConcurrency: number
}

export interface NativeStep {
  readonly name: string
  readonly op: string
  readonly algorithm: string
  /** Of one run. */
  readonly flops: number
  /** Of inputs, weights and outputs, each counted once. */
  readonly bytes: number
}

/** Nanoseconds since a run began. */
export interface TimeSpan {
  readonly start: number
  readonly end: number
}

export interface StepTimes extends TimeSpan {
  /** By thread; both times are 0 where it took no part. */
  readonly threads: readonly TimeSpan[]
}

export interface NativeRun {
  /** Settles when the outputs are written. */
  readonly promise: Promise<void>
  /** Ends the run at its next step, with ERR_ABORTED; nothing when it has ended. */
  readonly cancel: () => void
}

/** Packed weights, which programs share. */
export interface NativeWeightStore {
  readonly handle: Handle
  bytes(): number
  /** Programs that exist keep their weights. */
  dispose(): void
}

/** A plan that is ready to run. Buffers are float32 arrays of exactly the plan's sizes. */
export interface NativeProgram {
  /** Copies the inputs before it returns and writes the outputs when the promise settles. */
  run(inputs: readonly Float32Array[], outputs: readonly Float32Array[]): NativeRun
  runSync(inputs: readonly Float32Array[], outputs: readonly Float32Array[]): void
  /** A run with a clock: the times of each step. */
  profile(inputs: readonly Float32Array[], outputs: readonly Float32Array[]): Promise<readonly StepTimes[]>
  steps(): readonly NativeStep[]
  /** Of one run. */
  memory(): { readonly arenaBytes: number; readonly scratchBytes: number }
  /** Pending runs and later calls fail with ERR_DISPOSED. Safe to call again. */
  dispose(): void
}

export interface AlgorithmTime {
  readonly algorithm: string
  /** Of the fastest run. */
  readonly nanoseconds: number
}

/** A step on trial. */
export interface StepTrial {
  /** Those that can run it, the engine's own choice first; none for an op that has but one way. */
  readonly algorithms: readonly string[]
  /** Times each of them, once, off the main thread: see native/program/algorithm_timing.h. */
  time(): Promise<readonly AlgorithmTime[]>
}

export type PictureArguments = readonly [
  data: Uint8Array,
  width: number,
  height: number,
  channels: number,
  transform: PixelTransform,
]

interface Addon {
  engineInfo(): NativeEngineInfo
  fmaPeak(isa: string | undefined, milliseconds: number): number
  machinePeaks(threads: number): Promise<{ gflopsPerSecond: number; gigabytesPerSecond: number }>
  fromPixels(...picture: PictureArguments): Promise<Float32Array>
  fromPixelsSync(...picture: PictureArguments): Float32Array
  keepFile(descriptor: number): NativeFile
  readFile(file: NativeFile, startByte: number, target: Float32Array): void
  createWeightStore(): Handle
  weightStoreBytes(store: Handle): number
  disposeWeightStore(store: Handle): void
  readPlan(store: Handle, plan: PlanSpec, options: ProgramOptions): Handle
  stagePlan(plan: Handle, budget: number): boolean
  buildProgram(plan: Handle): Promise<Handle>
  buildProgramSync(plan: Handle): Handle
  programSteps(program: Handle): NativeStep[]
  programMemory(program: Handle): { arenaBytes: number; scratchBytes: number }
  disposeProgram(program: Handle): void
  planAlgorithms(plan: Handle): string[]
  timeAlgorithms(plan: Handle): Promise<AlgorithmTime[]>
  startRun(
    program: Handle,
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
    profile: boolean,
  ): { promise: Promise<unknown>; id: number }
  cancelRun(id: number): void
  runSync(program: Handle, inputs: readonly Float32Array[], outputs: readonly Float32Array[]): void
}

let addon: Addon | undefined

/** Elements of weights that are copied before the event loop gets its turn: well below a millisecond. */
const STAGED_ELEMENTS = 1 << 18

/** What the engine found on this machine. Throws ERR_INVALID_ARGUMENT for a bad IM2COL_THREADS and ERR_UNSUPPORTED for a bad IM2COL_ISA. */
export const engineInfo = (): NativeEngineInfo => native().engineInfo()

/** Most GFLOP/s of multiply-adds that one thread reaches with `isa` (the active one by default) within `milliseconds`. */
export const fmaPeak = (isa: string | undefined, milliseconds: number): number => native().fmaPeak(isa, milliseconds)

/** Multiply-adds and reads from memory of so many threads together, at best. Takes tens of milliseconds on the engine's threads. */
export const machinePeaks = (threads: number) => native().machinePeaks(threads)

/** Gives channels * height * width elements, see native/ops/from_pixels.h. Copies the bytes before it returns. */
export const fromPixels = (...picture: PictureArguments): Promise<Float32Array> => native().fromPixels(...picture)

export const fromPixelsSync = (...picture: PictureArguments): Float32Array => native().fromPixelsSync(...picture)

/** The open file behind a descriptor, which may then be closed. */
export const keepFile = (descriptor: number): NativeFile => native().keepFile(descriptor)

/** Fills `target` from the bytes at `startByte`. Throws ERR_UNREADABLE when the file has changed since it was kept, or cannot be read. */
export const readFile = (file: NativeFile, startByte: number, target: Float32Array): void =>
  native().readFile(file, startByte, target)

export function createWeightStore(): NativeWeightStore {
  const engine = native()
  const handle = engine.createWeightStore()
  return {
    handle,
    bytes: () => engine.weightStoreBytes(handle),
    dispose: () => engine.disposeWeightStore(handle),
  }
}

/**
 * Packs the weights and builds the steps on the engine's threads.
 *
 * Weights in files are read there, those over a SharedArrayBuffer in place. Others could lose their memory to a transfer meanwhile, so they are copied first,
 * a slice per turn of the event loop.
 */
export async function createProgram(
  store: NativeWeightStore,
  plan: PlanSpec,
  options: ProgramOptions,
): Promise<NativeProgram> {
  const engine = native()
  const handle = engine.readPlan(store.handle, plan, options)
  await stage(engine, handle)
  return wrapProgram(engine, await engine.buildProgram(handle))
}

async function stage(engine: Addon, plan: Handle): Promise<void> {
  while (!engine.stagePlan(plan, STAGED_ELEMENTS)) await new Promise((resolve) => setImmediate(resolve))
}

export function createProgramSync(store: NativeWeightStore, plan: PlanSpec, options: ProgramOptions): NativeProgram {
  const engine = native()
  return wrapProgram(engine, engine.buildProgramSync(engine.readPlan(store.handle, plan, options)))
}

/** For a plan of one step. */
export function tryStep(plan: PlanSpec, options: ProgramOptions): StepTrial {
  const engine = native()
  const store = engine.createWeightStore()
  const handle = engine.readPlan(store, plan, options)
  return {
    algorithms: engine.planAlgorithms(handle),
    async time() {
      try {
        await stage(engine, handle)
        return await engine.timeAlgorithms(handle)
      } finally {
        engine.disposeWeightStore(store)
      }
    },
  }
}

function wrapProgram(engine: Addon, handle: Handle): NativeProgram {
  return {
    run(inputs, outputs) {
      const { promise, id } = engine.startRun(handle, inputs, outputs, false)
      return { promise: promise as Promise<void>, cancel: () => engine.cancelRun(id) }
    },
    runSync: (inputs, outputs) => engine.runSync(handle, inputs, outputs),
    profile: async (inputs, outputs) => {
      const times = (await engine.startRun(handle, inputs, outputs, true).promise) as Float64Array
      return splitTimes(times, engine.programSteps(handle).length)
    },
    steps: () => engine.programSteps(handle),
    memory: () => engine.programMemory(handle),
    dispose: () => engine.disposeProgram(handle),
  }
}

/** Start and end of each step, followed by those of each thread. */
function splitTimes(times: Float64Array, steps: number): readonly StepTimes[] {
  const perStep = times.length / steps
  return Array.from({ length: steps }, (_, step) => {
    const spans = Array.from({ length: perStep / 2 }, (_, i) => {
      const at = step * perStep + 2 * i
      return { start: times[at] ?? 0, end: times[at + 1] ?? 0 }
    })
    const [{ start, end } = { start: 0, end: 0 }, ...threads] = spans
    return { start, end, threads }
  })
}

function native(): Addon {
  addon ??= loadAddon(packageRoot())
  return addon
}

/** By node-gyp-build's rules: build/Release of a checkout, then prebuilds/ of this platform. */
function loadAddon(root: string): Addon {
  const require = createRequire(root)
  const { path: resolve } = require('node-gyp-build/node-gyp-build.js') as { path: (root: string) => string }
  let file: string
  try {
    file = resolve(root)
  } catch (cause) {
    throw missingError(root, cause)
  }
  try {
    return require(file) as Addon
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NativeError('ERR_NATIVE_LOAD', `The native engine ${file} cannot be loaded: ${reason}`, {
      cause,
      hint: `Build it here: ${buildCommand(root)}`,
    })
  }
}

function missingError(root: string, cause: unknown): NativeError {
  const platform = `${process.platform}-${process.arch}`
  const { existsSync, readdirSync } = nodeFs()
  const prebuilds = existsSync(`${root}prebuilds`) ? readdirSync(`${root}prebuilds`).sort() : []
  const found = prebuilds.length > 0 ? `prebuilds for ${prebuilds.join(', ')}` : 'no prebuilds'
  return new NativeError(
    'ERR_NATIVE_MISSING',
    `No native engine for ${platform}: expected build/Release/im2col.node or prebuilds/${platform}/*.node in ${root}, which has ${found}`,
    { expected: platform, actual: prebuilds, cause, hint: `Build it here: ${buildCommand(root)}` },
  )
}

/** A checkout has binding.gyp and its tools; what npm installs has the sources and CMakeLists.txt. */
const buildCommand = (root: string): string =>
  nodeFs().existsSync(`${root}binding.gyp`)
    ? 'npm run build:native'
    : `npm install --no-save cmake-js node-addon-api && npx cmake-js compile --directory "${root}"`
