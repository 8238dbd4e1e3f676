/** Lowers a graph to the plan that the engine runs. */

import type { AnyNode, Graph, Parameter, ValueId } from './graph.js'
import {
  assignLayout,
  type Buffer,
  type ConvNode,
  convHalo,
  type Halo,
  isConvNode,
  isExpansion,
  NO_HALO,
  paddedSize,
  type Slot,
  toExtents,
  toTriple,
} from './layout.js'
import { type ConvAlgorithm, lowerNode } from './lowering.js'
import { avoidAliasing, type Lifetime, planMemory } from './memory.js'
import type { FileRange, PlanSpec, StepSpec, ViewSpec } from './plan-spec.js'

/** Axis order of the user's buffers. */
export type DataLayout = 'nhwc' | 'nchw'

/** Whether packed weights may take more memory than the network's own. */
export type MemoryUse = 'normal' | 'low'

/** Whether rounding errors may exceed four times those of plain summation. */
export type Accuracy = 'normal' | 'fast'

/** Channels of a group, in and out, that the algorithm `grouped` can run. */
const GROUPED_CHANNELS: readonly number[] = [2, 4, 8, 16]

export interface PlanOptions {
  readonly batch: number
  readonly layout: DataLayout
  /** The data of a parameter, in PyTorch's order. */
  readonly data: (parameter: Parameter) => Float32Array
  /** Where the data of a parameter lies in a file, if it does; what the engine alone reads is left there. */
  readonly stored?: (parameter: Parameter) => Float32Array | FileRange
  /** Tells the graph's constants apart from those of other graphs whose plans share a weight store. */
  readonly scope: string
  readonly memory?: MemoryUse
  readonly accuracy?: Accuracy
  /** Forces an algorithm on every convolution that it can run, for tests and measurements. */
  readonly algorithm?: ConvAlgorithm
}

/** A halo may make an image this many times larger, or as large as fits into a core's cache, before it is gathered instead. */
const LARGEST_GROWTH = 4
const LARGEST_CACHED_SIZE = 1 << 18

/** Algorithms that copy what they read. */
const WITHOUT_HALO: readonly ConvAlgorithm[] = ['im2col', 'planes', 'nested']

/** Depthwise kernels from this size on are computed by algorithms that copy what they read. */
const LARGE_KERNEL = 9

/** Those that the algorithm `nested` can run, whose rounding errors would be too large with fewer taps. */
const NESTED_KERNEL = 17

/** The plan of a graph for one batch size. Pure: equal arguments give equal plans. */
export function lower(graph: Graph, options: PlanOptions): PlanSpec {
  const haloOf = (node: AnyNode): Halo => {
    return isExpansion(node) || (isConvNode(node) && readsHalo(graph, node, options)) ? convHalo(graph, node) : NO_HALO
  }
  const { buffers, slots, copies } = assignLayout(graph, haloOf)
  const steps: StepSpec[] = []
  const places: Place[] = graph.values.map((value, i) => ({
    slot: slots[i] as Slot,
    channels: toExtents(value.shape)[3],
  }))

  const emit = (name: string, step: Partial<StepSpec> & Pick<StepSpec, 'op'>): void => {
    steps.push({ name, inputs: [], outputs: [], attributes: {}, parameters: {}, ...step })
  }
  const emitOutputs = (value: ValueId): void => {
    graph.outputs.forEach((output, index) => {
      if (output.value !== value) return
      emit(output.name, { op: 'output', inputs: [value], attributes: { index, layout: options.layout } })
    })
  }

  graph.inputs.forEach(({ name, value }, index) => {
    emit(name, { op: 'input', outputs: [value], attributes: { index, layout: options.layout } })
    emitOutputs(value)
  })
  for (const [value, data] of graph.constants) {
    const key = `constant ${value} of ${options.scope}`
    emit(`constant ${value}`, { op: 'constant', outputs: [value], parameters: { data: { key, data } } })
    emitOutputs(value)
  }
  const context = {
    data: options.data,
    stored: options.stored ?? options.data,
    convAlgorithm: (node: ConvNode) => convAlgorithm(graph, node, options),
    shape: (value: ValueId) => shapeOf(graph, value),
  }
  for (const node of graph.nodes) {
    for (const { value, slot } of copies.get(node.output) ?? []) {
      const channels = toExtents(shapeOf(graph, value))[3]
      emit(node.path, { op: 'copy', inputs: [value], outputs: [places.push({ slot, channels }) - 1] })
    }
    const step = lowerNode(node, context)
    if (step) emit(node.path, { ...step, inputs: node.inputs, outputs: [node.output] })
    emitOutputs(node.output)
  }

  const { offsets, arenaSize } = planMemory(lifetimes(buffers, places, steps, options.batch))
  const sizeOf = (value: ValueId): number => options.batch * shapeOf(graph, value).reduce((a, b) => a * b, 1)
  return {
    arenaSize,
    views: places.map((place) => {
      const buffer = buffers[place.slot.buffer] as Buffer
      return toView(buffer, offsets[place.slot.buffer] ?? 0, place, options.batch)
    }),
    steps,
    inputSizes: graph.inputs.map(({ value }) => sizeOf(value)),
    outputSizes: graph.outputs.map(({ value }) => sizeOf(value)),
  }
}

/** A view before its buffer has an offset. */
interface Place {
  readonly slot: Slot
  readonly channels: number
}

const inChannelsOf = (graph: Graph, node: ConvNode): number => toExtents(shapeOf(graph, node.inputs[0] ?? -1))[3]

function shapeOf(graph: Graph, value: ValueId): readonly number[] {
  return graph.values[value]?.shape ?? []
}

const ENGINES_CHOICE: ReadonlySet<ConvAlgorithm> = new Set<ConvAlgorithm>(['auto', 'fast', 'fused', 'separate'])

const hasLargeKernel = (graph: Graph, node: ConvNode): boolean => {
  const [, height, width] = toTriple(node.attributes.kernel, 1)
  return Math.min(height, width) >= LARGE_KERNEL && canRun('planes', node, inChannelsOf(graph, node))
}

function readsHalo(graph: Graph, node: ConvNode, options: PlanOptions): boolean {
  const algorithm = convAlgorithm(graph, node, options)
  const isCopied = ENGINES_CHOICE.has(algorithm) && hasLargeKernel(graph, node)
  return !isCopied && !WITHOUT_HALO.includes(algorithm)
}

function convAlgorithm(graph: Graph, node: ConvNode, options: PlanOptions): ConvAlgorithm {
  const { algorithm = 'auto', memory = 'normal', accuracy = 'normal' } = options
  const isOverPlanes = algorithm === 'planes' || algorithm === 'nested'
  if (isOverPlanes && canRun(algorithm, node, inChannelsOf(graph, node))) return algorithm
  const isForced = !ENGINES_CHOICE.has(algorithm) && !isOverPlanes
  if (isForced && (node.op === 'conv' || algorithm === 'direct' || algorithm === 'im2col')) return algorithm
  const isLarge = hasLargeKernel(graph, node)
  if (isLarge && memory === 'low') return 'planes'
  const extents = toExtents(shapeOf(graph, node.inputs[0] ?? -1))
  const size = paddedSize(extents, convHalo(graph, node))
  const isExcessive = size > LARGEST_GROWTH * paddedSize(extents, NO_HALO) && size > LARGEST_CACHED_SIZE
  if (isExcessive && !isLarge) return 'im2col'
  if (memory === 'low') return NARROW.find((name) => canRun(name, node, extents[3])) ?? 'direct'
  return accuracy === 'fast' ? 'fast' : 'auto'
}

/** Algorithms of narrow convolutions whose weights are as large as the network's own. */
const NARROW = ['depthwise', 'grouped', 'dot'] as const

/** With so few outputs, fewer than any vector has lanes, `dot` is faster than `direct`. */
const DOT_CHANNELS = 3

function canRun(algorithm: 'planes' | 'nested' | (typeof NARROW)[number], node: ConvNode, inChannels: number): boolean {
  const { op, attributes } = node
  if (algorithm === 'dot') return attributes.groups === 1 && attributes.outChannels <= DOT_CHANNELS
  // The phases of a transposed convolution differ in what can run them.
  if (op === 'convTranspose' || attributes.groups === 1 || attributes.outChannels !== inChannels) return false
  const channels = inChannels / attributes.groups
  switch (algorithm) {
    case 'depthwise':
      return channels === 1
    case 'planes':
      return channels === 1 && attributes.kernel.length < 3 && attributes.dilation.every((value) => value === 1)
    case 'nested':
      return (
        canRun('planes', node, inChannels) &&
        attributes.kernel.length === 2 &&
        attributes.kernel.every((size) => size >= NESTED_KERNEL) &&
        attributes.stride.every((step) => step === 1)
      )
    case 'grouped':
      return GROUPED_CHANNELS.includes(channels)
  }
}

/** A buffer lives from the first to the last step that touches any of its views. */
function lifetimes(
  buffers: readonly Buffer[],
  places: readonly Place[],
  steps: readonly StepSpec[],
  batch: number,
): readonly Lifetime[] {
  const first = buffers.map(() => steps.length)
  const last = buffers.map(() => -1)
  steps.forEach((step, index) => {
    for (const view of [...step.inputs, ...step.outputs]) {
      const { buffer } = (places[view] as Place).slot
      first[buffer] = Math.min(first[buffer] ?? index, index)
      last[buffer] = index
    }
  })
  return buffers.map((buffer, i) => ({
    size: batch * strides(buffer)[0],
    first: first[i] ?? 0,
    last: last[i] ?? -1,
  }))
}

/** Of n, d, h, w. */
function strides({ extents, halo }: Buffer): readonly [number, number, number, number] {
  const [d, h, w, c] = extents
  const pixel = avoidAliasing(c)
  const row = (w + halo[4] + halo[5]) * pixel
  const plane = (h + halo[2] + halo[3]) * row
  return [(d + halo[0] + halo[1]) * plane, plane, row, pixel]
}

function toView(buffer: Buffer, start: number, { slot, channels }: Place, batch: number): ViewSpec {
  const [image, plane, row, pixel] = strides(buffer)
  const [d, h, w] = buffer.extents
  const { halo } = buffer
  return {
    offset: start + halo[0] * plane + halo[2] * row + halo[4] * pixel + slot.channel,
    shape: [batch, d, h, w, channels],
    strides: [image, plane, row, pixel],
    halo,
  }
}
