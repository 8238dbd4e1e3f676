import type { AnyNode, Graph, ValueId } from '../graph.js'
import { fuseNodes, isPointwise } from './rewrite.js'

/**
 * Weighs the channels of an image, as a squeeze and excitation does, where a 1 x 1 convolution reads it, when that alone
 * does: the convolution's weights are scaled instead of the image.
 */
export function fuseScale(graph: Graph): Graph {
  return fuseNodes(graph, (node, soleProducer) => {
    const [input, ...residual] = node.inputs
    const product = input === undefined ? undefined : soleProducer(input)
    if (node.op !== 'conv' || product?.op !== 'binary' || !isPointwise(node.attributes)) return undefined
    const { operator, residual: isSum, activation } = product.attributes
    const factors = imageAndScale(graph, product)
    if (operator !== 'multiply' || isSum || activation || !factors) return undefined
    return { absorbed: product, fused: { ...node, op: 'scaledConv', inputs: [...factors, ...residual] } }
  })
}

/** The operands of a product, the one with one number for each channel last; undefined when none is such. */
function imageAndScale(graph: Graph, product: AnyNode): readonly [ValueId, ValueId] | undefined {
  const [a = -1, b = -1] = product.inputs
  const shapeOf = (value: ValueId) => graph.values[value]?.shape ?? []
  const output = shapeOf(product.output)
  const isImage = (value: ValueId) => shapeOf(value).join() === output.join()
  const isScale = (value: ValueId) =>
    shapeOf(value).at(-1) === output.at(-1) &&
    shapeOf(value).every((size, i, { length }) => i === length - 1 || size === 1)
  if (isImage(a) && isScale(b)) return [a, b]
  return isImage(b) && isScale(a) ? [b, a] : undefined
}
