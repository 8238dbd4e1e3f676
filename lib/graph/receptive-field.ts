import {
  type AxisReads,
  allOf,
  gathered,
  largestAdaptiveWindow,
  overWindow,
  resampled,
  resized,
  underWindow,
} from './axis-reads.js'
import type { AnyNode, Graph, Node, ValueId, WindowAttributes } from './graph.js'

/** How much of the input one element of a value sees, per spatial axis from outer to inner. */
export interface ReceptiveField {
  readonly size: readonly number[]
  /** Distance in the input between what neighbouring elements see. */
  readonly jump: readonly number[]
  /** Where the middle of what the first element sees lies; that of the input's first element is 0.5, padding lies below 0. */
  readonly start: readonly number[]
}

/** What a value sees of each axis of the input, at how many places of it, and which of these axes the value's own spatial axes walk along. */
interface Sight {
  readonly axes: readonly SeenAxis[]
  readonly along: readonly (readonly number[])[]
}

export interface SeenAxis {
  readonly size: number
  readonly jump: number
  readonly start: number
  readonly places: number
}

export const unseen: SeenAxis = { size: 1, jump: 1, start: 0.5, places: 1 }

export const read = (axis: SeenAxis, { reach, step, shift, count }: AxisReads): SeenAxis => ({
  size: axis.size + reach * axis.jump,
  jump: axis.jump * step,
  start: axis.start + shift * axis.jump,
  places: count,
})

const seesAll = (axis: SeenAxis): SeenAxis => read(axis, allOf(axis.places))

/** Each spatial axis of a value read anew; where it walks along several axes of the input, or shares one, whatever reaches sees all of them. */
const readAxes = (sight: Sight, reads: readonly (AxisReads | undefined)[]): Sight => {
  const axes = [...sight.axes]
  reads.forEach((reading, axis) => {
    const walked = sight.along[axis] ?? []
    const [first] = walked
    if (reading === undefined || first === undefined) return
    const isAlone = walked.length === 1 && sight.along.filter((others) => others.includes(first)).length === 1
    if (isAlone) axes[first] = read(axes[first] as SeenAxis, reading)
    else if (reading.reach > 0) for (const each of walked) axes[each] = seesAll(axes[each] as SeenAxis)
  })
  return { axes, along: sight.along }
}

/** What values that meet element by element see together: the most of any; one that is repeated along an axis does not walk along it. */
const together = (sights: readonly Sight[]): Sight => {
  const count = Math.max(...sights.map(({ axes }) => axes.length))
  const axes = Array.from({ length: count }, (_, index) => {
    const seen = sights.map((sight) => sight.axes[index] ?? unseen)
    const places = Math.max(...seen.map((axis) => axis.places))
    const walking = seen.filter((axis) => axis.places === places)
    const widest = walking.reduce((best, axis) => (axis.size > best.size ? axis : best))
    return {
      size: Math.max(...seen.map(({ size }) => size)),
      jump: Math.max(...walking.map(({ jump }) => jump)),
      start: widest.start,
      places,
    }
  })
  const extent = ({ axes: seen }: Sight) => seen.reduce((product, { places }) => product * places, 1)
  const largest = sights.reduce((best, sight) => (extent(sight) > extent(best) ? sight : best))
  return { axes, along: largest.along }
}

const everywhere = (sight: Sight): Sight => ({ axes: sight.axes.map(seesAll), along: sight.along.map(() => []) })

/** Turns over spatial axes that end among the channels are seen together; the others say along what the new axes walk. */
const rearranged = (sight: Sight, { loops }: Node<'rearrange'>['attributes'], rank: number): Sight => {
  const channels = 3
  const from = channels - sight.along.length
  const to = channels - rank
  const turns = loops.filter((turn) => turn.size > 1 && turn.from.axis < channels)
  const along = Array.from({ length: rank }, (_, axis) => {
    const walked = turns
      .filter((turn) => turn.to.axis === axis + to)
      .flatMap((turn) => sight.along[turn.from.axis - from] ?? [])
    return [...new Set(walked)]
  })
  const reads = sight.along.map((_, axis): AxisReads => {
    const own = turns.filter((turn) => turn.from.axis === axis + from)
    const kept = own.filter((turn) => turn.to.axis < channels)
    const reach = own
      .filter((turn) => turn.to.axis === channels)
      .reduce((sum, turn) => sum + (turn.size - 1) * turn.from.step, 0)
    const count = kept.reduce((product, turn) => product * turn.size, 1)
    if (kept.length === 0) return { ...allOf(reach + 1), reach }
    const finest = kept.reduce((best, turn) => (turn.from.step < best.from.step ? turn : best))
    const isAlone = turns.filter((turn) => turn.to.axis === finest.to.axis).length === 1
    const step = finest.from.step / (isAlone ? finest.to.step : 1)
    return { reach, step, shift: reach / 2, count: isAlone ? count * finest.to.step : count }
  })
  return { axes: readAxes(sight, reads).axes, along }
}

const window = (sight: Sight, attributes: WindowAttributes, sizes: readonly number[]): Sight =>
  readAxes(
    sight,
    sizes.map((count, axis) => overWindow(attributes, axis, count)),
  )

const correlated = (
  [first, second]: readonly Sight[],
  { attributes }: Node<'correlation'>,
  sizes: readonly number[],
): Sight => {
  const { kernel, dilation, stride, padding, patch, patchDilation } = attributes
  const reach = dilation * (kernel - 1)
  const reads = (displacements: number) =>
    sizes.map((count) => ({ reach: reach + displacements, step: stride, shift: reach / 2 - padding, count }))
  return together([
    ...(first ? [readAxes(first, reads(0))] : []),
    ...(second ? [readAxes(second, reads(patchDilation * (patch - 1)))] : []),
  ])
}

/** Rows of a product see their row of the first factor, and every row of the second. */
const multiplied = ([first, second]: readonly Sight[]): Sight => {
  const isRow = (sight: Sight, axis: number) => axis === sight.along.length - 1
  const all = (sight: Sight) => {
    const rows = sight.along.find((_, axis) => isRow(sight, axis)) ?? []
    return { axes: sight.axes.map((axis, i) => (rows.includes(i) ? seesAll(axis) : axis)), along: sight.along }
  }
  return together([...(first ? [first] : []), ...(second ? [all(second)] : [])])
}

/** `sights` are those of the inputs that depend on the network's inputs, `spatial` and `sizes` the spatial sizes of the first input and of the output. */
const through = (
  node: AnyNode,
  sights: readonly Sight[],
  spatial: readonly number[],
  sizes: readonly number[],
): Sight => {
  const sight = together(sights)
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
      return window(sight, node.attributes, sizes)
    case 'blurPool': {
      const { size, stride, padding } = node.attributes
      const all = (value: number) => sizes.map(() => value)
      return window(
        sight,
        { kernel: all(size), stride: all(stride), dilation: all(1), padStart: all(padding), padEnd: [] },
        sizes,
      )
    }
    case 'adaptiveAvgPool':
    case 'adaptiveMaxPool':
      return readAxes(
        sight,
        spatial.map((size, axis) => {
          const count = sizes[axis] as number
          const reach = largestAdaptiveWindow(size, count) - 1
          return { reach, step: Math.max(1, Math.floor(size / count)), shift: reach / 2, count }
        }),
      )
    case 'convTranspose':
      return readAxes(
        sight,
        sizes.map((count, axis) => underWindow(node.attributes, axis, count)),
      )
    case 'maxUnpool':
      return readAxes(
        sight,
        spatial.map((size, axis) => resized(size, sizes[axis] as number, 0)),
      )
    case 'gather': {
      const { of, indices } = node.attributes
      return readAxes(
        sight,
        spatial.map((size, axis) => gathered(of, indices[axis] ?? null, size)),
      )
    }
    case 'resample':
      return readAxes(
        sight,
        node.attributes.tables.map((table, axis) => resampled(table, spatial[axis] as number)),
      )
    case 'reduce':
      return readAxes(
        sight,
        spatial.map((size, axis) => (node.attributes.axes.includes(axis) ? allOf(size) : undefined)),
      )
    case 'lstm':
    case 'gru':
      return readAxes(
        sight,
        spatial.map((size) => ({ reach: size - 1, step: 1, shift: 0, count: size })),
      )
    case 'matmul':
      return multiplied(sights)
    case 'correlation':
      return correlated(sights, node, sizes)
    case 'gridSample':
      return sights.length > 1 ? together([everywhere(sights[0] as Sight), ...sights.slice(1)]) : everywhere(sight)
    case 'roiPool':
    case 'roiAlign':
      return everywhere(sight)
    case 'rearrange':
      return rearranged(sight, node.attributes, sizes.length)
    case 'flatten':
      return { axes: sight.axes.map(seesAll), along: [] }
    default:
      return sight
  }
}

const fieldOf = ({ axes }: Sight): ReceptiveField => ({
  size: axes.map(({ size }) => size),
  jump: axes.map(({ jump }) => jump),
  start: axes.map(({ start }) => start),
})

/**
 * The receptive field of every node's output, by position in `graph.nodes`, along the spatial axes of the input; where branches meet,
 * the larger one counts, and what is the same everywhere leaves the others' jump and start as they are.
 *
 * size' = size + dilation (kernel - 1) jump, jump' = stride jump, start' = start + (dilation (kernel - 1) / 2 - padding) jump. Padding is not
 * subtracted, so a size may exceed the input's; the statistics of group and instance norms are left out. Araujo, Norris and Sim, Computing
 * Receptive Fields of Convolutional Neural Networks, 2019.
 */
export const receptiveFields = (graph: Graph): readonly ReceptiveField[] => {
  const spatialOf = (value: ValueId | undefined) => graph.values[value ?? -1]?.shape.slice(0, -1) ?? []
  const itself = (value: ValueId): Sight => ({
    axes: spatialOf(value).map((places) => ({ ...unseen, places })),
    along: spatialOf(value).map((_, axis) => [axis]),
  })
  const sights = new Map(graph.inputs.map(({ value }) => [value, itself(value)]))
  return graph.nodes.map((node) => {
    const inputs = node.inputs.map((value) => sights.get(value)).filter((sight) => sight !== undefined)
    if (inputs.length === 0) return fieldOf(itself(node.output))
    const sight = through(node, inputs, spatialOf(node.inputs[0]), spatialOf(node.output))
    sights.set(node.output, sight)
    return fieldOf(sight)
  })
}
