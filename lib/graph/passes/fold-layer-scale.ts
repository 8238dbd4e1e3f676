import type { AnyNode, Graph } from '../graph.js'
import { type Fusion, fuseNodes, type SoleProducer, takesScale } from './rewrite.js'

/**
 * Folds a layer scale into the convolution or dense layer before it, when it alone reads that layer's plain output: the
 * engine scales the weights while it packs them. One with a bias stays, and so does one that has a single number for all channels.
 */
export function foldLayerScale(graph: Graph): Graph {
  return fuseNodes(graph, foldIntoProducer)
}

function foldIntoProducer(node: AnyNode, soleProducer: SoleProducer): Fusion | undefined {
  if (node.op !== 'layerScale') return undefined
  const [input, ...residual] = node.inputs
  const producer = input === undefined ? undefined : soleProducer(input)
  if (!takesScale(producer)) return undefined
  const { residual: hasResidual, activation } = producer.attributes
  const { scale, bias } = node.parameters
  if (hasResidual || activation || producer.foldedNorm || producer.foldedScale || !scale || bias) return undefined
  if (scale.shape.length === 0) return undefined
  const attributes = { ...producer.attributes, ...node.attributes }
  const moved = { foldedScale: scale, inputs: [...producer.inputs, ...residual], output: node.output, attributes }
  return { absorbed: producer, fused: { ...producer, ...moved } as AnyNode }
}
