import { editDistance } from '../edit-distance.js'
import { invalidOption, show, UnknownModelError } from '../errors.js'
import type { AnySym } from '../layers/index.js'
import { knownOptions } from '../layers/options.js'
import { type Model, model, type NetOutputs } from '../model.js'
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
  readonly family?: string
  readonly task?: Task
}

/**
 * Facts about the registered architectures, by name: paper, counts, published inputs.
 *
 * ```ts
 * import { listModels } from 'im2col'
 *
 * listModels({ family: 'resnet' }).map(({ name }) => name) // ['resnet101', 'resnet152', 'resnet18', ...]
 * ```
 */
export const listModels = ({ family, task }: ModelFilter = {}): readonly Architecture[] =>
  loadBuilders()
    .map(({ architecture }) => architecture)
    .filter((known) => (family ?? known.family) === known.family && (task ?? known.task) === known.task)
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** What a model that `createModel` made is. */
const architectures = new WeakMap<Model, Architecture>()

/** @internal The architecture of a model that `createModel` made. */
export const architectureOf = (net: Model): Architecture | undefined => architectures.get(net)

const suggestions = 3

const canonical = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const nearestNames = (name: string): readonly string[] => {
  const wanted = canonical(name)
  return builderNames()
    .map((known) => ({ known, far: editDistance(wanted, canonical(known)) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, suggestions)
    .map(({ known }) => known)
}

const findBuilder = (name: string): ZooBuilder => {
  const build = loadBuilder(name)
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

/**
 * The function that builds an architecture as a part of another network, with the options of its family (its page says which). What it
 * gives takes values as a layer does, and its parameters have the architecture's names below the name that the layer has. Throws
 * UnknownModelError, which suggests the nearest names.
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

const resized = (
  published: readonly number[],
  { inputSize, inChannels }: Pick<CreateModelOptions, 'inputSize' | 'inChannels'>,
): readonly number[] => {
  const rank = published.length - 1
  const sizes = inputSize ?? published.slice(0, rank)
  const spatial = typeof sizes === 'number' ? Array<number>(rank).fill(sizes) : sizes
  if (!Array.isArray(spatial) || spatial.length !== rank) {
    const axes = ['depth', 'height', 'width'].slice(3 - rank).join(', ')
    throw invalidOption('inputSize of createModel', `one size or [${rank === 1 ? 'length' : axes}]`, inputSize)
  }
  return [...spatial, inChannels ?? published[rank]]
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
  const { numClasses, inChannels } = options
  if (numClasses !== undefined && architecture.numClasses === undefined) {
    throw invalidOption(
      `numClasses of '${name}'`,
      'to be absent, because its output has no axis of classes',
      numClasses,
    )
  }
  if (inChannels !== undefined && architecture.fixedChannels) {
    throw invalidOption(
      `inChannels of '${name}'`,
      'to be absent, because the network depends on its channels',
      inChannels,
    )
  }
  const rank = Object.values(architecture.inputs)[0]?.length
  const inputs = Object.fromEntries(
    Object.entries(architecture.inputs).map(([input, published]) => [
      input,
      published.length === rank ? resized(published, options) : published,
    ]),
  )
  const net = model(inputs, build({ numClasses } as never) as () => AnySym)
  architectures.set(net, architecture)
  return net
}
