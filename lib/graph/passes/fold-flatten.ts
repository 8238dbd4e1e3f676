import type { AnyNode, Graph, Node, ValueId } from '../graph.js'
import { withNodes } from './rewrite.js'

/**
 * Turns a dense layer over a flattened image into a convolution whose kernel is the whole image: PyTorch's weight
 * (outFeatures, C * H * W) is the convolution's (outFeatures, C, H, W) already. The output keeps the dense layer's shape.
 */
export function foldFlatten(graph: Graph): Graph {
  const flattened = new Map<ValueId, ValueId>()
  for (const node of graph.nodes) {
    const [input] = node.inputs
    if (node.op === 'flatten' && input !== undefined) flattened.set(node.output, input)
  }
  if (flattened.size === 0) return graph
  return withNodes(
    graph,
    graph.nodes.map((node): AnyNode => {
      const [input, ...others] = node.inputs
      const image = input === undefined ? undefined : flattened.get(input)
      const shape = image === undefined ? undefined : graph.values[image]?.shape
      if (node.op !== 'dense' || image === undefined || !shape || shape.length < 2) return node
      return wholeImageConv(node, [image, ...others], shape.slice(0, -1))
    }),
  )
}

function wholeImageConv(node: Node<'dense'>, inputs: readonly ValueId[], kernel: readonly number[]): Node<'conv'> {
  const { outFeatures, ...epilogue } = node.attributes
  const all = (value: number) => kernel.map(() => value)
  return {
    ...node,
    op: 'conv',
    inputs,
    attributes: {
      ...epilogue,
      outChannels: outFeatures,
      groups: 1,
      flip: false,
      kernel,
      stride: all(1),
      dilation: all(1),
      padStart: all(0),
      padEnd: all(0),
    },
  }
}
