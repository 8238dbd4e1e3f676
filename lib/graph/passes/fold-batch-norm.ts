import { foldedNormOf } from '../folded-norm.js'
import type { AnyNode, Graph } from '../graph.js'
import { type Fusion, fuseNodes, type SoleProducer, takesScale } from './rewrite.js'

/**
 * Folds a batch norm into the convolution or dense layer before it, when it alone reads that layer's plain output. Only
 * the statistics move: the engine scales the weights while it packs them.
 */
export function foldBatchNorm(graph: Graph): Graph {
  return fuseNodes(graph, foldIntoProducer)
}

function foldIntoProducer(node: AnyNode, soleProducer: SoleProducer): Fusion | undefined {
  if (node.op !== 'batchNorm') return undefined
  const [input, ...residual] = node.inputs
  const producer = input === undefined ? undefined : soleProducer(input)
  if (!takesScale(producer)) return undefined
  const { residual: hasResidual, activation } = producer.attributes
  const foldedNorm = foldedNormOf(node)
  if (hasResidual || activation || producer.foldedNorm || producer.foldedScale || !foldedNorm) return undefined
  const { eps: _, ...epilogue } = node.attributes
  const attributes = { ...producer.attributes, ...epilogue }
  const moved = { foldedNorm, inputs: [...producer.inputs, ...residual], output: node.output, attributes }
  return { absorbed: producer, fused: { ...producer, ...moved } as AnyNode }
}
