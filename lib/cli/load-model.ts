import { shippedWeights } from '../classify.js'
import { OptionError, show, WeightsError } from '../errors.js'
import type { Model } from '../model.js'
import { type Rename, renames } from '../weights/renames.js'
import { openSafetensors } from '../weights/safetensors.js'
import { createModel } from '../zoo/registry.js'
import type { Io } from './io.js'
import { createProgress } from './progress.js'

export interface LoadedModel {
  readonly model: Model
  /** The naming convention of the weights file, when it is not the network's own. */
  readonly convention: string | undefined
}

/** Builds a registered network and loads a weights file, by default the one that the package ships. */
export async function loadModel(
  io: Io,
  name: string,
  options: { readonly weights?: string | undefined; readonly rename?: string | undefined },
): Promise<LoadedModel> {
  const model: Model = createModel(name)
  const path = options.weights ?? shippedWeights(name)
  if (path === undefined) {
    throw new WeightsError(`The package has no weights for ${show(name)}`, { hint: 'Give a file with --weights' })
  }
  const progress = createProgress(io, 'Loading weights')
  const tensors = await openSafetensors(path, {
    onProgress: ({ loadedBytes, totalBytes }) => progress.update(loadedBytes / totalBytes),
  }).finally(progress.clear)
  const convention = options.rename === undefined ? recognise(model, [...tensors.keys()]) : options.rename
  await model.loadWeights(tensors, convention === undefined ? {} : { rename: renameOf(convention) })
  return { model, convention }
}

function renameOf(convention: string): Rename {
  if (Object.hasOwn(renames, convention)) return renames[convention as keyof typeof renames]
  const expected = Object.keys(renames)
  throw new OptionError(`There is no naming convention ${show(convention)}; there are ${expected.join(', ')}`, {
    expected,
    actual: convention,
  })
}

/** The one convention that gives exactly the network's names, unless the file has them itself. */
function recognise(model: Model, names: readonly string[]): string | undefined {
  const expected = new Set(model.parameters().map(({ path }) => path))
  const fits = (rename: Rename) => {
    const renamed = new Set(names.map(rename).filter((name) => name !== undefined))
    return renamed.size === expected.size && [...renamed].every((name) => expected.has(name))
  }
  if (fits((name) => name)) return undefined
  const fitting = Object.entries(renames).filter(([, rename]) => fits(rename))
  return fitting.length === 1 ? fitting[0]?.[0] : undefined
}
