import { foldedNormOf } from '../folded-norm.js'
import type { ConvAttributes, Graph } from '../graph.js'
import { fuseNodes, isPointwise } from './rewrite.js'

/**
 * Norms an image, as in networks that norm and activate before they convolve, where a 1 x 1 convolution reads it, when that
 * alone does: pixels are normed as the convolution gets to them.
 */
export function fuseNorm(graph: Graph): Graph {
  return fuseNodes(graph, (node, soleProducer) => {
    const [input, ...residual] = node.inputs
    const producer = input === undefined ? undefined : soleProducer(input)
    if (node.op !== 'conv' || producer?.op !== 'batchNorm' || !isDensePointwise(node.attributes)) return undefined
    const { residual: isSum, activation } = producer.attributes
    const norm = foldedNormOf(producer)
    if (isSum || !norm) return undefined
    const attributes = { ...node.attributes, norm: { ...norm, ...(activation && { activation }) } }
    const path = `${producer.path} + ${node.path}`
    return {
      absorbed: producer,
      fused: { ...node, op: 'normConv', path, attributes, inputs: [...producer.inputs, ...residual] },
    }
  })
}

const isDensePointwise = (conv: ConvAttributes) => isPointwise(conv) && conv.stride.every((step) => step === 1)
