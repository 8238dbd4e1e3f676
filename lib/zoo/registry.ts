import { distance } from 'fastest-levenshtein'
import { invalidOption, show, UnknownModelError } from '../errors.js'
import { knownOptions } from '../layers/options.js'
import { type Model, model } from '../model.js'
import type { Architecture, Classifier, Task, ZooBuilder } from './architecture.js'
import * as zoo from './index.js'

/** Names that `createModel` knows, as torchvision and timm spell them. */
export type ModelName = (typeof zoo)[keyof typeof zoo]['architecture']['name']

const builders: ReadonlyMap<string, ZooBuilder> = new Map(
  Object.values<ZooBuilder>(zoo).map((build) => [build.architecture.name, build]),
)

export interface ModelFilter {
  readonly family?: string
  readonly task?: Task
}

/**
 * Facts about the registered architectures, by name: paper, counts, published input.
 *
 * ```ts
 * import { listModels } from 'im2col'
 *
 * listModels({ family: 'resnet' }).map(({ name }) => name) // ['resnet101', 'resnet152', 'resnet18', ...]
 * ```
 */
export const listModels = ({ family, task }: ModelFilter = {}): readonly Architecture[] =>
  [...builders.values()]
    .map(({ architecture }) => architecture)
    .filter((known) => (family ?? known.family) === known.family && (task ?? known.task) === known.task)
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** What a model that `createModel` made is. */
const architectures = new WeakMap<Model, Architecture>()

/** @internal The architecture of a model that `createModel` made. */
export const architectureOf = (net: Model): Architecture | undefined => architectures.get(net)

const suggestions = 3

const canonical = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const nearestNames = (name: string): readonly string[] =>
  [...builders.keys()]
    .map((known) => ({ known, far: distance(canonical(name), canonical(known)) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, suggestions)
    .map(({ known }) => known)

const findBuilder = (name: string): ZooBuilder => {
  const build = builders.get(name)
  if (build !== undefined) return build
  const expected = nearestNames(String(name))
  throw new UnknownModelError(`No model is called ${show(name)}`, {
    expected,
    actual: name,
    hint: `The nearest names are ${expected.join(', ')}`,
  })
}

/**
 * What is known about one architecture. Throws UnknownModelError, which suggests the nearest names.
 *
 * ```ts
 * import { modelInfo } from 'im2col'
 *
 * modelInfo('resnet50').parameters // 25557032
 * ```
 */
export const modelInfo = (name: ModelName | (string & {})): Architecture => findBuilder(name).architecture

export interface CreateModelOptions {
  /** Length of the output; the published number by default. */
  readonly numClasses?: number | undefined
  /** Side of a square input, or height and width; the published size by default. */
  readonly inputSize?: number | readonly [height: number, width: number] | undefined
  /** Channels of the input; the published number by default. */
  readonly inChannels?: number | undefined
}

/**
 * Builds and traces a registered architecture, without weights: input `[H, W, C]`, output `[numClasses]` logits.
 *
 * Throws UnknownModelError, which suggests the nearest names, OptionError, and ShapeError when the input is too small.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnet18', { numClasses: 10, inputSize: 96 })
 * ```
 */
export const createModel = (
  name: ModelName | (string & {}),
  options: CreateModelOptions = {},
): Model<{ readonly input: readonly [number, number, number] }, { readonly output: readonly [number] }> => {
  const build = findBuilder(name)
  knownOptions('createModel', options, ['numClasses', 'inputSize', 'inChannels'])
  const [height, width, channels] = build.architecture.inputShape
  const { numClasses, inputSize = [height, width], inChannels = channels } = options
  const sides = typeof inputSize === 'number' ? ([inputSize, inputSize] as const) : inputSize
  if (!Array.isArray(sides) || sides.length !== 2) {
    throw invalidOption('inputSize of createModel', 'a side or [height, width]', inputSize)
  }
  const input: readonly [number, number, number] = [sides[0], sides[1], inChannels]
  const net = model({ input }, build({ numClasses }) as Classifier<number>)
  architectures.set(net, build.architecture)
  return net
}
