/** The programs of a session: one for each batch and size of the inputs that ran, over one copy of the packed weights. */

import {
  createProgram,
  createProgramSync,
  createWeightStore,
  type NativeProgram,
  type NativeWeightStore,
} from './binding.js'
import { DisposedError } from './errors.js'
import type { GraphSource } from './graph/graph.js'
import type { PlanSpec } from './graph/plan-spec.js'
import { rethrowPublic } from './native-error.js'
import type { InputInfo } from './run-inputs.js'
import type { SessionOptions } from './session-options.js'
import { makePlan, type SizedPlan } from './session-plan.js'
import { Tuner } from './tune/tuner.js'

export type Shapes = readonly (readonly number[])[]

/** A program and the shapes, batch first, that it is for. */
export interface SizedProgram {
  readonly program: NativeProgram
  readonly inputShapes: Shapes
  readonly inputSizes: readonly number[]
  readonly outputShapes: Shapes
  readonly outputSizes: readonly number[]
}

export interface SessionMemory {
  /** Packed weights, shared by all plans. */
  readonly weightBytes: number
  /** Activations and scratch of one run, summed over the plans. */
  readonly arenaBytes: number
  /** Plans that are kept: one per batch and input size that ran. */
  readonly plans: number
}

/** How many programs are kept; the one that was used longest ago goes first. */
const MAX_PROGRAMS = 8

export class ProgramCache {
  readonly #source: GraphSource
  readonly #options: SessionOptions
  readonly #infos: readonly InputInfo[]
  /** In the order of their last use. */
  readonly #programs = new Map<string, SizedProgram>()
  readonly #building = new Map<string, Promise<SizedProgram>>()
  /** How many runs need the program of a key; it is kept as long as any does. */
  readonly #users = new Map<string, number>()
  readonly #tuner: Tuner | undefined
  #recent: SizedProgram | undefined
  #store: NativeWeightStore | undefined = createWeightStore()

  constructor(source: GraphSource, options: SessionOptions, infos: readonly InputInfo[]) {
    this.#source = source
    this.#options = options
    this.#infos = infos
    const { threads, tune } = options
    this.#tuner = tune && new Tuner({ threads, cache: tune.cache })
  }

  /** The program that was used last. */
  get recent(): SizedProgram | undefined {
    return this.#recent
  }

  /** Throws DisposedError after `dispose`. */
  checkUsable(): NativeWeightStore {
    if (this.#store === undefined) throw new DisposedError('The session is disposed')
    return this.#store
  }

  /**
   * Works with the program for `shapes`, which is made off the main thread when it is missing (at once otherwise), and
   * gives the engine's errors their public types.
   */
  async use<T>(shapes: Shapes, work: (sized: SizedProgram) => Promise<T>): Promise<T> {
    const key = keyOf(shapes)
    this.#users.set(key, (this.#users.get(key) ?? 0) + 1)
    try {
      return await work(this.#find(key) ?? (await this.#build(key, shapes)))
    } catch (error) {
      return rethrowPublic(error)
    } finally {
      const users = (this.#users.get(key) ?? 1) - 1
      if (users > 0) this.#users.set(key, users)
      else this.#users.delete(key)
      this.#evict()
    }
  }

  /** The program for `shapes`, made on the calling thread when it is missing; to be used before anything else happens. */
  getSync(shapes: Shapes): SizedProgram {
    const key = keyOf(shapes)
    const found = this.#find(key)
    if (found !== undefined) return found
    const sized = this.#plan(key, shapes)
    const plan = this.#tuner?.apply(sized.plan) ?? sized.plan
    return this.#keep(key, shapes, sized, this.#createSync(plan))
  }

  memory(): SessionMemory {
    const store = this.checkUsable()
    const memories = [...this.#programs.values()].map(({ program }) => program.memory())
    const arenaBytes = memories.reduce((sum, memory) => sum + memory.arenaBytes + memory.scratchBytes, 0)
    return { weightBytes: store.bytes(), arenaBytes, plans: this.#programs.size }
  }

  /** Frees the native memory; runs that are under way end with DisposedError. */
  dispose(): void {
    const store = this.#store
    this.#store = undefined
    this.#recent = undefined
    for (const { program } of this.#programs.values()) program.dispose()
    this.#programs.clear()
    store?.dispose()
  }

  #find(key: string): SizedProgram | undefined {
    const sized = this.#programs.get(key)
    if (sized === undefined) return undefined
    this.#programs.delete(key)
    this.#programs.set(key, sized)
    this.#recent = sized
    return sized
  }

  /** Calls for the same shapes wait for the same program. */
  async #build(key: string, shapes: Shapes): Promise<SizedProgram> {
    const building = this.#building.get(key) ?? this.#create(key, shapes)
    this.#building.set(key, building)
    try {
      return await building
    } finally {
      this.#building.delete(key)
    }
  }

  async #create(key: string, shapes: Shapes): Promise<SizedProgram> {
    this.checkUsable()
    const sized = this.#plan(key, shapes)
    const plan = (await this.#tuner?.tune(sized.plan, () => this.checkUsable())) ?? sized.plan
    const program = await createProgram(this.checkUsable(), plan, this.#programOptions())
    // Meanwhile a synchronous run may have made the same one, or the session may have been disposed.
    const found = this.#find(key)
    if (this.#store !== undefined && found === undefined) return this.#keep(key, shapes, sized, program)
    program.dispose()
    this.checkUsable()
    return found as SizedProgram
  }

  #plan(key: string, shapes: Shapes): SizedPlan {
    const evaluate = (plan: PlanSpec): readonly Float32Array[] => {
      const outputs = plan.outputSizes.map((size) => new Float32Array(size))
      const program = this.#createSync(plan)
      program.runSync([], outputs)
      program.dispose()
      return outputs
    }
    return makePlan(this.#source, this.#options, this.#infos, shapes, key, evaluate)
  }

  #createSync(plan: PlanSpec): NativeProgram {
    try {
      return createProgramSync(this.checkUsable(), plan, this.#programOptions())
    } catch (error) {
      return rethrowPublic(error)
    }
  }

  #programOptions() {
    const { threads, maxConcurrency } = this.#options
    return { maxConcurrency, ...(threads !== undefined && { threads }) }
  }

  #keep(key: string, inputShapes: Shapes, { plan, outputShapes }: SizedPlan, program: NativeProgram): SizedProgram {
    const { inputSizes, outputSizes } = plan
    const sized = { program, inputShapes, outputShapes, inputSizes, outputSizes }
    this.#programs.set(key, sized)
    this.#recent = sized
    this.#evict()
    return sized
  }

  /** Lets go of the programs that were used longest ago, except those that are needed. */
  #evict(): void {
    for (const [key, sized] of this.#programs) {
      if (this.#programs.size <= MAX_PROGRAMS) return
      if (this.#users.has(key) || sized === this.#recent) continue
      this.#programs.delete(key)
      sized.program.dispose()
    }
  }
}

function keyOf(shapes: Shapes): string {
  return shapes.map((shape) => shape.join('x')).join(' ')
}
