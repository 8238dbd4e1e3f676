/** A network made ready to be measured on made-up data. */

import { engineInfo } from '../engine.js'
import type { Model } from '../model.js'
import type { Session } from '../session.js'
import { Tensor } from '../tensor.js'
import { createModel } from '../zoo/registry.js'
import type { Io } from './io.js'
import { loadModel } from './load-model.js'

export interface TrialOptions {
  readonly threads?: number
  readonly batch: number
  readonly weights?: string
  /** Whether the clock chooses algorithms, and the file that keeps its choices. */
  readonly tune?: string | true
}

export interface Trial {
  readonly model: Model
  readonly session: Session
  readonly threads: number
  readonly inputs: Readonly<Record<string, Tensor>>
}

/** Compiles a registered network, with random weights unless a file is given, and makes inputs for it. */
export async function openTrial(io: Io, name: string, options: TrialOptions): Promise<Trial> {
  const { weights, batch, tune, threads = engineInfo().threads } = options
  const model: Model =
    weights === undefined
      ? createModel(name).randomizeWeights({ seed: 1 })
      : (await loadModel(io, name, { weights })).model
  const session = await model.compile({ threads, tune: typeof tune === 'string' ? { cache: tune } : tune === true })
  const inputs = Object.entries(session.inputs).map(([input, shape]) => [input, noise([batch, ...shape])] as const)
  return { model, session, threads, inputs: Object.fromEntries(inputs) }
}

/** Values in -1..1 that any run of the command makes again. */
function noise(shape: readonly number[]): Tensor {
  const tensor = Tensor.zeros(shape)
  for (let i = 0, state = 1; i < tensor.data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    tensor.data[i] = state / 2 ** 31
  }
  return tensor
}
