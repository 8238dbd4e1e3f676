import type { AnyNode, Graph, ValueId } from '../graph.js'
import { redirect, withNodes } from './rewrite.js'

/** Removes what changes nothing at inference: dropout and its kin, a concat of one value, the flatten of a vector. */
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
    case 'flatten':
      return graph.values[node.inputs[0] ?? -1]?.shape.length === 1
    default:
      return false
  }
}
