import { checkSignal, throwIfAborted } from './abort.js'
import { invalidOption, OptionError, ShapeError, show, WeightsError } from './errors.js'
import type { Graph, ValueId } from './graph/graph.js'
import { type DecodeOptions, decodeImage, type ImageSource } from './image/decode.js'
import { fromPixels } from './image/from-pixels.js'
import { digitLabels } from './image/labels.js'
import type { Pixels, Preprocessing } from './image/pixels.js'
import { type PresetName, resolvePreset, withSize } from './image/presets.js'
import { knownOptions } from './layers/options.js'
import { isModel, type Model } from './model.js'
import { nodeFs } from './node-modules.js'
import { packageRoot } from './package-files.js'
import type { Session } from './session.js'
import type { Tensor } from './tensor.js'
import { architectureOf, createModel, modelInfo } from './zoo/registry.js'

export interface Classification {
  /** The class's label, or its index as text when there are no labels. */
  readonly label: string
  readonly index: number
  readonly probability: number
}

export interface ClassifyOptions extends DecodeOptions {
  /** How many classes to give, the likeliest first; 5 by default. */
  readonly top?: number | undefined
  /** One per output of the network; by default the digits for networks that the digits preset fits. */
  readonly labels?: readonly string[] | undefined
  /**
   * By default the registered architecture's own, `modelInfo(name).preprocessing`; for other networks and sessions `digits` for inputs
   * of one channel, else `imagenet`. Its size is adapted to the network's input.
   */
  readonly preset?: PresetName | Preprocessing | undefined
  readonly signal?: AbortSignal | undefined
}

/** A network with one input and one output, its session, or the name of one whose weights the package ships. */
export type Classifier = Model | Session | string

/**
 * Says what a picture, or each of several, shows: decoded, fitted to the network's input, run, and ranked.
 *
 * A model is compiled at its first use and kept; several pictures run in batches. Probabilities are the softmax of the
 * outputs unless the network ends in one.
 *
 * Throws `ImageError`, `OptionError`, `WeightsError`, `ShapeError`, `UnknownModelError` and `AbortError`.
 *
 * ```ts
 * import { classify, createModel, readLabels } from 'im2col'
 *
 * const net = createModel('squeezenet1_1')
 * await net.loadWeights('squeezenet1_1.safetensors')
 * const [best] = await classify('cat.jpg', net, { labels: await readLabels('imagenet.txt') })
 * ```
 */
export async function classify(
  image: ImageSource,
  classifier: Classifier,
  options?: ClassifyOptions,
): Promise<readonly Classification[]>
export async function classify(
  images: readonly ImageSource[],
  classifier: Classifier,
  options?: ClassifyOptions,
): Promise<readonly (readonly Classification[])[]>
export async function classify(
  images: ImageSource | readonly ImageSource[],
  classifier: Classifier,
  options: ClassifyOptions = {},
): Promise<readonly Classification[] | readonly (readonly Classification[])[]> {
  knownOptions('classify', options, OPTIONS)
  const { top = 5, signal, maxPixels, background } = options
  checkSignal('classify', signal)
  checkClassifier(classifier)
  if (!Number.isInteger(top) || top < 1) throw invalidOption('top', 'a positive integer', top)
  const sources = Array.isArray(images) ? (images as readonly ImageSource[]) : [images as ImageSource]
  const preset = options.preset === undefined ? undefined : resolvePreset(options.preset)
  const answers: (readonly Classification[])[] = []
  for (let first = 0; first < sources.length; first += BATCH) {
    throwIfAborted(signal, ABORTED)
    const batch = sources.slice(first, first + BATCH)
    const pictures = await Promise.all(batch.map((source) => decodeImage(source, { maxPixels, background })))
    throwIfAborted(signal, ABORTED)
    answers.push(...(await classifyPictures(pictures, classifier, preset, top, options)))
  }
  return Array.isArray(images) ? answers : (answers[0] as readonly Classification[])
}

const OPTIONS = Object.keys({
  top: true,
  labels: true,
  preset: true,
  signal: true,
  maxPixels: true,
  background: true,
} satisfies Record<keyof ClassifyOptions, true>)

const ABORTED = 'The classification was aborted'

function checkClassifier(classifier: unknown): void {
  const { run, inputs } = (classifier ?? {}) as { readonly run?: unknown; readonly inputs?: unknown }
  const isSession = typeof run === 'function' && typeof inputs === 'object'
  if (typeof classifier === 'string' || isModel(classifier) || isSession) return
  throw invalidOption('the classifier', 'a model, a session, or the name of a model', classifier)
}

/** Pictures that are decoded and run together: it bounds memory, and the engine keeps a plan for each size of batch. */
const BATCH = 8

async function classifyPictures(
  pictures: readonly Pixels[],
  classifier: Classifier,
  preset: Preprocessing | undefined,
  top: number,
  options: ClassifyOptions,
): Promise<readonly (readonly Classification[])[]> {
  const { session, endsInSoftmax } = await sessionOf(classifier)
  const network = describeNetwork(session)
  const preprocessing = preprocessingFor(network, preset ?? preprocessingOf(classifier, network))
  const labels = labelsFor(network, preprocessing, options.labels)
  const input = await fromPixels(pictures, preprocessing)
  const { signal } = options
  const outputs = await session.run({ [network.input]: input }, signal === undefined ? {} : { signal })
  const { data } = outputs[network.output] as Tensor
  return pictures.map((_, i) => {
    const scores = data.subarray(i * network.classes, (i + 1) * network.classes)
    const probabilities = (endsInSoftmax ?? isDistribution(scores)) ? scores : softmax(scores)
    return rank(probabilities, top, labels)
  })
}

function labelsFor(
  { classes }: NetworkShape,
  { prepare }: Preprocessing,
  labels: readonly string[] | undefined,
): readonly string[] | undefined {
  if (labels !== undefined && !Array.isArray(labels)) throw invalidOption('labels', 'a list of texts', labels)
  if (labels === undefined) return prepare === 'digit' && classes === digitLabels.length ? digitLabels : undefined
  if (labels.length === classes) return labels
  throw new OptionError(`Expected ${classes} labels, one per output, but received ${labels.length}`, {
    expected: classes,
    actual: labels.length,
  })
}

interface ReadyNetwork {
  readonly session: Session
  /** Unknown for a session, which does not show its graph. */
  readonly endsInSoftmax?: boolean
}

interface CompiledModel {
  readonly weights: unknown
  readonly session: Promise<Session>
}

const compiled = new WeakMap<Model, CompiledModel>()
const shipped = new Map<string, Promise<Model>>()

async function sessionOf(classifier: Classifier): Promise<ReadyNetwork> {
  if (typeof classifier === 'string') return sessionOf(await shippedModel(classifier))
  if (!isModel(classifier)) return { session: classifier }
  let entry = compiled.get(classifier)
  if (entry === undefined || entry.weights !== classifier.weights) {
    entry = { weights: classifier.weights, session: classifier.compile() }
    compiled.set(classifier, entry)
    entry.session.catch(() => compiled.delete(classifier))
  }
  return { session: await entry.session, endsInSoftmax: endsInSoftmax(classifier.graph) }
}

/** The path of the weights that the package ships for an architecture, if it does. */
export function shippedWeights(name: string): string | undefined {
  const path = `${packageRoot()}weights/${encodeURIComponent(name)}.safetensors`
  return nodeFs().existsSync(path) ? path : undefined
}

function shippedModel(name: string): Promise<Model> {
  let loading = shipped.get(name)
  if (loading === undefined) {
    loading = loadShipped(name)
    shipped.set(name, loading)
    loading.catch(() => shipped.delete(name))
  }
  return loading
}

async function loadShipped(name: string): Promise<Model> {
  const model = createModel(name)
  const path = shippedWeights(name)
  if (path === undefined) {
    throw new WeightsError(`The package has no weights for ${show(name)}`, {
      hint: `Load your own: (await createModel(${show(name)}).loadWeights(path))`,
    })
  }
  return model.loadWeights(path)
}

/** Whether the output is a softmax, seen through what does not change values. */
function endsInSoftmax(graph: Graph): boolean {
  const producers = new Map(graph.nodes.map((node) => [node.output, node]))
  let value: ValueId | undefined = graph.outputs[0]?.value
  while (value !== undefined) {
    const node = producers.get(value)
    if (node?.op !== 'flatten' && node?.op !== 'identity') return node?.op === 'softmax'
    value = node.inputs[0]
  }
  return false
}

interface NetworkShape {
  readonly input: string
  readonly output: string
  readonly layout: 'nhwc' | 'nchw'
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly classes: number
}

function describeNetwork({ inputs, outputs, layout }: Session): NetworkShape {
  const [[input, shape] = ['', []], ...otherInputs] = Object.entries(inputs)
  const [[output, outputShape] = ['', []], ...otherOutputs] = Object.entries(outputs)
  if (otherInputs.length > 0 || otherOutputs.length > 0 || shape.length !== 3) {
    throw new ShapeError('A classifier has one picture as input and one vector as output', {
      expected: '[H, W, C] -> [classes]',
      actual: { inputs, outputs },
    })
  }
  const [height, width, channels] = (layout === 'nhwc' ? shape : [shape[1], shape[2], shape[0]]) as [
    number,
    number,
    number,
  ]
  const classes = outputShape.reduce((product, size) => product * size, 1)
  return { input, output, layout, height, width, channels, classes }
}

function preprocessingOf(classifier: Classifier, { channels }: NetworkShape): Preprocessing {
  const known = typeof classifier === 'string' ? modelInfo(classifier) : undefined
  const architecture = known ?? (isModel(classifier) ? architectureOf(classifier) : undefined)
  return architecture?.preprocessing ?? resolvePreset(channels === 1 ? 'digits' : 'imagenet')
}

const preprocessingFor = ({ height, width, layout }: NetworkShape, options: Preprocessing): Preprocessing => ({
  ...withSize(options, [height, width]),
  layout,
})

/** Whether the scores are probabilities already. */
function isDistribution(scores: Float32Array): boolean {
  let sum = 0
  for (const score of scores) {
    if (!(score >= 0)) return false
    sum += score
  }
  return Math.abs(sum - 1) < 1e-3
}

function softmax(scores: Float32Array): Float32Array {
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const exponentials = scores.map((score) => Math.exp(score - largest))
  const sum = exponentials.reduce((a, b) => a + b, 0)
  return exponentials.map((value) => value / sum)
}

function rank(probabilities: Float32Array, top: number, labels: readonly string[] | undefined): Classification[] {
  return Array.from(probabilities, (probability, index) => ({
    label: labels?.[index] ?? String(index),
    index,
    probability,
  }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)
}
