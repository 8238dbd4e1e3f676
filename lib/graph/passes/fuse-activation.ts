import type { AnyNode, Graph } from '../graph.js'
import { fuseNodes } from './rewrite.js'

/**
 * Applies an activation where its input is computed, when it alone reads the plain output of a conv, dense, batch norm,
 * group norm, layer scale, matmul, add or another operator between two values.
 */
export function fuseActivation(graph: Graph): Graph {
  return fuseNodes(graph, (node, soleProducer) => {
    const [input] = node.inputs
    if (node.op !== 'activation' || input === undefined) return undefined
    const producer = soleProducer(input)
    const { activation } = node.attributes
    switch (producer?.op) {
      case 'conv':
      case 'convTranspose':
      case 'dense':
      case 'batchNorm':
      case 'layerScale':
      case 'add':
      case 'binary':
      case 'matmul':
      case 'groupNorm': {
        if (producer.attributes.activation) return undefined
        const attributes = { ...producer.attributes, activation }
        return { absorbed: producer, fused: { ...producer, attributes, output: node.output } as AnyNode }
      }
      default:
        return undefined
    }
  })
}
