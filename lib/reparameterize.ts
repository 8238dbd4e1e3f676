/** Networks whose parallel branches are merged into single convolutions. */

import { invalidOption } from './errors.js'
import type { AnyNode, Graph, Node, Parameter } from './graph/graph.js'
import { mergedKernel } from './graph/merged-kernel.js'
import { mergeBranches } from './graph/passes/merge-branches.js'
import { removeDeadValues } from './graph/passes/remove-dead-values.js'
import { removeIdentities } from './graph/passes/remove-identities.js'
import { isModel, Model, type Shapes } from './model.js'
import { Tensor } from './tensor.js'

type MergedConv = Node<'conv'> & Required<Pick<Node<'conv'>, 'branches'>>

const isMerged = (node: AnyNode): node is MergedConv => node.op === 'conv' && node.branches !== undefined

/** What the paths of the branches' weights have in common: the module around them. */
const commonModule = ({ branches }: MergedConv): string => {
  const paths = branches.flatMap(({ weight }) => (weight ? [weight.path.split('.').slice(0, -1)] : []))
  const [first = []] = paths
  const length = first.findIndex((part, i) => paths.some((path) => path[i] !== part))
  return first.slice(0, length === -1 ? -1 : length).join('.')
}

/** The merged convolutions of a graph with parameters of their own, which no other parameter is called as. */
const nameMerged = (graph: Graph): { readonly graph: Graph; readonly merged: ReadonlyMap<string, MergedConv> } => {
  const merged = new Map<string, MergedConv>()
  const nodes = graph.nodes.map((node) => {
    if (!isMerged(node)) return node
    const module = commonModule(node)
    const base = module === '' ? 'reparam_conv' : `${module}.reparam_conv`
    let path = base
    for (let i = 2; merged.has(path); i++) path = `${base}${i}`
    merged.set(path, node)
    const { branches: _, ...plain } = node
    const parameter = (name: string, shape: readonly number[]): Parameter => ({
      path: `${path}.${name}`,
      shape,
      learnable: true,
    })
    const weight = parameter('weight', (node.parameters.weight as Parameter).shape)
    return { ...plain, path, parameters: { weight, bias: parameter('bias', weight.shape.slice(0, 1)) } }
  })
  return { graph: { ...graph, nodes }, merged }
}

const merge = (graph: Graph) => nameMerged(removeDeadValues(mergeBranches(removeIdentities(removeDeadValues(graph)))))

/**
 * The same network with every sum of parallel convolutions of one value merged into one convolution, as RepVGG, MobileOne and RepLKNet want
 * it after training; everything else, and what it computes but for rounding, stays.
 *
 * `compile` merges by itself, so this is for what a network looks like and weighs: its summary and its weights file. A merged
 * convolution is called `reparam_conv`, in the module around its branches, and has `weight` and `bias`. Weights that `net` has are merged in
 * float64 and rounded once; `net` stays as it is. Ding et al., arXiv:2101.03697.
 *
 * ```ts
 * import { createModel, reparameterize } from 'im2col'
 *
 * const trained = createModel('repvgg_a0').randomizeWeights({ seed: 1 })
 * await reparameterize(trained).saveWeights('repvgg_a0_merged.safetensors')
 * const net = await reparameterize(createModel('repvgg_a0')).loadWeights('repvgg_a0_merged.safetensors')
 * ```
 */
export const reparameterize = <I extends Shapes, O extends Shapes>(net: Model<I, O>): Model<I, O> => {
  if (!isModel(net)) throw invalidOption('what is reparameterized', 'a model', net)
  const result = new Model<I, O>(net.inputs, (shapes) => merge(net.retrace(shapes)).graph)
  if (!net.hasWeights) return result
  const weights = new Map(net.weights)
  for (const [path, { branches, parameters }] of merge(net.graph).merged) {
    const largest = parameters.weight as Parameter
    const { weight, bias } = mergedKernel(branches, largest, ({ path }) => (net.weights.get(path) as Tensor).data)
    weights.set(`${path}.weight`, new Tensor(weight, largest.shape))
    weights.set(`${path}.bias`, new Tensor(bias, [bias.length]))
  }
  return result.takeWeights(weights)
}
