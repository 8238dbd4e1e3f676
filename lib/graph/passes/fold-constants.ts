import type { AnyNode, Graph, ValueId } from '../graph.js'
import { countUses, withNodes } from './rewrite.js'

/** Computes the outputs of a graph that has no inputs, in their order, channels-last and without batch. */
export type Evaluator = (graph: Graph) => readonly Float32Array[]

/** Evaluates, once and for all, the nodes that depend on constants and parameters only; `evaluate` runs if there are any. */
export function foldConstants(graph: Graph, evaluate: Evaluator): Graph {
  const known = new Set<ValueId>(graph.constants.keys())
  const folded: AnyNode[] = []
  const rest: AnyNode[] = []
  for (const node of graph.nodes) {
    const isConstant = node.inputs.every((value) => known.has(value))
    if (isConstant) known.add(node.output)
    ;(isConstant ? folded : rest).push(node)
  }
  if (folded.length === 0) return graph
  const remainder = withNodes(graph, rest)
  const uses = countUses(remainder)
  const results = folded.map((node) => node.output).filter((value) => uses[value] !== 0)
  const outputs = results.map((value) => ({ name: String(value), value }))
  const data = results.length === 0 ? [] : evaluate(withNodes({ ...graph, inputs: [], outputs }, folded))
  const constants = new Map(graph.constants)
  results.forEach((value, i) => {
    const values = data[i]
    if (values) constants.set(value, values)
  })
  return Object.freeze({ ...remainder, constants })
}
