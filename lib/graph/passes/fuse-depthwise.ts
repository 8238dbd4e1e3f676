import type { AnyNode, ConvStage, Graph, Node } from '../graph.js'
import { type Fusion, fuseNodes, isPointwise } from './rewrite.js'

type Where = 'large' | 'everywhere'

/** Bytes of an expanded image from which computing it piece by piece pays: beyond that the cache of a core has no room for what else is at work. */
const LARGEST_CACHED_BYTES = 1 << 18

/**
 * The same for what the depthwise convolution makes of it. With the projection behind it in the same step, threads have only rows to
 * share, and compute those at their borders twice.
 */
const LARGEST_FILTERED_BYTES = 1 << 19

/**
 * Computes a convolution and the depthwise convolution that alone reads it as one node, so that the expanded image between
 * them is never in memory as a whole; with a convolution by 1 x 1 that alone reads that, an inverted residual block. Where the images
 * are larger than a core's cache, or everywhere.
 */
export function fuseDepthwise(graph: Graph, where: Where = 'large'): Graph {
  return fuseNodes(graph, (node, soleProducer) => {
    const [input] = node.inputs
    const producer = input === undefined ? undefined : soleProducer(input)
    if (node.op !== 'conv' || !producer) return undefined
    if (where === 'large' && bytesOf(graph, producer) <= largestCached(producer)) return undefined
    if (producer.op === 'conv') return expandDepthwise(graph, producer, node)
    return producer.op === 'expandDepthwise' ? invertedResidual(graph, producer, node) : undefined
  })
}

const largestCached = (producer: AnyNode): number =>
  producer.op === 'expandDepthwise' ? LARGEST_FILTERED_BYTES : LARGEST_CACHED_BYTES

function bytesOf(graph: Graph, { output }: AnyNode): number {
  const shape = graph.values[output]?.shape ?? []
  return Float32Array.BYTES_PER_ELEMENT * shape.reduce((a, b) => a * b, 1)
}

function expandDepthwise(graph: Graph, expand: Node<'conv'>, depthwise: Node<'conv'>): Fusion | undefined {
  if (!canFuse(graph, expand, depthwise)) return undefined
  const fused: Node<'expandDepthwise'> = {
    op: 'expandDepthwise',
    path: `${expand.path} + ${depthwise.path}`,
    attributes: { expand: stageOf(graph, expand), depthwise: stageOf(graph, depthwise) },
    inputs: expand.inputs,
    parameters: {},
    output: depthwise.output,
  }
  return { absorbed: expand, fused }
}

function invertedResidual(graph: Graph, first: Node<'expandDepthwise'>, project: Node<'conv'>): Fusion | undefined {
  if (!isPointwise(project.attributes) || project.attributes.stride.some((step) => step !== 1)) return undefined
  const fused: Node<'invertedResidual'> = {
    op: 'invertedResidual',
    path: `${first.path} + ${project.path}`,
    attributes: { ...first.attributes, project: stageOf(graph, project) },
    inputs: [...first.inputs, ...project.inputs.slice(1)],
    parameters: {},
    output: project.output,
  }
  return { absorbed: first, fused }
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
