/** The representation in the middle: what front ends produce, passes transform and the planner lowers. */

import type { Tensor } from '../tensor.js'
import type { Activation } from './activation.js'

/** Index into {@link Graph.values}. */
export type ValueId = number

/** A symbolic tensor of the graph. `shape` is channels-last and has no batch: `[H, W, C]`, `[L, C]`, `[features]`. */
export interface Value {
  readonly shape: readonly number[]
}

/** A learnable or stored tensor, known by its state-dict path. `shape` is PyTorch's (OIHW for a convolution). */
export interface Parameter {
  readonly path: string
  readonly shape: readonly number[]
  /** False for what a state dict carries but nobody learns (running statistics). */
  readonly learnable: boolean
}

/** Sizes of a window over 1 to 3 spatial axes, outer to inner; each list has one entry per spatial axis. */
export interface WindowAttributes {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padStart: readonly number[]
  readonly padEnd: readonly number[]
}

export interface ConvAttributes extends WindowAttributes {
  readonly outChannels: number
  readonly groups: number
  /** True convolution: the kernel is reversed along every spatial axis. */
  readonly flip: boolean
}

export interface PoolAttributes extends WindowAttributes {
  /** Round the output size up (PyTorch's `ceil_mode`). */
  readonly ceil: boolean
}

/** What each operator carries besides its inputs and parameters. */
export interface OpAttributes {
  conv: ConvAttributes & Epilogue
  dense: { readonly outFeatures: number } & Epilogue
  maxPool: PoolAttributes
  avgPool: PoolAttributes & { readonly countIncludePad: boolean }
  adaptiveAvgPool: { readonly outputSize: readonly number[] }
  adaptiveMaxPool: { readonly outputSize: readonly number[] }
  batchNorm: { readonly eps: number } & Epilogue
  localResponseNorm: { readonly size: number; readonly alpha: number; readonly beta: number; readonly k: number }
  activation: { readonly activation: Activation }
  /** Over the channels of each pixel; parameters weight and bias (C). */
  layerNorm: { readonly eps: number }
  /** Times the parameter scale (C, 1, 1). */
  layerScale: Epilogue
  /** x where x > 0, else weight (C) x; a weight of one element is for all channels. */
  prelu: Record<never, never>
  softmax: Record<never, never>
  logSoftmax: Record<never, never>
  add: Epilogue
  /** Axes of size 1, or that are missing at the front, are repeated to the size of the other operand. */
  multiply: Epilogue
  concat: Record<never, never>
  /** The channels from `start` on, as many as the output has. */
  slice: { readonly start: number }
  /** The c-th channel of group g becomes channel c groups + g. */
  channelShuffle: { readonly groups: number }
  flatten: Record<never, never>
  /** The identity at inference: dropout and its kin. */
  identity: { readonly of: string }
}

/** What passes fuse behind an operator's own arithmetic: first the residual (a last extra input), then the activation. */
export interface Epilogue {
  readonly residual?: boolean
  readonly activation?: Activation
}

export type Op = keyof OpAttributes

/** Names of the parameters an operator may have. */
export type ParameterRole = 'weight' | 'bias' | 'scale' | 'runningMean' | 'runningVar'

export interface Node<K extends Op = Op> {
  readonly op: K
  /** Path of the layer that made the node, `layer1.0.conv1`; unique names are not promised (a layer may run twice). */
  readonly path: string
  readonly attributes: OpAttributes[K]
  readonly inputs: readonly ValueId[]
  readonly parameters: Readonly<Partial<Record<ParameterRole, Parameter>>>
  /** Batch norm folded into a conv or dense: y = conv(x) * scale + shift per output channel, from these statistics. */
  readonly foldedNorm?: FoldedNorm
  /** Layer scale folded into a conv or dense: y = conv(x) * scale per output channel. Never beside a folded norm. */
  readonly foldedScale?: Parameter
  readonly output: ValueId
}

export interface FoldedNorm {
  readonly eps: number
  readonly parameters: Readonly<
    Record<'runningMean' | 'runningVar', Parameter> & Partial<Record<'weight' | 'bias', Parameter>>
  >
}

export type AnyNode = { [K in Op]: Node<K> }[Op]

export interface NamedValue {
  readonly name: string
  readonly value: ValueId
}

/** Frozen; nodes are in topological order; every value is an input, a constant or the output of exactly one node. */
export interface Graph {
  readonly values: readonly Value[]
  readonly inputs: readonly NamedValue[]
  readonly outputs: readonly NamedValue[]
  readonly nodes: readonly AnyNode[]
  /** Values known before any run, channels-last, without batch. */
  readonly constants: ReadonlyMap<ValueId, Float32Array>
}

/** What a session is made from: a graph, the weights of its parameters, and the same network at other input sizes. */
export interface GraphSource {
  readonly graph: Graph
  /** The network on inputs of other shapes (channels-last, without batch), with the same parameters. */
  retrace(shapes: Readonly<Record<string, readonly number[]>>): Graph
  readonly parameters: ReadonlyMap<string, Tensor>
}

/**
 * Every parameter of a graph once, in the order of first use, but a layer scale before what its module's children have, as
 * PyTorch lists a module's own parameters.
 */
export const graphParameters = (graph: Graph): readonly Parameter[] => {
  const found = new Map<string, Parameter>()
  const scales = new Set<Parameter>()
  for (const node of graph.nodes) {
    const used: readonly Parameter[] = [
      ...Object.values(node.parameters),
      ...Object.values(node.foldedNorm?.parameters ?? {}),
      ...(node.foldedScale ? [node.foldedScale] : []),
    ]
    for (const parameter of used) {
      if (!found.has(parameter.path)) found.set(parameter.path, parameter)
    }
    for (const scale of [node.parameters.scale, node.foldedScale]) if (scale) scales.add(scale)
  }
  const ordered: Parameter[] = []
  for (const parameter of found.values()) {
    const at = scales.has(parameter) ? firstOfChildren(ordered, parameter) : ordered.length
    ordered.splice(at, 0, parameter)
  }
  return ordered
}

/** Index of the first parameter that a child of the module of `own` has. */
const firstOfChildren = (parameters: readonly Parameter[], own: Parameter): number => {
  const module = own.path.slice(0, own.path.lastIndexOf('.') + 1)
  const index = parameters.findIndex(({ path }) => path.startsWith(module) && path.includes('.', module.length))
  return index < 0 ? parameters.length : index
}
