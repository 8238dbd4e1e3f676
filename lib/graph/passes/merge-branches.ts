import type { AnyNode, ConvBranch, Graph, Node, ValueId, WindowAttributes } from '../graph.js'
import { placeTaps } from '../merged-kernel.js'
import { countUses, withNodes } from './rewrite.js'

/**
 * Computes sums of convolutions of the same value, each perhaps with a batch norm of its own, as one convolution, where the kernel of
 * one of them covers the others': the value itself counts as a kernel of one tap. What is left without a reader stays, for
 * `removeDeadValues`.
 *
 * The structural re-parameterisation of Ding et al., RepVGG, arXiv:2101.03697.
 */
export function mergeBranches(graph: Graph): Graph {
  const uses = countUses(graph)
  const producers = new Map<ValueId, AnyNode>()
  const soleProducer = (value: ValueId) => (uses[value] === 1 ? producers.get(value) : undefined)
  const nodes = graph.nodes.map((node) => {
    const result = (node.op === 'add' && mergedSum(graph, node, soleProducer)) || node
    producers.set(result.output, result)
    return result
  })
  return withNodes(graph, nodes)
}

/** A sum of branches that read `input`; `conv` is the one whose kernel covers the others, if there is a kernel. */
interface Sum {
  readonly input: ValueId
  readonly branches: readonly ConvBranch[]
  readonly conv?: Node<'conv'>
}

type SoleProducer = (value: ValueId) => AnyNode | undefined

function mergedSum(graph: Graph, node: Node<'add'>, soleProducer: SoleProducer): Node<'conv'> | undefined {
  const [a, b] = node.inputs
  if (node.inputs.length !== 2 || a === undefined || b === undefined || a === b) return undefined
  for (const left of sumsOf(a, soleProducer)) {
    for (const right of sumsOf(b, soleProducer)) {
      const conv = left.input === right.input ? largest(left.conv, right.conv) : undefined
      if (!conv || !agree(graph, left, right, conv)) continue
      const branches = [left, right].flatMap((sum) => sum.branches.map((branch) => withWindow(branch, conv)))
      if (branches.some(({ window }) => placeTaps(window, conv.attributes) === undefined)) continue
      return { ...conv, branches, inputs: [left.input], output: node.output }
    }
  }
  return undefined
}

/** What a value may be taken for: a convolution, a norm, or as it is. */
function sumsOf(value: ValueId, soleProducer: SoleProducer): readonly Sum[] {
  const asIs: Sum = { input: value, branches: [identityBranch()] }
  const producer = soleProducer(value)
  const [input] = producer?.inputs ?? []
  if (input === undefined) return [asIs]
  if (isPlainConv(producer)) return [convSum(producer, input), asIs]
  if (producer?.op !== 'batchNorm' || producer.attributes.residual || producer.attributes.activation) return [asIs]
  const { runningMean, runningVar, ...affine } = producer.parameters
  if (!runningMean || !runningVar) return [asIs]
  const norm = { eps: producer.attributes.eps, parameters: { runningMean, runningVar, ...affine } }
  const conv = soleProducer(input)
  if (isPlainConv(conv) && !conv.branches) {
    const sum = convSum(conv, conv.inputs[0] as ValueId)
    return [{ ...sum, branches: sum.branches.map((branch) => ({ ...branch, norm })) }, asIs]
  }
  return [{ input, branches: [{ ...identityBranch(), norm }] }, asIs]
}

const convSum = (conv: Node<'conv'>, input: ValueId): Sum => ({
  input,
  conv,
  branches: conv.branches ?? [{ window: conv.attributes, ...conv.parameters }],
})

function isPlainConv(node: AnyNode | undefined): node is Node<'conv'> {
  if (node?.op !== 'conv') return false
  const { flip, reweighting, residual, activation } = node.attributes
  return !flip && !reweighting && !residual && !activation && !node.foldedNorm && !node.foldedScale
}

/** One tap; as many axes as the convolution that it is added to has. */
const identityBranch = (): ConvBranch => ({
  window: { kernel: [], stride: [], dilation: [], padStart: [], padEnd: [] },
})

function withWindow(branch: ConvBranch, { attributes: { kernel } }: Node<'conv'>): ConvBranch {
  if (branch.weight) return branch
  const all = (value: number) => kernel.map(() => value)
  const window: WindowAttributes = {
    kernel: all(1),
    stride: all(1),
    dilation: all(1),
    padStart: all(0),
    padEnd: all(0),
  }
  return { ...branch, window }
}

const taps = ({ attributes: { kernel } }: Node<'conv'>): number => kernel.reduce((product, size) => product * size, 1)

const largest = (a: Node<'conv'> | undefined, b: Node<'conv'> | undefined): Node<'conv'> | undefined =>
  a && b ? (taps(b) > taps(a) ? b : a) : (a ?? b)

/** Equal strides and groups; an identity takes a step at a time and keeps the channels. */
function agree(graph: Graph, left: Sum, right: Sum, conv: Node<'conv'>): boolean {
  const { stride, groups, outChannels } = conv.attributes
  const convs = [left.conv, right.conv].filter((other) => other !== undefined)
  const agrees = convs.every(
    ({ attributes }) => attributes.groups === groups && attributes.stride.join() === stride.join(),
  )
  const hasIdentity = [left, right].some(({ branches }) => branches.some(({ weight }) => weight === undefined))
  const keepsShape = stride.every((step) => step === 1) && graph.values[left.input]?.shape.at(-1) === outChannels
  return agrees && (!hasIdentity || keepsShape)
}
