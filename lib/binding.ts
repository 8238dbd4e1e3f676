/** The only file that loads the addon. Its errors carry codes (ERR_INVALID_ARGUMENT, ERR_ABORTED, ...) that callers give public types. */

import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { NativeError } from './errors.js'
import type { PlanSpec } from './graph/plan-spec.js'
import type { PixelTransform } from './image/pixels.js'

/** Objects of the addon: they carry a type tag and have no properties. */
type Handle = object

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
  /** A run with a clock: the nanoseconds of each step. */
  profile(inputs: readonly Float32Array[], outputs: readonly Float32Array[]): Promise<Float64Array>
  steps(): readonly NativeStep[]
  /** Of one run. */
  memory(): { readonly arenaBytes: number; readonly scratchBytes: number }
  /** Pending runs and later calls fail with ERR_DISPOSED. Safe to call again. */
  dispose(): void
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
  fromPixels(...picture: PictureArguments): Promise<Float32Array>
  fromPixelsSync(...picture: PictureArguments): Float32Array
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

/** Gives channels * height * width elements, see native/ops/from_pixels.h. Copies the bytes before it returns. */
export const fromPixels = (...picture: PictureArguments): Promise<Float32Array> => native().fromPixels(...picture)

export const fromPixelsSync = (...picture: PictureArguments): Float32Array => native().fromPixelsSync(...picture)

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
 * Weights over a SharedArrayBuffer are read in place. Others could lose their memory to a transfer meanwhile, so they are copied first,
 * a slice per turn of the event loop.
 */
export async function createProgram(
  store: NativeWeightStore,
  plan: PlanSpec,
  options: ProgramOptions,
): Promise<NativeProgram> {
  const engine = native()
  const handle = engine.readPlan(store.handle, plan, options)
  while (!engine.stagePlan(handle, STAGED_ELEMENTS)) await new Promise((resolve) => setImmediate(resolve))
  return wrapProgram(engine, await engine.buildProgram(handle))
}

export function createProgramSync(store: NativeWeightStore, plan: PlanSpec, options: ProgramOptions): NativeProgram {
  const engine = native()
  return wrapProgram(engine, engine.buildProgramSync(engine.readPlan(store.handle, plan, options)))
}

function wrapProgram(engine: Addon, handle: Handle): NativeProgram {
  return {
    run(inputs, outputs) {
      const { promise, id } = engine.startRun(handle, inputs, outputs, false)
      return { promise: promise as Promise<void>, cancel: () => engine.cancelRun(id) }
    },
    runSync: (inputs, outputs) => engine.runSync(handle, inputs, outputs),
    profile: async (inputs, outputs) => (await engine.startRun(handle, inputs, outputs, true).promise) as Float64Array,
    steps: () => engine.programSteps(handle),
    memory: () => engine.programMemory(handle),
    dispose: () => engine.disposeProgram(handle),
  }
}

function native(): Addon {
  addon ??= loadAddon(fileURLToPath(new URL('..', import.meta.url)))
  return addon
}

/** By node-gyp-build's rules: build/Release of a checkout, then prebuilds/ of this platform. */
function loadAddon(root: string): Addon {
  const require = createRequire(import.meta.url)
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
  existsSync(`${root}binding.gyp`)
    ? 'npm run build:native'
    : `npm install --no-save cmake-js node-addon-api && npx cmake-js compile --directory "${root}"`
