import type { ConvStage, Graph, Node } from '../graph.js'
import { fuseNodes } from './rewrite.js'

/** Bytes of an expanded image from which computing it piece by piece pays: beyond that the cache of a core has no room for what else is at work. */
const LARGEST_CACHED_BYTES = 1 << 18

/**
 * Computes a convolution and the depthwise convolution that alone reads it as one node, so that the expanded image between
 * them is never in memory as a whole: where it is larger than a core's cache, or everywhere.
 */
export function fuseDepthwise(graph: Graph, where: 'large' | 'everywhere' = 'large'): Graph {
  return fuseNodes(graph, (node, soleProducer) => {
    const [input] = node.inputs
    const producer = input === undefined ? undefined : soleProducer(input)
    if (node.op !== 'conv' || producer?.op !== 'conv' || !canFuse(graph, producer, node)) return undefined
    const shape = graph.values[producer.output]?.shape ?? []
    const bytes = Float32Array.BYTES_PER_ELEMENT * shape.reduce((a, b) => a * b, 1)
    if (where === 'large' && bytes <= LARGEST_CACHED_BYTES) return undefined
    const { output } = node
    const merged: Node<'expandDepthwise'> = {
      op: 'expandDepthwise',
      path: `${producer.path} + ${node.path}`,
      attributes: { expand: stageOf(graph, producer), depthwise: stageOf(graph, node) },
      inputs: producer.inputs,
      parameters: {},
      output,
    }
    return { absorbed: producer, fused: merged }
  })
}

function canFuse(graph: Graph, expand: Node<'conv'>, depthwise: Node<'conv'>): boolean {
  const channels = graph.values[expand.output]?.shape.at(-1)
  const { groups, outChannels } = depthwise.attributes
  const isImage = graph.values[depthwise.output]?.shape.length === 3
  const isDepthwise = groups > 1 && groups === channels && groups === outChannels
  const isPlain = !expand.attributes.residual && !depthwise.attributes.residual && expand.attributes.groups === 1
  return isImage && isDepthwise && isPlain && !hasFasterAlgorithm(expand)
}

/** Kernels of several places with stride 1 are Winograd's, or so large that the padded image may be excessive. */
function hasFasterAlgorithm({ attributes: { kernel, stride } }: Node<'conv'>): boolean {
  return kernel.some((size) => size > 1) && (stride.every((step) => step === 1) || kernel.some((size) => size > 3))
}

function stageOf(graph: Graph, node: Node<'conv'>): ConvStage {
  const { path, attributes, parameters, foldedNorm, foldedScale, branches } = node
  return {
    path,
    attributes,
    parameters,
    ...(foldedNorm && { foldedNorm }),
    ...(foldedScale && { foldedScale }),
    ...(branches && { branches }),
    shape: graph.values[node.output]?.shape ?? [],
  }
}
