import type { AnyNode, Graph, ValueId } from '../graph.js'

/** Drops what no output depends on and renumbers the values that stay; inputs stay even when nothing reads them. */
export function removeDeadValues(graph: Graph): Graph {
  const live = new Set<ValueId>([...graph.inputs, ...graph.outputs].map(({ value }) => value))
  const nodes: AnyNode[] = []
  for (const node of graph.nodes.toReversed()) {
    if (!live.has(node.output)) continue
    nodes.push(node)
    for (const value of node.inputs) live.add(value)
  }
  const ids = new Map([...live].sort((a, b) => a - b).map((value, id) => [value, id]))
  const renumber = (value: ValueId): ValueId => ids.get(value) ?? -1
  return Object.freeze({
    values: graph.values.filter((_, value) => live.has(value)),
    inputs: graph.inputs.map(({ name, value }) => ({ name, value: renumber(value) })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: renumber(value) })),
    nodes: nodes
      .reverse()
      .map((node) => ({ ...node, inputs: node.inputs.map(renumber), output: renumber(node.output) })),
    constants: new Map(
      [...graph.constants].filter(([value]) => live.has(value)).map(([value, data]) => [renumber(value), data]),
    ),
  })
}
