/** How each operator becomes native steps. */

import type { Activation } from './activation.js'
import { type FoldedAffine, foldedNormOf, normKey, scaleAndShift } from './folded-norm.js'
import type {
  AnyNode,
  ConvAttributes,
  ConvBranch,
  ConvStage,
  FoldedNorm,
  Node,
  Op,
  OpAttributes,
  Parameter,
  PoolAttributes,
  ResampleTable,
  Reweighting,
  ValueId,
  WindowAttributes,
} from './graph.js'
import { type ConvNode, isFlattenView, toExtents, toTriple } from './layout.js'
import { branchKey, mergedKernel } from './merged-kernel.js'
import type { Attribute, FileRange, ParameterSpec, StepSpec } from './plan-spec.js'
import { type WeightForms, weightForms } from './reweight.js'

/** What a lowering may ask about the plan that it writes for. */
export interface LoweringContext {
  /** The data of a parameter, in PyTorch's order. */
  readonly data: (parameter: Parameter) => Float32Array
  /** The same for the engine alone: where the data lies in a file, if it does. */
  readonly stored: (parameter: Parameter) => Float32Array | FileRange
  readonly convAlgorithm: (node: ConvNode) => ConvAlgorithm
  readonly shape: (value: ValueId) => readonly number[]
}

/**
 * How the engine computes a convolution. It chooses itself when it is told `auto`, or `fast`, which allows for larger errors, or an
 * algorithm that cannot compute it; and where two are computed together: everywhere with `fused`, nowhere with `separate`.
 */
export type ConvAlgorithm =
  | 'auto'
  | 'fast'
  | 'fused'
  | 'separate'
  | 'direct'
  | 'im2col'
  | 'depthwise'
  | 'planes'
  | 'nested'
  | 'grouped'
  | 'dot'
  | 'winograd2'
  | 'winograd3'
  | 'winograd4'
  | 'winograd6'

/** What a lowering says of a step; its views and name follow from the node. */
export type Step = Pick<StepSpec, 'op'> & Partial<Pick<StepSpec, 'attributes' | 'parameters'>>

/** Null: no step is needed, because the output is a view of the inputs (see layout.ts). */
type Lowering<K extends Op> = (node: Node<K>, context: LoweringContext) => Step | null

const LOWERINGS: { readonly [K in Op]: Lowering<K> } = {
  conv: (node, context) => ({
    op: 'conv',
    attributes: { ...convAttributes(node.attributes), algorithm: context.convAlgorithm(node) },
    parameters: weights(node, context, convWeightKey(node.attributes), node.attributes.reweighting),
  }),
  convTranspose: (node, context) => {
    const conv = { ...node.attributes, flip: false }
    return {
      op: 'convTranspose',
      attributes: { ...convAttributes(conv), algorithm: context.convAlgorithm(node) },
      parameters: weights(node, context, `transposed ${convWeightKey(conv)}`),
    }
  },
  deformConv: (node, context) => {
    const conv = { ...node.attributes, flip: false }
    const attributes = { ...convAttributes(conv), offsetGroups: conv.offsetGroups }
    return { op: 'deformConv', attributes, parameters: weights(node, context, convWeightKey(conv)) }
  },
  locallyConnected: (node, context) => ({
    op: 'locallyConnected',
    attributes: windowAttributes(node.attributes),
    parameters: weights(node, context, 'locally connected'),
  }),
  involution: ({ attributes }) => ({
    op: 'involution',
    attributes: { ...windowAttributes(attributes), groups: attributes.groups },
  }),
  correlation: ({ attributes }) => ({ op: 'correlation', attributes: { ...attributes } }),
  dense: (node, context) => ({
    op: 'conv',
    attributes: {
      ...POINTWISE,
      groups: 1,
      flip: 0,
      algorithm: 'auto',
      ...epilogue(node.attributes.activation),
    },
    parameters: weights(node, context, 'dense'),
  }),
  maxPool: ({ attributes }) => ({ op: 'maxPool', attributes: poolAttributes(attributes) }),
  avgPool: ({ attributes }) => ({
    op: 'avgPool',
    attributes: { ...poolAttributes(attributes), countIncludePad: attributes.countIncludePad ? 1 : 0 },
  }),
  lpPool: ({ attributes }) => ({ op: 'lpPool', attributes: { ...poolAttributes(attributes), p: attributes.p } }),
  mixedPool: (node, { data }) => {
    const [share = 0] = data(required(node, 'weight', node.parameters.weight))
    return { op: 'mixedPool', attributes: { ...poolAttributes(node.attributes), share } }
  },
  stochasticPool: ({ attributes }) => ({ op: 'stochasticPool', attributes: poolAttributes(attributes) }),
  maxPoolIndices: ({ attributes }) => ({ op: 'maxPoolIndices', attributes: poolAttributes(attributes) }),
  maxUnpool: () => ({ op: 'maxUnpool' }),
  blurPool: ({ attributes }) => ({ op: 'blurPool', attributes: { ...attributes } }),
  roiPool: ({ attributes }) => ({ op: 'roiPool', attributes: { ...attributes } }),
  roiAlign: ({ attributes }) => ({
    op: 'roiAlign',
    attributes: { ...attributes, aligned: attributes.aligned ? 1 : 0 },
  }),
  adaptiveAvgPool: () => ({ op: 'adaptiveAvgPool' }),
  adaptiveMaxPool: () => ({ op: 'adaptiveMaxPool' }),
  batchNorm: (node, { data }) => ({
    op: 'affine',
    attributes: epilogue(node.attributes.activation),
    parameters: normParameters(statisticsOf(node), data),
  }),
  localResponseNorm: ({ attributes }) => ({ op: 'localResponseNorm', attributes: { ...attributes } }),
  activation: ({ attributes }) => ({ op: 'activation', attributes: epilogue(attributes.activation) }),
  layerNorm: (node, { data }) => ({
    op: 'layerNorm',
    attributes: { ...node.attributes },
    parameters: {
      weight: plain(required(node, 'weight', node.parameters.weight), data),
      bias: plain(required(node, 'bias', node.parameters.bias), data),
    },
  }),
  layerScale: (node, { data, shape }) => ({
    op: 'affine',
    attributes: epilogue(node.attributes.activation),
    parameters: {
      scale: perChannel(required(node, 'scale', node.parameters.scale), data, channelsOf(shape(node.output))),
      ...(node.parameters.bias && { shift: plain(node.parameters.bias, data) }),
    },
  }),
  prelu: (node, { data, shape }) => {
    const weight = required(node, 'weight', node.parameters.weight)
    return { op: 'prelu', parameters: { slope: perChannel(weight, data, channelsOf(shape(node.output))) } }
  },
  softmax: () => ({ op: 'softmax' }),
  logSoftmax: () => ({ op: 'logSoftmax' }),
  add: ({ attributes }) => ({ op: 'add', attributes: epilogue(attributes.activation) }),
  binary: ({ attributes: { operator, activation } }) => ({
    op: 'binary',
    attributes: { operator, ...epilogue(activation) },
  }),
  matmul: ({ attributes: { transposed, activation } }) => ({
    op: 'matmul',
    attributes: { transposed: transposed ? 1 : 0, ...epilogue(activation) },
  }),
  lstm: (node, { data }) => recurrent(node, data),
  gru: (node, { data }) => recurrent(node, data),
  reduce: ({ attributes: { operator } }) => ({ op: 'reduce', attributes: { operator } }),
  groupNorm: ({ attributes: { groups, eps, activation }, parameters: { weight, bias } }, { data }) => ({
    op: 'groupNorm',
    attributes: { groups, eps, ...epilogue(activation) },
    parameters: { ...(weight && { weight: plain(weight, data) }), ...(bias && { bias: plain(bias, data) }) },
  }),
  concat: () => null,
  slice: () => null,
  channelShuffle: ({ attributes }) => ({ op: 'channelShuffle', attributes: { ...attributes } }),
  flatten: (node, { shape }) => (isFlattenView(shape(node.inputs[0] ?? -1)) ? null : { op: 'flatten' }),
  scaledConv: (node, context) => ({
    op: 'scaledConv',
    attributes: convAttributes(node.attributes),
    parameters: weights(node, context, convWeightKey(node.attributes), node.attributes.reweighting),
  }),
  normConv: (node, context) => ({
    op: 'normConv',
    attributes: {
      ...convAttributes(node.attributes),
      ...prefixed('norm', epilogue(node.attributes.norm.activation)),
    },
    parameters: {
      ...weights(node, context, convWeightKey(node.attributes), node.attributes.reweighting),
      ...prefixed('norm', normParameters(node.attributes.norm, context.data)),
    },
  }),
  expandDepthwise: ({ attributes: { expand, depthwise } }, context) => ({
    op: 'expandDepthwise',
    ...stages({ expand, depthwise }, context),
  }),
  invertedResidual: ({ attributes: { expand, depthwise, project } }, context) => {
    const { attributes, parameters } = stages({ expand, depthwise, project }, context)
    return {
      op: 'invertedResidual',
      attributes: { ...attributes, channels: toExtents(depthwise.shape)[3] },
      parameters,
    }
  },
  rearrange: ({ attributes: { loops } }) => ({
    op: 'rearrange',
    attributes: {
      sizes: loops.map(({ size }) => size),
      inputAxes: loops.map(({ from }) => from.axis),
      inputSteps: loops.map(({ from }) => from.step),
      outputAxes: loops.map(({ to }) => to.axis),
      outputSteps: loops.map(({ to }) => to.step),
    },
  }),
  gather: ({ attributes: { indices, value } }) => ({ op: 'gather', attributes: { value, ...indexLists(indices) } }),
  resample: ({ attributes: { tables } }) => ({ op: 'resample', attributes: resampleAttributes(tables) }),
  gridSample: ({ attributes }) => ({
    op: 'gridSample',
    attributes: { ...attributes, alignCorners: attributes.alignCorners ? 1 : 0 },
  }),
  parameter: (node, { data }) => ({
    op: 'constant',
    parameters: { data: plain(required(node, 'weight', node.parameters.weight), data) },
  }),
  identity: () => null,
}

/** The native step of a node, or null when its output is a view of its inputs. */
export function lowerNode(node: AnyNode, context: LoweringContext): Step | null {
  return (LOWERINGS[node.op] as Lowering<Op>)(node, context)
}

const AXES = ['D', 'H', 'W', 'C'] as const

/** The tables of the axes that have one, by the names of d, h, w, c. */
function indexLists(indices: readonly (Int32Array | null)[]): Record<string, Attribute> {
  const lists = AXES.slice(-indices.length).flatMap((axis, i) => {
    const list = indices[i]
    return list ? [[`indices${axis}`, list] as const] : []
  })
  return Object.fromEntries(lists)
}

/** Tables of the spatial axes; an axis that the value lacks has no taps. */
function resampleAttributes(tables: readonly ResampleTable[]): Record<string, Attribute> {
  const missing = AXES.slice(0, 3 - tables.length).map((axis) => [`taps${axis}`, 0] as const)
  const given = AXES.slice(3 - tables.length, 3).flatMap((axis, i) => {
    const { taps, indices, weights } = tables[i] as ResampleTable
    return [[`taps${axis}`, taps] as const, [`indices${axis}`, indices] as const, [`weights${axis}`, weights] as const]
  })
  return Object.fromEntries([...missing, ...given])
}

const POINTWISE = { kernel: [1, 1, 1], stride: [1, 1, 1], dilation: [1, 1, 1], padStart: [0, 0, 0] }

function windowAttributes(window: WindowAttributes) {
  return {
    kernel: toTriple(window.kernel, 1),
    stride: toTriple(window.stride, 1),
    dilation: toTriple(window.dilation, 1),
    padStart: toTriple(window.padStart, 0),
  }
}

function convAttributes(conv: OpAttributes['conv']) {
  const { groups, flip, activation } = conv
  return { ...windowAttributes(conv), groups, flip: flip ? 1 : 0, ...epilogue(activation) }
}

/** The convolutions of a step that computes several, by their prefixes; the first one is `expand`. */
function stages(
  convolutions: Readonly<Record<'expand', ConvStage> & Record<string, ConvStage>>,
  context: LoweringContext,
) {
  const attributes: Record<string, Attribute> = { size: toTriple(convolutions.expand.shape.slice(0, -1), 1) }
  const parameters: Record<string, ParameterSpec> = {}
  for (const [prefix, stage] of Object.entries(convolutions)) {
    const { reweighting } = stage.attributes
    Object.assign(attributes, prefixed(prefix, convAttributes(stage.attributes)))
    Object.assign(parameters, prefixed(prefix, weights(stage, context, convWeightKey(stage.attributes), reweighting)))
  }
  return { attributes, parameters }
}

/** The same record with the keys of one of a step's convolutions: `kernel` of `expand` is `expand.kernel`. */
function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [`${prefix}.${key}`, value]))
}

function poolAttributes(pool: PoolAttributes) {
  return { ...windowAttributes(pool), padEnd: toTriple(pool.padEnd, 0) }
}

function epilogue(activation: Activation | undefined) {
  if (!activation) return { activation: 'none' }
  switch (activation.kind) {
    case 'clamp':
      return { activation: 'clamp', alpha: activation.min, beta: activation.max }
    case 'leakyRelu':
      return { activation: 'leakyRelu', alpha: activation.negativeSlope }
    case 'elu':
    case 'celu':
      return { activation: activation.kind, alpha: activation.alpha }
    case 'linear':
      return { activation: 'linear', alpha: activation.scale, beta: activation.shift }
    case 'softplus':
      return { activation: 'softplus', alpha: activation.beta }
    default:
      return { activation: activation.kind }
  }
}

/** What tells apart packings of one weight that is read as several kernels. */
function convWeightKey({ kernel, groups, flip }: ConvAttributes): string {
  return `conv ${kernel.join('x')} groups ${groups}${flip ? ' flipped' : ''}`
}

/** What is multiplied with a weight. */
type WeightedNode = Pick<Node, 'path' | 'parameters' | 'foldedNorm' | 'foldedScale' | 'branches'>

/** Weight, bias and scale of a conv or dense: y = conv(x) * scale + bias, what is folded merged into scale and bias. */
function weights(
  node: WeightedNode,
  { data, stored }: LoweringContext,
  use: string,
  reweighting?: Reweighting,
): Record<string, ParameterSpec> {
  if (node.branches) return branchWeights(node, node.branches, data, use)
  const { weight, bias, gain } = node.parameters
  const kernel = required(node, 'weight', weight)
  const folded = foldedAffine(node, data)
  const form = reweighting ? `${Object.values(reweighting).join(' ')} ${gain?.path}` : 'as it is'
  const key = [use, kernel.path, bias?.path ?? 'no bias', folded?.key ?? 'no norm', form].join(' | ')
  const forms = reweighting && weightForms(reweighting, data(kernel), kernel.shape, gain && data(gain))
  return {
    weight: { key, data: stored(kernel) },
    ...(folded ? scaleAndBias(key, folded, bias && data(bias)) : bias && { bias: plain(bias, data) }),
    ...(forms && centerAndScale(key, forms, folded)),
  }
}

/** What becomes of the stored weights, with what is folded behind them. */
function centerAndScale(key: string, { centers, scales }: WeightForms, folded: FoldedAffine | undefined) {
  const scale = Float32Array.from(scales, (value, i) => value * (folded?.scale[i] ?? 1))
  const pairs =
    centers && Float32Array.from({ length: 2 * centers.length }, (_, i) => part(centers[i >> 1] as number, i % 2))
  return {
    scale: { key: `${key} | scale`, data: scale },
    ...(pairs && { center: { key: `${key} | center`, data: pairs } }),
  }
}

/** A number as the sum of two float32. */
const part = (value: number, which: number): number => (which === 0 ? Math.fround(value) : value - Math.fround(value))

/** Weight, bias and scale of a sum of convolutions. */
function branchWeights(
  node: WeightedNode,
  branches: readonly ConvBranch[],
  data: LoweringContext['data'],
  use: string,
): Record<string, ParameterSpec> {
  const { weight, bias } = mergedKernel(branches, required(node, 'weight', node.parameters.weight), data)
  const folded = foldedAffine(node, data)
  const key = [use, ...branches.map(branchKey), folded?.key ?? 'no norm'].join(' | ')
  const scaled = folded ? scaleAndBias(key, folded, bias) : { bias: { key: `${key} | bias`, data: bias } }
  return { weight: { key, data: weight }, ...scaled }
}

/** What is folded behind a convolution, with its own bias. */
function scaleAndBias(key: string, { scale, shift }: FoldedAffine, own: Float32Array | undefined) {
  const merged = new Float32Array(shift.length)
  for (let i = 0; i < shift.length; i++) merged[i] = (shift[i] as number) + (own?.[i] ?? 0) * (scale[i] as number)
  return {
    scale: { key: `${key} | scale`, data: new Float32Array(scale) },
    bias: { key: `${key} | bias`, data: merged },
  }
}

function statisticsOf(node: Node<'batchNorm'>): FoldedNorm {
  const norm = foldedNormOf(node)
  if (!norm) throw new TypeError(`Expected the node '${node.path}' to have parameters 'runningMean' and 'runningVar'`)
  return norm
}

/** A batch norm as an affine step's parameters. */
function normParameters(norm: FoldedNorm, data: LoweringContext['data']): Record<string, ParameterSpec> {
  const key = normKey(norm)
  const { scale, shift } = scaleAndShift(norm, data)
  return {
    scale: { key: `${key} scale`, data: Float32Array.from(scale) },
    shift: { key: `${key} shift`, data: Float32Array.from(shift) },
  }
}

/** What is folded behind a conv or dense, as y = conv(x) * scale + shift. */
function foldedAffine({ foldedNorm, foldedScale }: WeightedNode, data: LoweringContext['data']) {
  if (foldedNorm) return { key: normKey(foldedNorm), ...scaleAndShift(foldedNorm, data) }
  if (!foldedScale) return undefined
  const scale = Float64Array.from(data(foldedScale))
  return { key: `scale ${foldedScale.path}`, scale, shift: new Float64Array(scale.length) }
}

function recurrent(node: Node<'lstm'> | Node<'gru'>, data: LoweringContext['data']): Step {
  const { weight, bias } = node.parameters
  return {
    op: node.op,
    attributes: { reverse: node.attributes.reverse ? 1 : 0 },
    parameters: { weight: plain(required(node, 'weight', weight), data), ...(bias && { bias: plain(bias, data) }) },
  }
}

/** A parameter as it is. */
function plain(parameter: Parameter, data: LoweringContext['data']): ParameterSpec {
  return { key: parameter.path, data: data(parameter) }
}

const channelsOf = (shape: readonly number[]): number => shape.at(-1) ?? 1

/** A number for each channel; one for all is repeated. */
function perChannel(parameter: Parameter, data: LoweringContext['data'], channels: number): ParameterSpec {
  const values = data(parameter)
  if (values.length === channels) return plain(parameter, data)
  return { key: `${parameter.path} of ${channels}`, data: new Float32Array(channels).fill(values[0] as number) }
}

function required(node: Pick<Node, 'path'>, role: string, parameter: Parameter | undefined): Parameter {
  if (!parameter) throw new TypeError(`Expected the node '${node.path}' to have a parameter '${role}'`)
  return parameter
}
