import type { AnyNode, Graph, ValueId } from '../graph.js'
import { redirect, withNodes } from './rewrite.js'

/**
 * Removes what changes nothing at inference: dropout and its kin, a concat of one value, a slice of all
 * channels, a shuffle of one group, the flatten of a vector.
 */
export function removeIdentities(graph: Graph): Graph {
  const source = new Map<ValueId, ValueId>()
  const kept: AnyNode[] = []
  for (const node of graph.nodes) {
    const input = node.inputs[0]
    if (input !== undefined && isIdentity(graph, node)) source.set(node.output, source.get(input) ?? input)
    else kept.push(node)
  }
  return redirect(withNodes(graph, kept), (value) => source.get(value) ?? value)
}

function isIdentity(graph: Graph, node: AnyNode): boolean {
  switch (node.op) {
    case 'identity':
      return true
    case 'concat':
      return node.inputs.length === 1
    case 'slice':
      return graph.values[node.output]?.shape.at(-1) === graph.values[node.inputs[0] ?? -1]?.shape.at(-1)
    case 'channelShuffle':
      return node.attributes.groups === 1
    case 'flatten':
      return graph.values[node.inputs[0] ?? -1]?.shape.length === 1
    default:
      return false
  }
}
