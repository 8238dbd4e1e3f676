/** What a network is made of: layers, shapes, parameters, work and receptive fields, as data and as a table. */

import { elementCount } from '../shape.js'
import { type AnyNode, type Graph, graphParameters, type Node, type Parameter } from './graph.js'
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
  /** Multiply-accumulates of convolutions and dense layers. */
  readonly macs: number
  readonly receptiveField: ReceptiveField
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

const countMacs = (graph: Graph, node: AnyNode): number => {
  if (node.op !== 'conv' && node.op !== 'dense') return 0
  const [outputs = 1, ...perOutput] = node.parameters.weight?.shape ?? []
  const output = (graph.values[node.output]?.shape ?? []).reduce((product, size) => product * size, 1)
  return outputs === 0 ? 0 : output * perOutput.reduce((product, size) => product * size, 1)
}

/** Multiply-accumulates of the convolutions and dense layers for one image. */
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
    case 'maxPool':
    case 'avgPool':
      return `${node.op}${rankOf(graph, node)}d`
    case 'adaptiveAvgPool':
    case 'adaptiveMaxPool':
      return typeOfAdaptive(graph, node)
    case 'activation': {
      const { activation } = node.attributes
      return activation.kind === 'clamp' && activation.min === 0 && activation.max === 6 ? 'relu6' : activation.kind
    }
    case 'identity':
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
    const fresh = Object.values(node.parameters).filter(({ path, learnable }) => learnable && !seen.has(path))
    for (const { path } of fresh) seen.add(path)
    return Object.freeze({
      path: node.path,
      type: typeOf(graph, node),
      outputShape: graph.values[node.output]?.shape ?? [],
      parameterCount: countElements(fresh),
      macs: countMacs(graph, node),
      receptiveField: fields[index] as ReceptiveField,
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

const perAxis = (list: readonly number[]): string => {
  if (list.length === 0) return '-'
  return list.every((size) => size === list[0]) ? String(list[0]) : list.join(' x ')
}

const header = ['layer', 'type', 'output', 'parameters', 'MACs', 'receptive field', 'jump']
const rightAligned = [false, false, false, true, true, true, true]

const table = (graph: Graph, data: Omit<ModelSummary, 'toString'>): string => {
  const shapeText = (shape: readonly number[]) => shape.join(' x ')
  const inputs = graph.inputs.map(({ name, value }) => [
    name,
    'input',
    shapeText(graph.values[value]?.shape ?? []),
    '0',
    '0',
    '1',
    '1',
  ])
  const rows = data.layers.map((layer) => [
    layer.path === '' ? '-' : layer.path,
    layer.type,
    shapeText(layer.outputShape),
    grouped(layer.parameterCount),
    grouped(layer.macs),
    perAxis(layer.receptiveField.size),
    perAxis(layer.receptiveField.jump),
  ])
  const total = ['total', '', '', grouped(data.parameterCount), grouped(data.macs), '', '']
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
