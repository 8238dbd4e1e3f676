/** How each operator becomes native steps. */

import type { Activation } from './activation.js'
import type { AnyNode, ConvAttributes, FoldedNorm, Node, Op, Parameter, PoolAttributes, ValueId } from './graph.js'
import { isFlattenView, toTriple } from './layout.js'
import type { ParameterSpec, StepSpec } from './plan-spec.js'

/** What a lowering may ask about the plan that it writes for. */
export interface LoweringContext {
  /** The data of a parameter, in PyTorch's order. */
  readonly data: (parameter: Parameter) => Float32Array
  readonly convAlgorithm: (node: Node<'conv'>) => ConvAlgorithm
  readonly shape: (value: ValueId) => readonly number[]
}

/** How the engine computes a convolution; it chooses itself when it is told `auto`. */
export type ConvAlgorithm = 'auto' | 'direct' | 'im2col' | 'depthwise' | 'winograd2' | 'winograd4'

/** What a lowering says of a step; its views and name follow from the node. */
export type Step = Pick<StepSpec, 'op'> & Partial<Pick<StepSpec, 'attributes' | 'parameters'>>

/** Null: no step is needed, because the output is a view of the inputs (see layout.ts). */
type Lowering<K extends Op> = (node: Node<K>, context: LoweringContext) => Step | null

const LOWERINGS: { readonly [K in Op]: Lowering<K> } = {
  conv: (node, context) => ({
    op: 'conv',
    attributes: {
      ...windowAttributes(node.attributes),
      groups: node.attributes.groups,
      flip: node.attributes.flip ? 1 : 0,
      algorithm: context.convAlgorithm(node),
      ...epilogue(node.attributes.activation),
    },
    parameters: weights(node, context, convWeightKey(node.attributes)),
  }),
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
  adaptiveAvgPool: () => ({ op: 'adaptiveAvgPool' }),
  adaptiveMaxPool: () => ({ op: 'adaptiveMaxPool' }),
  batchNorm: (node, { data }) => {
    const { runningMean, runningVar, weight, bias } = node.parameters
    const norm: FoldedNorm = {
      eps: node.attributes.eps,
      parameters: {
        runningMean: required(node, 'runningMean', runningMean),
        runningVar: required(node, 'runningVar', runningVar),
        ...(weight && { weight }),
        ...(bias && { bias }),
      },
    }
    const key = normKey(norm)
    const { scale, shift } = scaleAndShift(norm, data)
    return {
      op: 'affine',
      attributes: epilogue(node.attributes.activation),
      parameters: {
        scale: { key: `${key} scale`, data: Float32Array.from(scale) },
        shift: { key: `${key} shift`, data: Float32Array.from(shift) },
      },
    }
  },
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
  layerScale: (node, { data }) => ({
    op: 'affine',
    attributes: epilogue(node.attributes.activation),
    parameters: { scale: plain(required(node, 'scale', node.parameters.scale), data) },
  }),
  prelu: (node, { data, shape }) => {
    const weight = required(node, 'weight', node.parameters.weight)
    const channels = shape(node.output).at(-1) ?? 1
    const [shared = 0, ...others] = data(weight)
    const slope = others.length === 0 ? new Float32Array(channels).fill(shared) : data(weight)
    return { op: 'prelu', parameters: { slope: { key: `slope ${weight.path} ${channels}`, data: slope } } }
  },
  softmax: () => ({ op: 'softmax' }),
  logSoftmax: () => ({ op: 'logSoftmax' }),
  add: ({ attributes }) => ({ op: 'add', attributes: epilogue(attributes.activation) }),
  multiply: ({ attributes }) => ({ op: 'multiply', attributes: epilogue(attributes.activation) }),
  concat: () => null,
  slice: () => null,
  channelShuffle: ({ attributes }) => ({ op: 'channelShuffle', attributes: { ...attributes } }),
  flatten: (node, { shape }) => (isFlattenView(shape(node.inputs[0] ?? -1)) ? null : { op: 'flatten' }),
  identity: () => null,
}

/** The native step of a node, or null when its output is a view of its inputs. */
export function lowerNode(node: AnyNode, context: LoweringContext): Step | null {
  return (LOWERINGS[node.op] as Lowering<Op>)(node, context)
}

const POINTWISE = { kernel: [1, 1, 1], stride: [1, 1, 1], dilation: [1, 1, 1], padStart: [0, 0, 0] }

function windowAttributes(window: ConvAttributes | PoolAttributes) {
  return {
    kernel: toTriple(window.kernel, 1),
    stride: toTriple(window.stride, 1),
    dilation: toTriple(window.dilation, 1),
    padStart: toTriple(window.padStart, 0),
  }
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

/** Weight, bias and scale of a conv or dense: y = conv(x) * scale + bias, what is folded merged into scale and bias. */
function weights(
  node: Node<'conv'> | Node<'dense'>,
  { data }: LoweringContext,
  use: string,
): Record<string, ParameterSpec> {
  const { weight, bias } = node.parameters
  const kernel = required(node, 'weight', weight)
  const folded = foldedAffine(node, data)
  const key = [use, kernel.path, bias?.path ?? 'no bias', folded?.key ?? 'no norm'].join(' | ')
  const result: Record<string, ParameterSpec> = { weight: { key, data: data(kernel) } }
  if (folded) {
    const { scale, shift } = folded
    const own = bias && data(bias)
    const merged = Float32Array.from(shift, (value, i) => value + (own?.[i] ?? 0) * (scale[i] ?? 0))
    result.scale = { key: `${key} | scale`, data: Float32Array.from(scale) }
    result.bias = { key: `${key} | bias`, data: merged }
  } else if (bias) {
    result.bias = plain(bias, data)
  }
  return result
}

/** What is folded behind a conv or dense, as y = conv(x) * scale + shift. */
function foldedAffine({ foldedNorm, foldedScale }: Node, data: LoweringContext['data']) {
  if (foldedNorm) return { key: normKey(foldedNorm), ...scaleAndShift(foldedNorm, data) }
  if (!foldedScale) return undefined
  const scale = Float64Array.from(data(foldedScale))
  return { key: `scale ${foldedScale.path}`, scale, shift: new Float64Array(scale.length) }
}

/** A parameter as it is. */
function plain(parameter: Parameter, data: LoweringContext['data']): ParameterSpec {
  return { key: parameter.path, data: data(parameter) }
}

function normKey({ eps, parameters }: FoldedNorm): string {
  const { weight, bias, runningMean, runningVar } = parameters
  return ['norm', eps, weight?.path, bias?.path, runningMean.path, runningVar.path].join(' ')
}

/** y = x * scale + shift, computed in float64. */
function scaleAndShift(
  { eps, parameters }: FoldedNorm,
  data: LoweringContext['data'],
): { readonly scale: Float64Array; readonly shift: Float64Array } {
  const mean = data(parameters.runningMean)
  const variance = data(parameters.runningVar)
  const weight = parameters.weight && data(parameters.weight)
  const bias = parameters.bias && data(parameters.bias)
  const scale = Float64Array.from(variance, (value, i) => (weight?.[i] ?? 1) / Math.sqrt(value + eps))
  const shift = Float64Array.from(mean, (value, i) => (bias?.[i] ?? 0) - value * (scale[i] ?? 0))
  return { scale, shift }
}

function required(node: AnyNode, role: string, parameter: Parameter | undefined): Parameter {
  if (!parameter) throw new TypeError(`Expected the ${node.op} node '${node.path}' to have a parameter '${role}'`)
  return parameter
}
