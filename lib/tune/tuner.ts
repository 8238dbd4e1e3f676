/** The choice of algorithms by the clock. */

import { cpus } from 'node:os'
import { type StepTrial, tryStep } from '../binding.js'
import { engineInfo } from '../engine.js'
import type { ParameterSpec, PlanSpec, StepSpec } from '../graph/plan-spec.js'
import { addChoices, readChoices, type TimedChoice } from './choices-file.js'
import { singleStepPlan, stepShape } from './step-shape.js'

/** The engine's own choice stays unless another candidate is faster by more than the clock may be wrong. */
const CLEARLY_FASTER = 0.97

/** Elements of weights that take longer to arrive from memory than to multiply, whatever the algorithm. */
const LARGEST_TIMED_WEIGHTS = 1 << 24

/** What is being timed in this process: one step at a time, so that none slows another. */
let timing: Promise<unknown> = Promise.resolve()

export interface TunerOptions {
  readonly threads: number | undefined
  /** Path of the file that keeps the choices. */
  readonly cache: string | undefined
}

/** Replaces `algorithm: 'auto'` and `'fast'` in plans by the algorithm that was the fastest for the shape of the step. */
export class Tuner {
  readonly #threads: number
  readonly #cache: string | undefined
  readonly #machine: string
  readonly #choices = new Map<string, TimedChoice>()
  #loading: Promise<void> | undefined

  constructor({ threads, cache }: TunerOptions) {
    const { version, isa, threads: all } = engineInfo()
    this.#threads = threads ?? all
    this.#cache = cache
    this.#machine = [version, isa, cpus()[0]?.model.trim() ?? 'unknown CPU', `threads ${this.#threads}`].join(' | ')
  }

  /**
   * The plan with the choices of all its steps; times those whose shape is new, on the engine's threads. `checkUsable` throws to
   * end that early. Throws OptionError when the file of choices cannot be used.
   */
  async tune(plan: PlanSpec, checkUsable: () => unknown): Promise<PlanSpec> {
    await this.#load()
    const found = new Map<string, TimedChoice>()
    for (const step of plan.steps.filter(isOpen)) {
      const shape = stepShape(plan, step)
      const trial = this.#trial(plan, step)
      if (trial.algorithms.length < 2 || this.#known(shape, trial) !== undefined) continue
      const choice = await alone(() => {
        checkUsable()
        return timeStep(trial)
      })
      this.#choices.set(shape, choice)
      found.set(shape, choice)
    }
    if (this.#cache !== undefined && found.size > 0) await addChoices(this.#cache, this.#machine, found)
    return this.apply(plan)
  }

  /** The plan with the choices that are known already; the engine decides about the other steps. */
  apply(plan: PlanSpec): PlanSpec {
    const steps = plan.steps.map((step) => {
      const choice = isOpen(step) ? this.#known(stepShape(plan, step), this.#trial(plan, step)) : undefined
      return choice ? { ...step, attributes: { ...step.attributes, algorithm: choice.algorithm } } : step
    })
    return { ...plan, steps }
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read()
    return this.#loading
  }

  async #read(): Promise<void> {
    if (this.#cache === undefined) return
    for (const [shape, choice] of await readChoices(this.#cache, this.#machine)) this.#choices.set(shape, choice)
  }

  /** The choice for a shape, if it was made among the very candidates that there are now. */
  #known(shape: string, { algorithms }: StepTrial): TimedChoice | undefined {
    const choice = this.#choices.get(shape)
    if (choice === undefined) return undefined
    const timed = Object.keys(choice.microseconds)
    return timed.length === algorithms.length && algorithms.every((name) => timed.includes(name)) ? choice : undefined
  }

  #trial(plan: PlanSpec, step: StepSpec): StepTrial {
    return tryStep(singleStepPlan(plan, step), { threads: this.#threads, maxConcurrency: 1 })
  }
}

/** Whether the clock may decide how a step is computed. */
function isOpen({ attributes, parameters }: StepSpec): boolean {
  const weights = Object.values(parameters).reduce((sum, { data }) => sum + sizeOf(data), 0)
  const isLeft = attributes.algorithm === 'auto' || attributes.algorithm === 'fast'
  return isLeft && weights <= LARGEST_TIMED_WEIGHTS
}

const sizeOf = (data: ParameterSpec['data']): number => ('size' in data ? data.size : data.length)

async function timeStep(trial: StepTrial): Promise<TimedChoice> {
  const times = await trial.time()
  const [untimed] = times
  if (untimed === undefined) throw new TypeError('Expected a step with candidates')
  const fastest = times.reduce((best, time) => (time.nanoseconds < best.nanoseconds ? time : best))
  const isClear = fastest.nanoseconds < CLEARLY_FASTER * untimed.nanoseconds
  return {
    algorithm: isClear ? fastest.algorithm : untimed.algorithm,
    untimed: untimed.algorithm,
    microseconds: Object.fromEntries(times.map(({ algorithm, nanoseconds }) => [algorithm, nanoseconds / 1000])),
  }
}

/** Does `work` when all that was asked for before is done. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const result = timing.then(work)
  timing = result.catch(() => {})
  return result
}
