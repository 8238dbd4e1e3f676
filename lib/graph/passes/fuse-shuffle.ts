import type { Graph } from '../graph.js'
import { fuseNodes } from './rewrite.js'

/**
 * Lets a channel shuffle read the inputs of a concat that it alone reads, when each of them has whole groups: they need not
 * be brought together first.
 */
export function fuseShuffle(graph: Graph): Graph {
  const channelsOf = (value: number): number => graph.values[value]?.shape.at(-1) ?? 1
  return fuseNodes(graph, (node, soleProducer) => {
    const [input] = node.inputs
    if (node.op !== 'channelShuffle' || node.inputs.length !== 1 || input === undefined) return undefined
    const concat = soleProducer(input)
    const perGroup = channelsOf(node.output) / node.attributes.groups
    if (concat?.op !== 'concat' || concat.inputs.some((value) => channelsOf(value) % perGroup !== 0)) return undefined
    return { absorbed: concat, fused: { ...node, inputs: concat.inputs } }
  })
}
