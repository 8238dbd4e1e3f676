/** Runs a graph node by node with the naive operators: the meaning of a Graph, fused nodes included. */

import type { AnyNode, FoldedNorm, Graph, Parameter, ValueId } from '../../lib/graph/graph.js'
import { activate } from './reference-activations.js'
import * as perChannel from './reference-channels.js'
import type { Extents, RefTensor, Triple } from './reference-ops.js'
import * as ops from './reference-ops.js'
import { winogradError } from './winograd-bound.js'

export type ParameterMap = ReadonlyMap<string, { readonly data: Float32Array; readonly shape: readonly number[] }>

export interface ReferenceOptions {
  /** Bounds that hold for Winograd's algorithm, too, on the convolutions that it can compute. */
  readonly withWinograd?: boolean
}

/** Inputs by name, channels-last: batch times the input's own size. Gives the outputs by name. */
export function evaluateGraph(
  graph: Graph,
  parameters: ParameterMap,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  batch = 1,
  { withWinograd = false }: ReferenceOptions = {},
): Record<string, RefTensor> {
  const values: (RefTensor | undefined)[] = graph.values.map(() => undefined)
  const extentsOf = (value: ValueId) => toExtents(graph.values[value]?.shape ?? [])
  for (const { name, value } of graph.inputs) {
    values[value] = ops.makeTensor(batch, extentsOf(value), inputs[name] ?? [])
  }
  for (const [value, data] of graph.constants) {
    const repeated = Array.from({ length: batch }, () => [...data]).flat()
    values[value] = ops.makeTensor(batch, extentsOf(value), repeated)
  }
  for (const node of graph.nodes) {
    const operands = node.inputs.map((value) => found(values[value], `value ${value}`))
    values[node.output] = evaluateNode(node, operands, extentsOf(node.output), parameters, withWinograd)
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, found(values[value], name)]))
}

function evaluateNode(
  node: AnyNode,
  operands: readonly RefTensor[],
  extents: Extents,
  parameters: ParameterMap,
  withWinograd: boolean,
): RefTensor {
  const x = found(operands[0], 'an input')
  const last = found(operands.at(-1), 'an input')
  const data = (parameter: Parameter | undefined) =>
    parameter && found(parameters.get(parameter.path), parameter.path).data
  switch (node.op) {
    case 'conv': {
      const window = { ...toWindow(node.attributes), groups: node.attributes.groups, flip: node.attributes.flip }
      const weights = convWeights(node, data)
      const y = ops.conv(x, extents, window, weights)
      return epilogue(
        withWinograd && canBeWinograd(node) ? widenForWinograd(x, y, window, weights) : y,
        last,
        node.attributes,
      )
    }
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
    case 'multiply':
      return epilogue(ops.multiply(x, found(operands[1], 'a second input'), extents), last, node.attributes)
    case 'maxPool':
      return ops.maxPool(x, extents, toWindow(node.attributes))
    case 'avgPool':
      return ops.avgPool(x, extents, {
        ...toWindow(node.attributes),
        padEnd: toTriple(node.attributes.padEnd, 0),
        countIncludePad: node.attributes.countIncludePad,
      })
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
      const scale = found(data(node.parameters.scale), 'scale')
      return epilogue(ops.affine(x, scale, new Float64Array(scale.length)), last, node.attributes)
    }
    case 'prelu':
      return perChannel.prelu(x, found(data(node.parameters.weight), 'weight'))
    case 'slice':
      return perChannel.slice(x, node.attributes.start, extents[3])
    case 'channelShuffle':
      return perChannel.channelShuffle(x, node.attributes.groups)
    case 'logSoftmax':
      return perChannel.logSoftmax(x)
    case 'softmax':
      return ops.softmax(x)
    case 'concat':
      return ops.concat(operands)
    case 'flatten':
      return ops.flatten(x)
    case 'identity':
      return x
  }
}

/** True for what Winograd's algorithm can compute: 3 x 3, dense, stride 1. */
export function canBeWinograd(node: AnyNode): boolean {
  if (node.op !== 'conv') return false
  const { kernel, stride, dilation, groups } = node.attributes
  return toTriple(kernel, 1).join() === '1,3,3' && [...stride, ...dilation, groups].every((value) => value === 1)
}

/** The bounds of direct summation and of either tile size together. */
function widenForWinograd(
  x: RefTensor,
  y: RefTensor,
  window: ops.Window & { readonly groups: number; readonly flip: boolean },
  { weight, scale }: ops.ConvWeights,
): RefTensor {
  const [, height, width, channels] = y.extents
  const taps = window.flip ? reverseKernels(weight) : weight
  const [small, large] = ([2, 4] as const).map((m) =>
    winogradError(x, [height, width, channels], [window.padStart[1], window.padStart[2]], taps, m),
  )
  const error = y.error.map((bound, i) => {
    const winograd = Math.max(small?.[i] as number, large?.[i] as number)
    return bound + winograd * Math.abs(scale?.[i % channels] ?? 1)
  })
  return { ...y, error }
}

function reverseKernels(weight: ArrayLike<number>): Float64Array {
  return Float64Array.from(weight, (_, i) => weight[i - (i % 9) + 8 - (i % 9)] as number)
}

type ReadParameter = (parameter: Parameter | undefined) => Float32Array | undefined

/** Weight, bias and scale with a folded norm merged in, in float64. */
function convWeights(node: AnyNode, data: ReadParameter): ops.ConvWeights {
  const weight = found(data(node.parameters.weight), 'weight')
  const bias = data(node.parameters.bias)
  if (node.foldedScale) {
    const scale = Float64Array.from(found(data(node.foldedScale), 'scale'))
    return { weight, scale, bias: scale.map((value, i) => value * (bias?.[i] ?? 0)) }
  }
  if (!node.foldedNorm) return { weight, bias }
  const { scale, shift } = toAffine(node.foldedNorm, data)
  return { weight, scale, bias: shift.map((value, i) => value + (bias?.[i] ?? 0) * (scale[i] as number)) }
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
