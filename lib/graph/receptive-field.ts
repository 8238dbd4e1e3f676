import type { AnyNode, Graph, WindowAttributes } from './graph.js'

/** How much of the input one element of a value sees, per spatial axis from outer to inner. */
export interface ReceptiveField {
  readonly size: readonly number[]
  /** Distance in the input between what neighbouring elements see. */
  readonly jump: readonly number[]
}

const slide = (
  field: ReceptiveField,
  window: Pick<WindowAttributes, 'kernel' | 'stride' | 'dilation'>,
): ReceptiveField => ({
  size: field.size.map((size, axis) => {
    const reach = (window.dilation[axis] as number) * ((window.kernel[axis] as number) - 1)
    return size + reach * (field.jump[axis] as number)
  }),
  jump: field.jump.map((jump, axis) => jump * (window.stride[axis] as number)),
})

/** PyTorch's adaptive windows: element i sees floor(i n / m) up to ceil((i + 1) n / m). */
const largestAdaptiveWindow = (input: number, output: number): number => {
  let largest = 0
  for (let i = 0; i < output; i++) {
    largest = Math.max(largest, Math.ceil(((i + 1) * input) / output) - Math.floor((i * input) / output))
  }
  return largest
}

const widest = (fields: readonly ReceptiveField[]): ReceptiveField => {
  const max = (pick: (field: ReceptiveField) => readonly number[]) => {
    const rank = Math.max(...fields.map((field) => pick(field).length))
    return Array.from({ length: rank }, (_, axis) => Math.max(...fields.map((field) => pick(field)[axis] ?? 1)))
  }
  return { size: max((field) => field.size), jump: max((field) => field.jump) }
}

/** Axes of a flat value keep the field that they had, so `spatial` may be shorter than the field. */
const whole = (field: ReceptiveField, spatial: readonly number[]): ReceptiveField =>
  slide(field, {
    kernel: field.size.map((_, axis) => spatial[axis] ?? 1),
    stride: field.size.map((_, axis) => spatial[axis] ?? 1),
    dilation: field.size.map(() => 1),
  })

const through = (node: AnyNode, field: ReceptiveField, spatial: readonly number[]): ReceptiveField => {
  switch (node.op) {
    case 'conv':
    case 'maxPool':
    case 'avgPool':
      return slide(field, node.attributes)
    case 'adaptiveAvgPool':
    case 'adaptiveMaxPool': {
      const { outputSize } = node.attributes
      return slide(field, {
        kernel: spatial.map((size, axis) => largestAdaptiveWindow(size, outputSize[axis] as number)),
        stride: spatial.map((size, axis) => Math.max(1, Math.floor(size / (outputSize[axis] as number)))),
        dilation: spatial.map(() => 1),
      })
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
 * size' = size + dilation (kernel - 1) jump, jump' = stride jump. Padding is not subtracted, so a size may exceed the input's.
 */
export const receptiveFields = (graph: Graph): readonly ReceptiveField[] => {
  const spatialOf = (value: number) => graph.values[value]?.shape.slice(0, -1) ?? []
  const start = (value: number): ReceptiveField => ({
    size: spatialOf(value).map(() => 1),
    jump: spatialOf(value).map(() => 1),
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
