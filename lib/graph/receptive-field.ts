import type { AnyNode, Graph, ResampleTable, WindowAttributes } from './graph.js'

/** How much of the input one element of a value sees, per spatial axis from outer to inner. */
export interface ReceptiveField {
  readonly size: readonly number[]
  /** Distance in the input between what neighbouring elements see. */
  readonly jump: readonly number[]
  /** Where the middle of what the first element sees lies; that of the input's first element is 0.5, padding lies below 0. */
  readonly start: readonly number[]
}

type Window = Pick<WindowAttributes, 'kernel' | 'stride' | 'dilation'> & Partial<Pick<WindowAttributes, 'padStart'>>

const slide = (field: ReceptiveField, { kernel, stride, dilation, padStart }: Window): ReceptiveField => {
  const reach = (axis: number) => (dilation[axis] as number) * ((kernel[axis] as number) - 1)
  return {
    size: field.size.map((size, axis) => size + reach(axis) * (field.jump[axis] as number)),
    jump: field.jump.map((jump, axis) => jump * (stride[axis] as number)),
    start: field.start.map((start, axis) => {
      return start + (reach(axis) / 2 - (padStart?.[axis] ?? 0)) * (field.jump[axis] as number)
    }),
  }
}

/** PyTorch's adaptive windows: element i sees floor(i n / m) up to ceil((i + 1) n / m). */
const largestAdaptiveWindow = (input: number, output: number): number => {
  let largest = 0
  for (let i = 0; i < output; i++) {
    largest = Math.max(largest, Math.ceil(((i + 1) * input) / output) - Math.floor((i * input) / output))
  }
  return largest
}

/** Along each axis that of the branch that sees most. */
const widest = (fields: readonly ReceptiveField[]): ReceptiveField => {
  const rank = Math.max(...fields.map(({ size }) => size.length))
  const axes = Array.from({ length: rank }, (_, axis) =>
    fields.reduce((best, field) => ((field.size[axis] ?? 1) > (best.size[axis] ?? 1) ? field : best)),
  )
  return {
    size: axes.map((field, axis) => field.size[axis] ?? 1),
    jump: axes.map((_, axis) => Math.max(...fields.map(({ jump }) => jump[axis] ?? 1))),
    start: axes.map((field, axis) => field.start[axis] ?? 0.5),
  }
}

/** Axes of a flat value keep the field that they had, so `spatial` may be shorter than the field. */
const whole = (field: ReceptiveField, spatial: readonly number[]): ReceptiveField =>
  slide(field, {
    kernel: field.size.map((_, axis) => spatial[axis] ?? 1),
    stride: field.size.map((_, axis) => spatial[axis] ?? 1),
    dilation: field.size.map(() => 1),
  })

/** An output of a transposed convolution sees the inputs that lie, stride apart, under its window. */
const spread = (field: ReceptiveField, { kernel, stride, dilation, padStart }: WindowAttributes): ReceptiveField => {
  const reach = (axis: number) => (dilation[axis] as number) * ((kernel[axis] as number) - 1)
  const jumps = field.jump.map((jump, axis) => jump / (stride[axis] as number))
  return {
    size: field.size.map((size, axis) => {
      return size + Math.floor(reach(axis) / (stride[axis] as number)) * (field.jump[axis] as number)
    }),
    jump: jumps,
    start: field.start.map((start, axis) => {
      return start + ((padStart[axis] as number) - reach(axis) / 2) * (jumps[axis] as number)
    }),
  }
}

/** How an axis is read anew: `reach` more of its elements by each new one, `step` apart, the first `shift` from its first. */
interface AxisReads {
  readonly reach: number
  readonly step: number
  readonly shift: number
}

/** Axes without reads stay as they are. */
const readAxes = (field: ReceptiveField, reads: readonly (AxisReads | undefined)[]): ReceptiveField => {
  const axis = (i: number) => reads[i] ?? { reach: 0, step: 1, shift: 0 }
  const jumpAt = (i: number) => field.jump[i] as number
  return {
    size: field.size.map((size, i) => size + axis(i).reach * jumpAt(i)),
    jump: field.jump.map((jump, i) => axis(i).step * jump),
    start: field.start.map((start, i) => start + axis(i).shift * jumpAt(i)),
  }
}

/** `count` elements, evenly over `size` of them. */
const resized = (size: number, count: number, reach: number): AxisReads => {
  const step = size / count
  return { reach, step, shift: (step - 1) / 2 }
}

/** Padding reads where the axis would go on: it ends where element 0 is followed by element 1. */
const gathered = (of: string, indices: readonly number[] | null, size: number): AxisReads | undefined => {
  if (indices === null) return undefined
  if (of === 'resize') return resized(size, indices.length, 0)
  const [first = 0, second = first + 1] = indices
  if (of !== 'pad') return { reach: 0, step: Math.abs(second - first), shift: first }
  return {
    reach: 0,
    step: 1,
    shift: -indices.findIndex((index, i) => index === 0 && (size === 1 || indices[i + 1] === 1)),
  }
}

const resampled = ({ taps, indices }: ResampleTable, size: number): AxisReads => {
  const count = indices.length / taps
  const reaches = Array.from({ length: count }, (_, i) => {
    const read = indices.slice(i * taps, (i + 1) * taps)
    return Math.max(...read) - Math.min(...read)
  })
  return resized(size, count, Math.max(...reaches))
}

const through = (node: AnyNode, field: ReceptiveField, spatial: readonly number[]): ReceptiveField => {
  switch (node.op) {
    case 'conv':
    case 'deformConv':
    case 'locallyConnected':
    case 'involution':
    case 'maxPool':
    case 'avgPool':
    case 'lpPool':
    case 'mixedPool':
    case 'stochasticPool':
    case 'maxPoolIndices':
      return slide(field, node.attributes)
    case 'blurPool': {
      const { size, stride } = node.attributes
      const all = (value: number) => field.size.map(() => value)
      return slide(field, { kernel: all(size), stride: all(stride), dilation: all(1) })
    }
    case 'adaptiveAvgPool':
    case 'adaptiveMaxPool': {
      const { outputSize } = node.attributes
      return slide(field, {
        kernel: spatial.map((size, axis) => largestAdaptiveWindow(size, outputSize[axis] as number)),
        stride: spatial.map((size, axis) => Math.max(1, Math.floor(size / (outputSize[axis] as number)))),
        dilation: spatial.map(() => 1),
      })
    }
    case 'convTranspose':
      return spread(field, node.attributes)
    case 'gather': {
      const { of, indices } = node.attributes
      return readAxes(
        field,
        spatial.map((size, axis) => gathered(of, indices[axis] ?? null, size)),
      )
    }
    case 'resample':
      return readAxes(
        field,
        node.attributes.tables.map((table, axis) => resampled(table, spatial[axis] as number)),
      )
    case 'reduce': {
      const sizes = spatial.map((size, axis) => (node.attributes.axes.includes(axis) ? size : 1))
      return slide(field, { kernel: sizes, stride: sizes, dilation: spatial.map(() => 1) })
    }
    case 'flatten':
      return whole(field, spatial)
    default:
      return field
  }
}

/**
 * The receptive field of every node's output, by position in `graph.nodes`; where branches meet, the larger one counts.
 *
 * size' = size + dilation (kernel - 1) jump, jump' = stride jump, start' = start + (dilation (kernel - 1) / 2 - padding) jump. Padding is not
 * subtracted, so a size may exceed the input's. Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019.
 */
export const receptiveFields = (graph: Graph): readonly ReceptiveField[] => {
  const spatialOf = (value: number) => graph.values[value]?.shape.slice(0, -1) ?? []
  const start = (value: number): ReceptiveField => ({
    size: spatialOf(value).map(() => 1),
    jump: spatialOf(value).map(() => 1),
    start: spatialOf(value).map(() => 0.5),
  })
  const fields = new Map(graph.inputs.map(({ value }) => [value, start(value)]))
  return graph.nodes.map((node) => {
    const inputs = node.inputs.map((value) => fields.get(value)).filter((field) => field !== undefined)
    const field =
      inputs.length === 0 ? start(node.output) : through(node, widest(inputs), spatialOf(node.inputs[0] as number))
    if (inputs.length > 0) fields.set(node.output, field)
    return field
  })
}
