/** Which buffer each value lies in, at which channel, and how much zero halo surrounds it. */

import type { AnyNode, Graph, Node, ValueId } from './graph.js'

/** Sizes of d, h, w, c. */
export type Extents = readonly [number, number, number, number]

/** Zero cells: d before, d after, h before, h after, w before, w after. */
export type Halo = readonly [number, number, number, number, number, number]

/** A piece of memory that one value, or several side by side along the channels, share. */
export interface Buffer {
  readonly extents: Extents
  readonly halo: Halo
}

/** Where a value lies: `channel` is its first channel in the buffer. */
export interface Slot {
  readonly buffer: number
  readonly channel: number
}

/** An input of a concat that lies elsewhere and has to be copied to its place. */
export interface Copy {
  readonly value: ValueId
  readonly slot: Slot
}

export interface Layout {
  readonly buffers: readonly Buffer[]
  /** By value. */
  readonly slots: readonly Slot[]
  /** By the output of the concat. */
  readonly copies: ReadonlyMap<ValueId, readonly Copy[]>
}

export const NO_HALO: Halo = [0, 0, 0, 0, 0, 0]

/** Sizes of d, h, w, c of a shape without batch: `[C]`, `[L, C]`, `[H, W, C]` or `[D, H, W, C]`. */
export function toExtents(shape: readonly number[]): Extents {
  const [d = 1, h = 1, w = 1, c = 1] = [...Array(Math.max(0, 4 - shape.length)).fill(1), ...shape] as number[]
  return [d, h, w, c]
}

/** A list with one entry per spatial axis as a list for d, h, w; axes that the value lacks get `missing`. */
export function toTriple(list: readonly number[], missing: number): readonly [number, number, number] {
  const [d = missing, h = missing, w = missing] = [...Array(3 - list.length).fill(missing), ...list] as number[]
  return [d, h, w]
}

/** True when a flatten only renames: a vector, or an image of one pixel. */
export function isFlattenView(shape: readonly number[]): boolean {
  return shape.slice(0, -1).every((size) => size === 1)
}

/** The zero cells around its input that a convolution reads, for every value shape `[..., C]`. */
export function convHalo(graph: Graph, node: Node<'conv'>): Halo {
  const input = toExtents(shapeOf(graph, node.inputs[0] ?? -1))
  const output = toExtents(shapeOf(graph, node.output))
  const { attributes } = node
  const kernel = toTriple(attributes.kernel, 1)
  const stride = toTriple(attributes.stride, 1)
  const dilation = toTriple(attributes.dilation, 1)
  const padStart = toTriple(attributes.padStart, 0)
  const after = (axis: 0 | 1 | 2): number =>
    Math.max(
      0,
      (output[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - padStart[axis] - input[axis],
    )
  return [padStart[0], after(0), padStart[1], after(1), padStart[2], after(2)]
}

/** Elements of one image with its halo. */
export function paddedSize(extents: Extents, halo: Halo): number {
  const [d, h, w, c] = extents
  return (d + halo[0] + halo[1]) * (h + halo[2] + halo[3]) * (w + halo[4] + halo[5]) * c
}

/**
 * Places every value. Inputs of a concat become channel ranges of its buffer, largest concat first, so that the growing
 * concats of a dense block share one buffer; a concat whose inputs already lie side by side is a view of them; what
 * lies elsewhere is copied. An elementwise output takes the place of an input that dies there. `haloOf` says which zero cells a node wants around its first input.
 */
export function assignLayout(graph: Graph, haloOf: (node: AnyNode) => Halo): Layout {
  const aliases = resolveAliases(graph)
  const alias = (value: ValueId): ValueId => aliases[value] ?? value
  const channelsOf = (value: ValueId): number => toExtents(shapeOf(graph, value))[3]
  const extents: Extents[] = []
  const slots: (Slot | undefined)[] = graph.values.map(() => undefined)
  const copies = new Map<ValueId, readonly Copy[]>()

  const newBuffer = (value: ValueId): Slot => {
    extents.push(toExtents(shapeOf(graph, value)))
    return { buffer: extents.length - 1, channel: 0 }
  }

  for (const concat of concatsBySize(graph, channelsOf)) {
    const inputs = concat.inputs.map(alias)
    const place = slots[concat.output] ?? sideBySide(inputs, slots, channelsOf) ?? newBuffer(concat.output)
    slots[concat.output] = place
    const misplaced: Copy[] = []
    let channel = place.channel
    for (const value of inputs) {
      const wanted = { buffer: place.buffer, channel }
      slots[value] ??= wanted
      if (!isSameSlot(slots[value], wanted)) misplaced.push({ value, slot: wanted })
      channel += channelsOf(value)
    }
    copies.set(concat.output, misplaced)
  }

  overwriteInputs(graph, alias, slots, newBuffer)
  const placed = graph.values.map((_, value) => {
    const owner = alias(value)
    slots[owner] ??= newBuffer(owner)
    return slots[owner]
  })
  const halos = mergeHalos(graph, placed, extents.length, haloOf)
  return { buffers: extents.map((size, i) => ({ extents: size, halo: halos[i] ?? NO_HALO })), slots: placed, copies }
}

/** Inputs that a node's step may overwrite with its output, because it reads each element just before it writes the same one. */
function overwritableInputs(node: AnyNode): readonly ValueId[] {
  switch (node.op) {
    case 'conv':
    case 'dense':
      return node.attributes.residual ? node.inputs.slice(1) : []
    case 'add':
    case 'batchNorm':
    case 'activation':
      return node.inputs
    default:
      return []
  }
}

/**
 * Gives outputs the buffer of an input that nobody reads afterwards: a residual network's trunk then stays in one place, which is in the
 * cache when the sum is written. Values that lie in a concat keep their place.
 */
function overwriteInputs(
  graph: Graph,
  alias: (value: ValueId) => ValueId,
  slots: (Slot | undefined)[],
  newBuffer: (value: ValueId) => Slot,
): void {
  const inConcat = new Set(slots.flatMap((slot) => (slot ? [slot.buffer] : [])))
  const lastUse = new Map<ValueId, number>()
  graph.nodes.forEach((node, index) => {
    for (const value of node.inputs) lastUse.set(alias(value), index)
  })
  graph.nodes.forEach((node, index) => {
    const output = alias(node.output)
    if (output !== node.output || slots[output] !== undefined) return
    const dying = overwritableInputs(node)
      .map(alias)
      .find((value) => {
        const isFree =
          lastUse.get(value) === index && node.inputs.filter((input) => alias(input) === value).length === 1
        return isFree && !inConcat.has(slots[value]?.buffer ?? -1) && sameExtents(graph, value, output)
      })
    if (dying === undefined) return
    slots[dying] ??= newBuffer(dying)
    slots[output] = slots[dying]
  })
}

function sameExtents(graph: Graph, a: ValueId, b: ValueId): boolean {
  const other = toExtents(shapeOf(graph, b))
  return toExtents(shapeOf(graph, a)).every((size, axis) => size === other[axis])
}

function shapeOf(graph: Graph, value: ValueId): readonly number[] {
  return graph.values[value]?.shape ?? []
}

/** For each value the value whose memory it is: itself, or the input of an identity or of a flatten that only renames. */
function resolveAliases(graph: Graph): readonly ValueId[] {
  const aliases = graph.values.map((_, value) => value)
  for (const node of graph.nodes) {
    const [input] = node.inputs
    if (input === undefined) continue
    const renames = node.op === 'identity' || (node.op === 'flatten' && isFlattenView(shapeOf(graph, input)))
    if (renames) aliases[node.output] = aliases[input] ?? input
  }
  return aliases
}

/** Largest first; of equal ones the later first, because it may contain the earlier. */
function concatsBySize(graph: Graph, channelsOf: (value: ValueId) => number): readonly Node<'concat'>[] {
  return graph.nodes
    .filter((node) => node.op === 'concat')
    .reverse()
    .sort((a, b) => channelsOf(b.output) - channelsOf(a.output))
}

/** The slot of the whole when its parts lie in one buffer, in order and without gaps. */
function sideBySide(
  values: readonly ValueId[],
  slots: readonly (Slot | undefined)[],
  channelsOf: (value: ValueId) => number,
): Slot | undefined {
  const first = slots[values[0] ?? -1]
  if (!first) return undefined
  let channel = first.channel
  for (const value of values) {
    if (!isSameSlot(slots[value], { buffer: first.buffer, channel })) return undefined
    channel += channelsOf(value)
  }
  return first
}

function isSameSlot(a: Slot | undefined, b: Slot): boolean {
  return a !== undefined && a.buffer === b.buffer && a.channel === b.channel
}

/** Per buffer the largest halo that any reader of any of its values wants. */
function mergeHalos(
  graph: Graph,
  slots: readonly Slot[],
  count: number,
  haloOf: (node: AnyNode) => Halo,
): readonly Halo[] {
  const halos: Halo[] = Array.from({ length: count }, () => NO_HALO)
  for (const node of graph.nodes) {
    const buffer = slots[node.inputs[0] ?? -1]?.buffer
    if (buffer === undefined) continue
    const wanted = haloOf(node)
    const merged = (halos[buffer] ?? NO_HALO).map((cells, side) => Math.max(cells, wanted[side] ?? 0))
    halos[buffer] = merged as unknown as Halo
  }
  return halos
}
