/** What a network is made of: layers, shapes, parameters, work and receptive fields, as data and as a table. */

import { elementCount } from '../shape.js'
import { type AnyNode, type Graph, graphParameters, type Node, type Parameter, type ValueId } from './graph.js'
import { type ReceptiveField, receptiveFields } from './receptive-field.js'

export interface LayerSummary {
  /** Path of the layer, `layer1.0.conv1`. */
  readonly path: string
  /** What the layer is: `conv2d`, `relu`, ... */
  readonly type: string
  /** Channels last, without batch. */
  readonly outputShape: readonly number[]
  /** Learnable parameters; a layer that runs twice counts once. */
  readonly parameterCount: number
  /** Multiply-accumulates with weights, of convolutions, dense and recurrent layers; those of two values with one another do not count. */
  readonly macs: number
  readonly receptiveField: ReceptiveField
  /** Of the output as float32, for one image. */
  readonly outputBytes: number
}

export interface ModelSummary {
  readonly layers: readonly LayerSummary[]
  readonly parameterCount: number
  readonly macs: number
  /** Of everything that a weights file stores as float32, running statistics included. */
  readonly parameterBytes: number
  /** The table. */
  toString(): string
}

const bytesPerElement = 4

const countElements = (parameters: readonly Parameter[]): number =>
  parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0)

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1)

/** Each output of a convolution meets a row of its weight, each input of a transposed one does, each step of a recurrent layer all of it. */
const countMacs = (graph: Graph, node: AnyNode): number => {
  const weight = node.parameters.weight?.shape ?? []
  const times = (value: ValueId) => product(graph.values[value]?.shape ?? []) * product(weight.slice(1))
  switch (node.op) {
    case 'conv':
    case 'deformConv':
    case 'dense':
      return times(node.output)
    case 'convTranspose':
      return times(node.inputs[0] as ValueId)
    case 'locallyConnected':
      return product(weight)
    case 'lstm':
    case 'gru':
      return (graph.values[node.output]?.shape[0] ?? 0) * product(weight)
    default:
      return 0
  }
}

/** Multiply-accumulates with weights for one image. */
export const graphMacs = (graph: Graph): number => graph.nodes.reduce((sum, node) => sum + countMacs(graph, node), 0)

/** Number of learnable parameters. */
export const graphParameterCount = (graph: Graph): number =>
  countElements(graphParameters(graph).filter(({ learnable }) => learnable))

const rankOf = (graph: Graph, node: AnyNode): number => (graph.values[node.output]?.shape.length ?? 1) - 1

const typeOfConv = (graph: Graph, node: Node<'conv'>): string => {
  const channels = graph.values[node.inputs[0] as number]?.shape.at(-1)
  const { groups } = node.attributes
  return `${groups > 1 && groups === channels ? 'depthwiseConv' : 'conv'}${rankOf(graph, node)}d`
}

const typeOfAdaptive = (graph: Graph, node: Node<'adaptiveAvgPool'> | Node<'adaptiveMaxPool'>): string => {
  const kind = node.op === 'adaptiveAvgPool' ? 'AvgPool' : 'MaxPool'
  const isGlobal = node.attributes.outputSize.every((size) => size === 1)
  return isGlobal ? `global${kind}` : `adaptive${kind}${rankOf(graph, node)}d`
}

const typeOf = (graph: Graph, node: AnyNode): string => {
  switch (node.op) {
    case 'conv':
      return typeOfConv(graph, node)
    case 'convTranspose':
    case 'maxPool':
    case 'avgPool':
    case 'lpPool':
    case 'mixedPool':
    case 'stochasticPool':
      return `${node.op}${rankOf(graph, node)}d`
    case 'adaptiveAvgPool':
    case 'adaptiveMaxPool':
      return typeOfAdaptive(graph, node)
    case 'activation': {
      const { activation } = node.attributes
      return activation.kind === 'clamp' && activation.min === 0 && activation.max === 6 ? 'relu6' : activation.kind
    }
    case 'binary':
      return node.attributes.operator
    case 'reduce':
      return `reduce ${node.attributes.operator}`
    case 'identity':
    case 'rearrange':
    case 'gather':
    case 'resample':
      return node.attributes.of
    default:
      return node.op
  }
}

/** The layers of a graph and what they cost. */
export const summarize = (graph: Graph): ModelSummary => {
  const fields = receptiveFields(graph)
  const seen = new Set<string>()
  const layers = graph.nodes.map((node, index): LayerSummary => {
    const outputShape = graph.values[node.output]?.shape ?? []
    const fresh = Object.values(node.parameters).filter(({ path, learnable }) => learnable && !seen.has(path))
    for (const { path } of fresh) seen.add(path)
    return Object.freeze({
      path: node.path,
      type: typeOf(graph, node),
      outputShape,
      parameterCount: countElements(fresh),
      macs: countMacs(graph, node),
      receptiveField: fields[index] as ReceptiveField,
      outputBytes: product(outputShape) * bytesPerElement,
    })
  })
  const data = {
    layers: Object.freeze(layers),
    parameterCount: graphParameterCount(graph),
    macs: graphMacs(graph),
    parameterBytes: countElements(graphParameters(graph)) * bytesPerElement,
  }
  return Object.freeze({ ...data, toString: () => table(graph, data) })
}

const grouped = (count: number): string => count.toLocaleString('en-US')

const kibibytes = (bytes: number): string => grouped(Math.ceil(bytes / 2 ** 10))

const perAxis = (list: readonly number[]): string => {
  if (list.length === 0) return '-'
  return list.every((size) => size === list[0]) ? String(list[0]) : list.join(' x ')
}

const header = ['layer', 'type', 'output', 'KiB', 'parameters', 'MACs', 'receptive field', 'jump', 'start']
const rightAligned = [false, false, false, true, true, true, true, true, true]

const table = (graph: Graph, data: Omit<ModelSummary, 'toString'>): string => {
  const shapeText = (shape: readonly number[]) => shape.join(' x ')
  const inputs = graph.inputs.map(({ name, value }) => [
    name,
    'input',
    shapeText(graph.values[value]?.shape ?? []),
    kibibytes(product(graph.values[value]?.shape ?? []) * bytesPerElement),
    '0',
    '0',
    '1',
    '1',
    '0.5',
  ])
  const rows = data.layers.map((layer) => [
    layer.path === '' ? '-' : layer.path,
    layer.type,
    shapeText(layer.outputShape),
    kibibytes(layer.outputBytes),
    grouped(layer.parameterCount),
    grouped(layer.macs),
    perAxis(layer.receptiveField.size),
    perAxis(layer.receptiveField.jump),
    perAxis(layer.receptiveField.start),
  ])
  const total = ['total', '', '', '', grouped(data.parameterCount), grouped(data.macs), '', '', '']
  const all = [header, ...inputs, ...rows, total]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        rightAligned[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const megabytes = (data.parameterBytes / 2 ** 20).toFixed(2)
  return [
    line(header),
    rule,
    ...inputs.map(line),
    ...rows.map(line),
    rule,
    line(total),
    `weights: ${megabytes} MiB as float32`,
  ].join('\n')
}
