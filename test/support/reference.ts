/** Runs a graph node by node with the naive operators: the meaning of a Graph, fused nodes included. */

import type {
  AnyNode,
  ConvBranch,
  ConvStage,
  FoldedNorm,
  Graph,
  Node,
  Parameter,
  ValueId,
} from '../../lib/graph/graph.js'
import { activate } from './reference-activations.js'
import * as adaptive from './reference-adaptive-conv.js'
import * as arithmetic from './reference-arithmetic.js'
import * as perChannel from './reference-channels.js'
import { convTranspose } from './reference-conv.js'
import * as moves from './reference-moves.js'
import type { Extents, RefTensor, Triple } from './reference-ops.js'
import * as ops from './reference-ops.js'
import * as pools from './reference-pool.js'
import { roiAlign, roiPool } from './reference-roi.js'
import * as sequences from './reference-sequences.js'
import { gamma } from './tolerance.js'
import { nestedError, winogradError, winogradForms } from './winograd-bound.js'

export type ParameterMap = ReadonlyMap<string, { readonly data: Float32Array; readonly shape: readonly number[] }>

export interface ReferenceOptions {
  /** Bounds that hold for Winograd's algorithm, too, on the convolutions that it can compute: with tiles of up to so many outputs (0). */
  readonly winogradOutputs?: number
}

/** Inputs by name, channels-last: batch times the input's own size. Gives the outputs by name. */
export function evaluateGraph(
  graph: Graph,
  parameters: ParameterMap,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  batch = 1,
  { winogradOutputs = 0 }: ReferenceOptions = {},
): Record<string, RefTensor> {
  const values: (RefTensor | undefined)[] = graph.values.map(() => undefined)
  const extentsOf = (value: ValueId) => toExtents(graph.values[value]?.shape ?? [])
  for (const { name, value } of graph.inputs) {
    values[value] = ops.makeTensor(batch, extentsOf(value), inputs[name] ?? [])
  }
  for (const [value, data] of graph.constants) {
    values[value] = repeated(batch, extentsOf(value), data)
  }
  for (const node of graph.nodes) {
    const operands = node.inputs.map((value) => found(values[value], `value ${value}`))
    if (node.op === 'parameter') {
      const { path } = found(node.parameters.weight, 'a weight')
      values[node.output] = repeated(batch, extentsOf(node.output), found(parameters.get(path), path).data)
      continue
    }
    const y = evaluateNode(node, operands, extentsOf(node.output), parameters, winogradOutputs)
    values[node.output] = widen(y, node, graph, values, parameters)
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, found(values[value], name)]))
}

/** The same values for every image of a batch. */
function repeated(batch: number, extents: Extents, data: Float32Array): RefTensor {
  return ops.makeTensor(batch, extents, Array.from({ length: batch }, () => [...data]).flat())
}

/** The bound of what the engine computes together with its neighbours. */
function widen(
  y: RefTensor,
  node: AnyNode,
  graph: Graph,
  values: readonly (RefTensor | undefined)[],
  parameters: ParameterMap,
): RefTensor {
  if (node.op === 'batchNorm') return widenForFolding(y, node, graph, parameters)
  return node.op === 'add' ? widenForMerging(y, node, graph, values, parameters) : y
}

/** Convolutions of a sum are merged into one, and then every addend takes part in each of its additions. */
function widenForMerging(
  y: RefTensor,
  sum: AnyNode,
  graph: Graph,
  values: readonly (RefTensor | undefined)[],
  parameters: ParameterMap,
): RefTensor {
  const producerOf = (value: ValueId | undefined) => graph.nodes.find(({ output }) => output === value)
  const addends: ArrayLike<number>[] = []
  let terms = 0
  const visit = (value: ValueId): void => {
    const producer = producerOf(value)
    if (producer?.op === 'add') {
      for (const input of producer.inputs) visit(input)
      return
    }
    const isNorm = producer?.op === 'batchNorm'
    const { data, error } = found(values[value], `value ${value}`)
    const conv = isNorm ? producerOf(producer.inputs[0]) : producer
    if (conv?.op === 'conv') {
      const own = termsOf(conv)
      terms = Math.max(terms, own)
      addends.push(error.map((bound) => bound / gamma(own)))
    } else if (isNorm) {
      const shift = normOf(producer, parameters).shift
      addends.push(data.map((normed, i) => Math.abs(normed) + 2 * Math.abs(shift[i % shift.length] as number)))
    } else {
      addends.push(data.map(Math.abs))
    }
  }
  visit(sum.output)
  if (terms === 0) return y
  const roundings = gamma(terms + addends.length)
  const magnitude = (i: number) => addends.reduce((total, addend) => total + (addend[i] as number), 0)
  return { ...y, error: y.error.map((error, i) => error + roundings * magnitude(i)) }
}

/** The products that are added up for an output. */
const termsOf = (conv: Node<'conv'>): number =>
  found(conv.parameters.weight, 'a weight')
    .shape.slice(1)
    .reduce((count, size) => count * size, 1)

const normOf = (norm: Node<'batchNorm'>, parameters: ParameterMap) =>
  toAffine(
    { eps: norm.attributes.eps, parameters: norm.parameters as FoldedNorm['parameters'] },
    (parameter) => parameter && found(parameters.get(parameter.path), parameter.path).data,
  )

/** A norm behind a convolution is folded into it, and its shift then takes part in every addition. */
function widenForFolding(y: RefTensor, norm: Node<'batchNorm'>, graph: Graph, parameters: ParameterMap): RefTensor {
  const shape = graph.nodes.find(({ output }) => output === norm.inputs[0])?.parameters.weight?.shape
  if (!shape || shape.length < 2) return y
  const [mean, bias] = [norm.parameters.runningMean, norm.parameters.bias].map((parameter) =>
    parameter ? parameters.get(parameter.path)?.data : undefined,
  )
  const { scale } = normOf(norm, parameters)
  const terms = shape.slice(1).reduce((count, size) => count * size, 1)
  const channels = scale.length
  const shifts = scale.map((value, c) => Math.abs(bias?.[c] ?? 0) + Math.abs(value * (mean?.[c] ?? 0)))
  return { ...y, error: y.error.map((error, i) => error + gamma(terms) * (shifts[i % channels] as number)) }
}

function evaluateNode(
  node: Exclude<AnyNode, Node<'parameter'>>,
  operands: readonly RefTensor[],
  extents: Extents,
  parameters: ParameterMap,
  winogradOutputs: number,
): RefTensor {
  const x = found(operands[0], 'an input')
  const last = found(operands.at(-1), 'an input')
  const data = (parameter: Parameter | undefined) =>
    parameter && found(parameters.get(parameter.path), parameter.path).data
  switch (node.op) {
    case 'conv': {
      if (node.branches) return sumOfBranches(node, node.branches, operands, extents, parameters, winogradOutputs)
      const window = { ...toWindow(node.attributes), groups: node.attributes.groups, flip: node.attributes.flip }
      const weights = convWeights(node, data)
      const y = ops.conv(x, extents, window, weights)
      return epilogue(
        canBeWinograd(node)
          ? widenForWinograd(x, y, window, weights, winogradOutputs)
          : canBeNested(node) && winogradOutputs > 0
            ? widenForNested(x, y, window, weights)
            : y,
        last,
        node.attributes,
      )
    }
    case 'scaledConv': {
      const scaled = arithmetic.binary('multiply', x, found(operands[1], 'a scale'), x.extents)
      const window = { ...toWindow(node.attributes), groups: node.attributes.groups, flip: node.attributes.flip }
      return epilogue(ops.conv(scaled, extents, window, convWeights(node, data)), last, node.attributes)
    }
    case 'normConv': {
      const { norm, ...conv } = node.attributes
      const { scale, shift } = toAffine(norm, data)
      const normed = epilogue(ops.affine(x, scale, shift), x, { activation: norm.activation })
      const window = { ...toWindow(conv), groups: conv.groups, flip: conv.flip }
      return epilogue(ops.conv(normed, extents, window, convWeights(node, data)), last, conv)
    }
    case 'expandDepthwise':
    case 'invertedResidual': {
      const { expand, depthwise } = node.attributes
      const stage = ({ shape, ...rest }: ConvStage, ...inputs: readonly RefTensor[]) => {
        const conv = { ...rest, op: 'conv', inputs: node.inputs, output: node.output } as const
        return evaluateNode(conv, inputs, toExtents(shape), parameters, winogradOutputs)
      }
      const filtered = stage(depthwise, stage(expand, x))
      return node.op === 'expandDepthwise' ? filtered : stage(node.attributes.project, filtered, ...operands.slice(1))
    }
    case 'convTranspose': {
      const window = { ...toWindow(node.attributes), groups: node.attributes.groups }
      return epilogue(convTranspose(x, extents, window, convWeights(node, data)), last, node.attributes)
    }
    case 'deformConv': {
      const { groups, offsetGroups } = node.attributes
      const [, offsets, mask] = operands
      const window = { ...toWindow(node.attributes), groups, offsetGroups }
      return adaptive.deformConv(x, found(offsets, 'offsets'), mask, extents, window, convWeights(node, data))
    }
    case 'locallyConnected':
      return adaptive.locallyConnected(x, extents, toWindow(node.attributes), convWeights(node, data))
    case 'involution':
      return adaptive.involution(x, last, extents, { ...toWindow(node.attributes), groups: node.attributes.groups })
    case 'correlation':
      return adaptive.correlation(x, last, extents, node.attributes)
    case 'dense': {
      const window = { ...toWindow(POINTWISE), groups: 1, flip: false }
      return epilogue(ops.conv(x, extents, window, convWeights(node, data)), last, node.attributes)
    }
    case 'batchNorm': {
      const { eps } = node.attributes
      const { scale, shift } = toAffine({ eps, parameters: node.parameters as FoldedNorm['parameters'] }, data)
      return epilogue(ops.affine(x, scale, shift), last, node.attributes)
    }
    case 'add':
      return epilogue(ops.add(x, last), last, { activation: node.attributes.activation })
    case 'binary': {
      const second = found(operands[1], 'a second input')
      return epilogue(arithmetic.binary(node.attributes.operator, x, second, extents), last, node.attributes)
    }
    case 'matmul': {
      const y = sequences.matmul(x, found(operands[1], 'a second input'), extents, node.attributes.transposed)
      return epilogue(y, last, { activation: node.attributes.activation })
    }
    case 'lstm':
    case 'gru': {
      const weight = found(data(node.parameters.weight), 'weight')
      const weights = { weight, bias: data(node.parameters.bias) }
      return sequences.recurrent(node.op, operands, extents, node.attributes.reverse, weights)
    }
    case 'reduce':
      return arithmetic.reduce(node.attributes.operator, x, extents)
    case 'groupNorm': {
      const { weight, bias } = node.parameters
      const y = arithmetic.groupNorm(x, { ...node.attributes, weight: data(weight), bias: data(bias) })
      return epilogue(y, last, node.attributes)
    }
    case 'maxPool':
      return ops.maxPool(x, extents, toWindow(node.attributes))
    case 'avgPool':
      return ops.avgPool(x, extents, {
        ...toWindow(node.attributes),
        padEnd: toTriple(node.attributes.padEnd, 0),
        countIncludePad: node.attributes.countIncludePad,
      })
    case 'lpPool':
      return pools.lpPool(x, extents, toWindow(node.attributes), toTriple(node.attributes.padEnd, 0), node.attributes.p)
    case 'mixedPool': {
      const [share = 0] = found(data(node.parameters.weight), 'weight')
      return pools.mixedPool(x, extents, toWindow(node.attributes), toTriple(node.attributes.padEnd, 0), share)
    }
    case 'stochasticPool':
      return pools.stochasticPool(x, extents, toWindow(node.attributes))
    case 'maxPoolIndices':
      return pools.maxPoolIndices(x, extents, toWindow(node.attributes))
    case 'maxUnpool':
      return pools.maxUnpool(x, last, extents)
    case 'blurPool':
      return pools.blurPool(x, extents, node.attributes)
    case 'roiPool':
      return roiPool(x, last, extents, node.attributes.spatialScale)
    case 'roiAlign':
      return roiAlign(x, last, extents, node.attributes)
    case 'adaptiveAvgPool':
      return ops.adaptiveAvgPool(x, extents)
    case 'adaptiveMaxPool':
      return ops.adaptiveMaxPool(x, extents)
    case 'localResponseNorm':
      return ops.localResponseNorm(x, node.attributes)
    case 'activation':
      return activate(x, node.attributes.activation)
    case 'layerNorm': {
      const weight = found(data(node.parameters.weight), 'weight')
      return perChannel.layerNorm(x, node.attributes.eps, { weight, bias: found(data(node.parameters.bias), 'bias') })
    }
    case 'layerScale': {
      const own = found(data(node.parameters.scale), 'scale')
      const scale = own.length === 1 ? new Float64Array(extents[3]).fill(own[0] as number) : own
      const shift = data(node.parameters.bias) ?? new Float64Array(scale.length)
      return epilogue(ops.affine(x, scale, shift), last, node.attributes)
    }
    case 'prelu':
      return perChannel.prelu(x, found(data(node.parameters.weight), 'weight'))
    case 'slice':
      return perChannel.slice(x, node.attributes.start, extents[3])
    case 'channelShuffle':
      return perChannel.channelShuffle(ops.concat(operands), node.attributes.groups)
    case 'logSoftmax':
      return perChannel.logSoftmax(x)
    case 'softmax':
      return ops.softmax(x)
    case 'concat':
      return ops.concat(operands)
    case 'flatten':
      return ops.flatten(x)
    case 'rearrange':
      return moves.rearrange(x, extents, node.attributes)
    case 'gather':
      return moves.gather(x, extents, toFour(node.attributes.indices), node.attributes.value)
    case 'resample': {
      const { tables } = node.attributes
      return moves.resample(x, extents, [tables.at(-3), tables.at(-2), tables.at(-1)])
    }
    case 'gridSample':
      return moves.gridSample(x, last, extents, node.attributes)
    case 'identity':
      return x
  }
}

/** Each branch as a convolution and a norm of its own, whatever the engine merges; then what is folded behind their sum. */
function sumOfBranches(
  { branches: _, foldedNorm, foldedScale, ...node }: Node<'conv'>,
  branches: readonly ConvBranch[],
  operands: readonly RefTensor[],
  extents: Extents,
  parameters: ParameterMap,
  winogradOutputs: number,
): RefTensor {
  const { outChannels, groups, flip } = node.attributes
  const [x] = operands as readonly [RefTensor]
  const data = (parameter: Parameter | undefined) => parameter && parameters.get(parameter.path)?.data
  const normalised = (value: RefTensor, norm: FoldedNorm) => {
    const { scale, shift } = toAffine(norm, data)
    return ops.affine(value, scale, shift)
  }
  const terms = branches.map(({ window, weight, bias, norm }) => {
    if (!weight) return norm ? normalised(x, norm) : x
    const attributes = { ...window, outChannels, groups, flip }
    const conv = {
      ...node,
      attributes,
      parameters: { weight, ...(bias && { bias }) },
      ...(norm && { foldedNorm: norm }),
    }
    return evaluateNode(conv, [x], extents, parameters, winogradOutputs)
  })
  const sum = terms.reduce((total, term) => ops.add(total, term))
  const normed = foldedNorm ? normalised(sum, foldedNorm) : sum
  const scale = foldedScale && found(data(foldedScale), 'a scale')
  const scaled = scale ? ops.affine(normed, scale, new Float64Array(scale.length)) : normed
  return epilogue(scaled, found(operands.at(-1), 'an input'), node.attributes)
}

/** True for what Winograd's algorithm can compute, in one group or wide ones. */
export function canBeWinograd(node: AnyNode): boolean {
  if (node.op !== 'conv') return false
  const { dilation, groups } = node.attributes
  const isWide = groups === 1 || (node.parameters.weight?.shape[1] ?? 0) >= 24
  const hasForm = winogradForms({ ...toWindow(node.attributes), groups }).length > 0
  return isWide && hasForm && dilation.every((value) => value === 1)
}

/** True for what the nested form of Winograd's algorithm can compute: depthwise convolutions with large kernels. */
export function canBeNested(node: AnyNode): boolean {
  if (node.op !== 'conv' || node.parameters.weight?.shape[1] !== 1) return false
  const { kernel, stride, dilation, groups, outChannels } = node.attributes
  const isLarge = kernel.length === 2 && kernel.every((size) => size >= 17)
  return isLarge && groups > 1 && groups === outChannels && [...stride, ...dilation].every((value) => value === 1)
}

/** The bounds of direct summation and of the nested form together. */
function widenForNested(
  x: RefTensor,
  y: RefTensor,
  window: ops.Window & { readonly flip: boolean },
  { weight, scale }: ops.ConvWeights,
): RefTensor {
  const channels = y.extents[3]
  const taps = window.flip ? reverseKernels(weight, window.kernel[1] * window.kernel[2]) : weight
  const nested = nestedError(x, [y.extents[1], y.extents[2]], window, taps)
  const error = y.error.map((bound, i) => bound + (nested[i] as number) * Math.abs(scale?.[i % channels] ?? 1))
  return { ...y, error }
}

/** The bounds of direct summation and of every form together. */
function widenForWinograd(
  x: RefTensor,
  y: RefTensor,
  window: ops.Window & { readonly groups: number; readonly flip: boolean },
  { weight, scale }: ops.ConvWeights,
  largest: number,
): RefTensor {
  if (y.extents[0] !== x.extents[0] || window.padStart[0] !== 0) return y
  const [, height, width, channels] = y.extents
  const taps = window.flip ? reverseKernels(weight, window.kernel[1] * window.kernel[2]) : weight
  const bounds = winogradForms(window)
    .filter(({ outputs }) => outputs <= largest)
    .map((form) => winogradError(x, [height, width, channels], window, taps, form))
  const error = y.error.map((bound, i) => {
    const winograd = Math.max(0, ...bounds.map((form) => form[i] as number))
    return bound + winograd * Math.abs(scale?.[i % channels] ?? 1)
  })
  return { ...y, error }
}

function reverseKernels(weight: ArrayLike<number>, taps: number): Float64Array {
  return Float64Array.from(weight, (_, i) => weight[i - (i % taps) + taps - 1 - (i % taps)] as number)
}

type ReadParameter = (parameter: Parameter | undefined) => Float32Array | undefined

/** Weight, bias and scale with a folded norm merged in, in float64. */
function convWeights(node: AnyNode, data: ReadParameter): ops.ConvWeights {
  const weight = usedWeight(node, data)
  const bias = data(node.parameters.bias)
  if (node.foldedScale) {
    const scale = Float64Array.from(found(data(node.foldedScale), 'scale'))
    return { weight, scale, bias: scale.map((value, i) => value * (bias?.[i] ?? 0)) }
  }
  if (!node.foldedNorm) return { weight, bias }
  const { scale, shift } = toAffine(node.foldedNorm, data)
  return { weight, scale, bias: shift.map((value, i) => value + (bias?.[i] ?? 0) * (scale[i] as number)) }
}

/** The weights of a convolution, standardised where it asks for that. */
function usedWeight(node: AnyNode, data: ReadParameter): Float32Array {
  const weight = found(data(node.parameters.weight), 'weight')
  const reweighting = node.op === 'conv' ? node.attributes.reweighting : undefined
  if (!reweighting) return weight
  const gain = data(node.parameters.gain)
  const size = weight.length / (node.parameters.weight?.shape[0] ?? 1)
  const mean = (list: Float64Array) => list.reduce((sum, value) => sum + value, 0) / size
  return Float32Array.from(weight, (value, i) => {
    const channel = Math.floor(i / size)
    const row = Float64Array.from(weight.subarray(channel * size, (channel + 1) * size))
    if (reweighting.kind === 'weightNorm') return (value * (gain?.[channel] as number)) / Math.hypot(...row)
    const center = mean(row)
    const deviation = Math.sqrt(mean(row.map((other) => (other - center) ** 2)) + reweighting.eps)
    return ((value - center) / deviation) * reweighting.scale * (gain?.[channel] ?? 1)
  })
}

function toAffine({ eps, parameters }: FoldedNorm, data: ReadParameter) {
  const mean = Float64Array.from(found(data(parameters.runningMean), 'runningMean'))
  const variance = Float64Array.from(found(data(parameters.runningVar), 'runningVar'))
  const weight = data(parameters.weight)
  const bias = data(parameters.bias)
  const scale = variance.map((value, i) => (weight?.[i] ?? 1) / Math.sqrt(value + eps))
  return { scale, shift: mean.map((value, i) => (bias?.[i] ?? 0) - value * (scale[i] as number)) }
}

function epilogue(
  y: RefTensor,
  residual: RefTensor,
  attributes: { residual?: boolean | undefined; activation?: Parameters<typeof activate>[1] | undefined },
): RefTensor {
  const sum = attributes.residual ? ops.add(y, residual) : y
  return attributes.activation ? activate(sum, attributes.activation) : sum
}

const POINTWISE = { kernel: [], stride: [], dilation: [], padStart: [] }

function toWindow(window: {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padStart: readonly number[]
}): ops.Window {
  return {
    kernel: toTriple(window.kernel, 1),
    stride: toTriple(window.stride, 1),
    dilation: toTriple(window.dilation, 1),
    padStart: toTriple(window.padStart, 0),
  }
}

/** A list for the last axes as one for d, h, w, c. */
function toFour<T>(list: readonly T[]): readonly (T | undefined)[] {
  return [list.at(-4), list.at(-3), list.at(-2), list.at(-1)]
}

function toTriple(list: readonly number[], missing: number): Triple {
  return [list.at(-3) ?? missing, list.at(-2) ?? missing, list.at(-1) ?? missing]
}

export function toExtents(shape: readonly number[]): Extents {
  return [shape.at(-4) ?? 1, shape.at(-3) ?? 1, shape.at(-2) ?? 1, shape.at(-1) ?? 1]
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the graph lacks ${what}`)
  return value
}
