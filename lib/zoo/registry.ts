import { editDistance } from '../edit-distance.js'
import { type ErrorDetails, invalidOption, OptionError, show, UnknownModelError } from '../errors.js'
import type { AnySym } from '../layers/index.js'
import { knownOptions } from '../layers/options.js'
import { type Model, model, type NetOutputs } from '../model.js'
import { positiveInteger } from '../shape.js'
import type { Architecture, Task, ZooBuilder } from './architecture.js'
import { builderNames, loadBuilder, loadBuilders, type Zoo } from './load.js'

/** Names that `createModel` knows, as torchvision and timm spell them. */
export type ModelName = Zoo[keyof Zoo]['architecture']['name']

type BuilderOf<N> = Extract<Zoo[keyof Zoo], { readonly architecture: { readonly name: N } }>

type NetOf<B> = B extends (...options: never) => infer F ? F : never

/** A traced network: its inputs and outputs by the names that the builder gives them. */
export type ModelOf<N> =
  NetOf<BuilderOf<N>> extends (input: infer I) => infer R
    ? Model<
        I extends AnySym ? { readonly input: readonly number[] } : { readonly [K in keyof I]: readonly number[] },
        NetOutputs<R>
      >
    : Model

export interface ModelFilter {
  readonly family?: string | undefined
  readonly task?: Task | undefined
}

const filters = ['family', 'task'] as const

/**
 * Facts about the registered architectures, by name: paper, counts, published inputs.
 *
 * Throws OptionError when no network is of the family or for the task; it suggests the nearest names.
 *
 * ```ts
 * import { listModels } from 'im2col'
 *
 * listModels({ family: 'resnet' }).map(({ name }) => name) // ['resnet101', 'resnet152', 'resnet18', ...]
 * ```
 */
export const listModels = (filter: ModelFilter = {}): readonly Architecture[] => {
  knownOptions('listModels', filter, filters)
  const all = loadBuilders().map(({ architecture }) => architecture)
  const listed = filters.reduce((left, fact) => {
    const wanted = filter[fact]
    if (wanted === undefined) return left
    const known = [...new Set(all.map((architecture) => architecture[fact]))]
    if (!known.some((value) => value === wanted)) {
      throw new OptionError(`No ${fact} of models is called ${show(wanted)}`, nearest(wanted, known))
    }
    return left.filter((architecture) => architecture[fact] === wanted)
  }, all)
  return [...listed].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Where a model that `createModel` made, of any copy of the package, has its architecture. */
const architectureKey = Symbol.for('im2col.architecture')

/** @internal The architecture of a model that `createModel` made. */
export const architectureOf = (net: Model): Architecture | undefined =>
  (net as { readonly [architectureKey]?: Architecture })[architectureKey]

const suggestions = 3

const canonical = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** What an error about a name that is not among `known` carries besides its message: the nearest names. */
const nearest = (name: unknown, known: readonly string[]): ErrorDetails => {
  const wanted = canonical(String(name))
  const expected = known
    .map((candidate) => ({ candidate, far: editDistance(wanted, canonical(candidate)) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, suggestions)
    .map(({ candidate }) => candidate)
  return { expected, actual: name, hint: `The nearest names are ${expected.join(', ')}` }
}

const findBuilder = (name: string): ZooBuilder => {
  const build = loadBuilder(name)
  if (build !== undefined) return build
  throw new UnknownModelError(`No model is called ${show(name)}`, nearest(name, builderNames()))
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

/**
 * The function that builds an architecture as a part of another network, with the options of its family (its page says which). What it
 * gives takes values as a layer does, and its parameters have the architecture's names below the name that the layer has. Throws
 * UnknownModelError, which suggests the nearest names; the function throws OptionError when an option does not exist or is wrong.
 *
 * ```ts
 * import { dense, model, networkBuilder, relu, sequential } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, sequential(networkBuilder('resnet18')({ numClasses: 64 }), relu, dense(2)))
 * net.outputs.output // [2]
 * ```
 */
export const networkBuilder = <const N extends ModelName>(name: N): BuilderOf<N> => findBuilder(name) as never

export interface CreateModelOptions {
  /** Length of the axis of classes; the published number by default. */
  readonly numClasses?: number | undefined
  /**
   * Spatial sizes of every input with as many axes as the first, `[height, width]`, or one for all of its axes; the published sizes by
   * default.
   */
  readonly inputSize?: number | readonly number[] | undefined
  /** Channels of every input; the published number by default. */
  readonly inChannels?: number | undefined
}

/** What a message calls an option of `createModel`. */
const optionOf = (name: string, option: keyof CreateModelOptions): string => `${option} of '${name}'`

/** Throws OptionError when an option is given that the network does not have; `because` says why. */
const absent = (name: string, option: keyof CreateModelOptions, value: unknown, because: string): void => {
  if (value !== undefined) throw invalidOption(optionOf(name, option), `absent, because ${because},`, value)
}

/** A size for each of `rank` axes. */
const spatialSizes = (name: string, sizes: unknown, rank: number): readonly number[] => {
  const list = typeof sizes === 'number' ? Array<number>(rank).fill(sizes) : sizes
  if (!Array.isArray(list) || list.length !== rank) {
    const axes = rank === 1 ? 'length' : ['depth', 'height', 'width'].slice(3 - rank).join(', ')
    throw invalidOption(optionOf(name, 'inputSize'), `one size or [${axes}]`, sizes)
  }
  return list.map((size) => positiveInteger(optionOf(name, 'inputSize'), size))
}

/** The input sizes and channels of `createModel`, by the inputs' names. */
const inputShapes = (
  { name, inputs, fixedChannels = false }: Architecture,
  { inputSize, inChannels }: CreateModelOptions,
): Readonly<Record<string, readonly number[]>> => {
  if (fixedChannels) absent(name, 'inChannels', inChannels, 'the network depends on its channels')
  if (inChannels !== undefined) positiveInteger(optionOf(name, 'inChannels'), inChannels)
  const rank = (Object.values(inputs)[0] as readonly number[]).length - 1
  const spatial = inputSize === undefined ? undefined : spatialSizes(name, inputSize, rank)
  const resized = (published: readonly number[]) => [
    ...(spatial ?? published.slice(0, rank)),
    inChannels ?? (published[rank] as number),
  ]
  return Object.fromEntries(
    Object.entries(inputs).map(([input, shape]) => [input, shape.length === rank + 1 ? resized(shape) : shape]),
  )
}

/**
 * Builds and traces a registered architecture, without weights; `modelInfo` says what goes in.
 *
 * Throws UnknownModelError, which suggests the nearest names, OptionError, and ShapeError when an input is too small.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnet18', { numClasses: 10, inputSize: 96 })
 * net.outputs.output // [10]
 * ```
 */
export function createModel<const N extends ModelName>(name: N, options?: CreateModelOptions): ModelOf<N>
export function createModel(name: string, options?: CreateModelOptions): Model
export function createModel(name: string, options: CreateModelOptions = {}): Model {
  const build = findBuilder(name)
  knownOptions('createModel', options, ['numClasses', 'inputSize', 'inChannels'])
  const { architecture } = build
  const { numClasses } = options
  if (architecture.numClasses === undefined) {
    absent(name, 'numClasses', numClasses, 'its output has no axis of classes')
  }
  const inputs = inputShapes(architecture, options)
  const net = model(inputs, build((numClasses === undefined ? {} : { numClasses }) as never) as () => AnySym)
  Object.defineProperty(net, architectureKey, { value: architecture })
  return net
}
