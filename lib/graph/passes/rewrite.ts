/** What the passes share: how often a value is read, and replacing nodes of a graph. */

import type { AnyNode, ConvAttributes, Graph, Node, ValueId } from '../graph.js'

/** The same graph with other nodes (in topological order). */
export function withNodes(graph: Graph, nodes: Iterable<AnyNode>): Graph {
  return Object.freeze({ ...graph, nodes: Object.freeze([...nodes]) })
}

/** How often each value is read, by nodes and as an output of the graph. */
export function countUses(graph: Graph): readonly number[] {
  const uses = graph.values.map(() => 0)
  const use = (value: ValueId) => {
    uses[value] = (uses[value] ?? 0) + 1
  }
  for (const node of graph.nodes) node.inputs.forEach(use)
  for (const output of graph.outputs) use(output.value)
  return uses
}

/** The node that makes a value, when nothing but the node at hand reads it (and reads it once). */
export type SoleProducer = (value: ValueId) => AnyNode | undefined

/** True for a node whose output channels the engine can scale while it packs the weights. */
export function takesScale(node: AnyNode | undefined): node is Node<'conv'> | Node<'convTranspose'> | Node<'dense'> {
  return node?.op === 'conv' || node?.op === 'convTranspose' || node?.op === 'dense'
}

/** True for a convolution that reads each pixel by itself. */
export function isPointwise({ kernel, padStart, padEnd, groups }: ConvAttributes): boolean {
  return groups === 1 && kernel.every((size) => size === 1) && [...padStart, ...padEnd].every((size) => size === 0)
}

/** One node instead of two: `fused` takes the place of the node at hand, `absorbed` goes. */
export interface Fusion {
  readonly absorbed: AnyNode
  readonly fused: AnyNode
}

/**
 * Merges nodes into their producers wherever `match` says so. The merged node stands where the later of the two stood,
 * so that everything it reads is there already.
 */
export function fuseNodes(
  graph: Graph,
  match: (node: AnyNode, soleProducer: SoleProducer) => Fusion | undefined,
): Graph {
  const uses = countUses(graph)
  const producers = new Map<ValueId, AnyNode>()
  const kept = new Set<AnyNode>()
  for (const node of graph.nodes) {
    const fusion = match(node, (value) => (uses[value] === 1 ? producers.get(value) : undefined))
    if (fusion) kept.delete(fusion.absorbed)
    const result = fusion?.fused ?? node
    kept.add(result)
    producers.set(result.output, result)
  }
  return withNodes(graph, kept)
}

/** Replaces values by others that are equal to them, wherever nodes or outputs read them. */
export function redirect(graph: Graph, target: (value: ValueId) => ValueId): Graph {
  const nodes = graph.nodes.map((node) =>
    node.inputs.some((value) => target(value) !== value) ? { ...node, inputs: node.inputs.map(target) } : node,
  )
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: target(value) }))
  return withNodes({ ...graph, outputs }, nodes)
}
