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

/**
 * What each output channel's weights go through before they are used: they are brought to mean 0 and variance 1, then multiplied with
 * `scale` and the parameter gain (O, 1, ...) if there is one; or brought to the length that the gain says.
 */
export type Reweighting =
  | { readonly kind: 'standardize'; readonly eps: number; readonly scale: number }
  | { readonly kind: 'weightNorm' }

export interface ConvAttributes extends WindowAttributes {
  readonly outChannels: number
  readonly groups: number
  /** True convolution: the kernel is reversed along every spatial axis. */
  readonly flip: boolean
  readonly reweighting?: Reweighting
}

/** Of the convolution that it is the transpose of: the window slides over the output, and padding is cut off there. */
export interface ConvTransposeAttributes extends WindowAttributes {
  readonly outChannels: number
  readonly groups: number
}

export interface PoolAttributes extends WindowAttributes {
  /** Round the output size up (PyTorch's `ceil_mode`). */
  readonly ceil: boolean
}

/** One loop of a rearrangement: it runs `size` times and moves `step` elements along an axis of each value at every turn. */
export interface RearrangeLoop {
  readonly size: number
  /** Axes are d, h, w, c: 0 to 3. */
  readonly from: { readonly axis: number; readonly step: number }
  readonly to: { readonly axis: number; readonly step: number }
}

/** Output element i of an axis is the sum over t of `weights[i taps + t]` times input element `indices[i taps + t]`. */
export interface ResampleTable {
  readonly taps: number
  readonly indices: Int32Array
  readonly weights: Float32Array
}

export type BinaryOperator = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'pow'

export type Reduction = 'mean' | 'sum' | 'prod' | 'max' | 'min' | 'l1' | 'l2'

/** What each operator carries besides its inputs and parameters. */
export interface OpAttributes {
  conv: ConvAttributes & Epilogue
  /** Parameter weight (C, outChannels / groups, kernel). */
  convTranspose: ConvTransposeAttributes & Epilogue
  /** Inputs are x, offsets and perhaps a mask. */
  deformConv: ConvTransposeAttributes & { readonly offsetGroups: number }
  /** Parameters weight (H', W', outChannels, C, kernel) and bias (H', W', outChannels). */
  locallyConnected: WindowAttributes
  /** Inputs are x and the kernels of every output pixel, [group][tap] along the channels. */
  involution: WindowAttributes & { readonly groups: number }
  /** Inputs are two images; `patch` displacements along each axis. */
  correlation: {
    readonly patch: number
    readonly patchDilation: number
    readonly kernel: number
    readonly stride: number
    readonly padding: number
    readonly dilation: number
    readonly scale: number
  }
  dense: { readonly outFeatures: number } & Epilogue
  maxPool: PoolAttributes
  avgPool: PoolAttributes & { readonly countIncludePad: boolean }
  /** (sum of x^p)^(1 / p) */
  lpPool: PoolAttributes & { readonly p: number }
  /** Parameter weight (1): the share of the maximum; the rest is the average's. */
  mixedPool: PoolAttributes
  /** Sum of x^2 over sum of x. */
  stochasticPool: PoolAttributes
  /** Positions h W + w of the maxima. */
  maxPoolIndices: PoolAttributes
  /** Inputs are values and positions in the output. */
  maxUnpool: Record<never, never>
  /** A binomial filter of `size` x `size` over the image reflected at its edges. */
  blurPool: { readonly size: number; readonly stride: number; readonly padding: number }
  /** Inputs are an image and boxes (K, 4); the output is (K, height, width, C). */
  roiPool: { readonly spatialScale: number }
  /** As roiPool; `samplingRatio` 0 means as many samples as a bin has pixels. */
  roiAlign: { readonly spatialScale: number; readonly samplingRatio: number; readonly aligned: boolean }
  adaptiveAvgPool: { readonly outputSize: readonly number[] }
  adaptiveMaxPool: { readonly outputSize: readonly number[] }
  batchNorm: { readonly eps: number } & Epilogue
  localResponseNorm: { readonly size: number; readonly alpha: number; readonly beta: number; readonly k: number }
  activation: { readonly activation: Activation }
  /** Over the channels of each pixel; parameters weight and bias (C). */
  layerNorm: { readonly eps: number }
  /** Times the parameter scale, (C, 1, 1) or (C), plus the parameter bias (C) where it has one. */
  layerScale: Epilogue
  /** x where x > 0, else weight (C) x; a weight of one element is for all channels. */
  prelu: Record<never, never>
  softmax: Record<never, never>
  logSoftmax: Record<never, never>
  add: Epilogue
  /** Axes of size 1, or that are missing at the front, are repeated to the size of the other operand. */
  binary: { readonly operator: BinaryOperator } & Epilogue
  /** Over the axes on which the output has size 1. */
  reduce: { readonly operator: Reduction; readonly axes: readonly number[] }
  /** Products of matrices, rows on the last spatial axis; `transposed`: the second is given by its columns. */
  matmul: { readonly transposed: boolean; readonly activation?: Activation }
  /** The recurrent part of an LSTM: inputs gates (L, 4H), h0?, c0?; output h and c (L, 2H); parameters weight (4H, H), bias. */
  lstm: { readonly reverse: boolean }
  /** The recurrent part of a GRU: inputs gates (L, 3H), h0?; output h (L, H); parameters weight (3H, H), bias. */
  gru: { readonly reverse: boolean }
  /** Over the pixels and the channels of each group; parameters weight and bias (C), or neither. */
  groupNorm: { readonly groups: number; readonly eps: number } & Epilogue
  concat: Record<never, never>
  /** The channels from `start` on, as many as the output has. */
  slice: { readonly start: number }
  /** The c-th channel of group g becomes channel c groups + g; several inputs are taken as their concat. */
  channelShuffle: { readonly groups: number }
  flatten: Record<never, never>
  /** A convolution by 1 x 1 of the product of an image and a value with one number for each channel; inputs [x, scale]. */
  scaledConv: OpAttributes['conv']
  /** A convolution by 1 x 1 of the normed and activated input. */
  normConv: OpAttributes['conv'] & { readonly norm: FoldedNorm & { readonly activation?: Activation } }
  /** A depthwise convolution of what the convolution before it, which nothing else reads, computes piece by piece. */
  expandDepthwise: { readonly expand: ConvStage; readonly depthwise: ConvStage }
  /** The same and a convolution by 1 x 1 of it, which alone reads it; inputs [x] or [x, residual]. */
  invertedResidual: OpAttributes['expandDepthwise'] & { readonly project: ConvStage }
  /** Nested loops that take each element to its place; `of` is the layer's type. */
  rearrange: { readonly of: string; readonly loops: readonly RearrangeLoop[] }
  /** Element i of an axis is element `indices[axis][i]` of the input, or `value` where that is -1; null: the axis stays. */
  gather: { readonly of: string; readonly indices: readonly (Int32Array | null)[]; readonly value: number }
  /** Weighted sums along every spatial axis. */
  resample: { readonly of: string; readonly tables: readonly ResampleTable[] }
  /** The first input at the places in the second, with channels x, y (z) from -1 to 1. */
  gridSample: {
    readonly mode: 'nearest' | 'bilinear' | 'bicubic'
    readonly padding: 'zeros' | 'border' | 'reflection'
    readonly alignCorners: boolean
  }
  /** The parameter weight as a value; no inputs. */
  parameter: Record<never, never>
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
export type ParameterRole = 'weight' | 'bias' | 'scale' | 'gain' | 'runningMean' | 'runningVar'

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
  /** A conv that is the sum of several: its weight and bias come from these, what is folded follows. */
  readonly branches?: readonly ConvBranch[]
  readonly output: ValueId
}

/** A convolution of which only the sum with others is computed, with a batch norm of its own; without a weight it is the identity. */
export interface ConvBranch {
  readonly window: WindowAttributes
  readonly weight?: Parameter
  readonly bias?: Parameter
  readonly norm?: FoldedNorm
}

/** A convolution inside a node that computes several. */
export interface ConvStage
  extends Pick<Node<'conv'>, 'path' | 'attributes' | 'parameters' | 'foldedNorm' | 'foldedScale' | 'branches'> {
  /** Of its output. */
  readonly shape: readonly number[]
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
 * Every parameter of a graph once, in the order of first use, but layer scales and parameters that are values before what their
 * module's children have, as PyTorch lists a module's own parameters.
 */
export const graphParameters = (graph: Graph): readonly Parameter[] => {
  const found = new Map<string, Parameter>()
  const own = new Set<Parameter>()
  for (const node of graph.nodes) {
    const used: readonly Parameter[] = [
      ...Object.values(node.parameters),
      ...Object.values(node.foldedNorm?.parameters ?? {}),
      ...(node.foldedScale ? [node.foldedScale] : []),
      ...(node.branches ?? []).flatMap(({ weight, bias, norm }) => [
        ...[weight, bias].filter((parameter) => parameter !== undefined),
        ...Object.values(norm?.parameters ?? {}),
      ]),
    ]
    for (const parameter of used) {
      if (!found.has(parameter.path)) found.set(parameter.path, parameter)
    }
    const value = node.op === 'parameter' ? node.parameters.weight : undefined
    for (const parameter of [node.parameters.scale, node.foldedScale, value]) if (parameter) own.add(parameter)
  }
  const ordered: Parameter[] = []
  for (const parameter of found.values()) {
    const at = own.has(parameter) ? firstOfChildren(ordered, parameter) : ordered.length
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
