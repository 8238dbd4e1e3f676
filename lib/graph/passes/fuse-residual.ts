import type { AnyNode, Graph, ValueId } from '../graph.js'
import { type Fusion, fuseNodes, type SoleProducer } from './rewrite.js'

/**
 * Adds the other operand of an `add` where a conv, dense, batch norm, group norm, layer scale or binary operator computes the first, when the add alone reads that
 * output and no activation lies between. The add's own activation comes along: y = act(layer(x) + residual).
 */
export function fuseResidual(graph: Graph): Graph {
  return fuseNodes(graph, (node, soleProducer) => {
    const [a, b] = node.inputs
    if (node.op !== 'add' || node.inputs.length !== 2 || a === undefined || b === undefined) return undefined
    return absorb(graph, node, a, b, soleProducer) ?? absorb(graph, node, b, a, soleProducer)
  })
}

function absorb(
  graph: Graph,
  add: AnyNode & { op: 'add' },
  value: ValueId,
  residual: ValueId,
  soleProducer: SoleProducer,
): Fusion | undefined {
  const producer = soleProducer(value)
  if (!takesResidual(producer)) return undefined
  if (producer.attributes.residual || producer.attributes.activation) return undefined
  if (graph.values[value]?.shape.join() !== graph.values[residual]?.shape.join()) return undefined
  const { activation } = add.attributes
  const attributes = { ...producer.attributes, residual: true, ...(activation && { activation }) }
  const inputs = [...producer.inputs, residual]
  return { absorbed: producer, fused: { ...producer, attributes, inputs, output: add.output } as AnyNode }
}

function takesResidual(node: AnyNode | undefined): node is AnyNode & {
  op: 'conv' | 'convTranspose' | 'dense' | 'batchNorm' | 'layerScale' | 'groupNorm' | 'binary'
} {
  const takers = ['conv', 'convTranspose', 'dense', 'batchNorm', 'layerScale', 'groupNorm', 'binary']
  return node !== undefined && takers.includes(node.op)
}
