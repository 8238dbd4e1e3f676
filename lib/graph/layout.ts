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

/** Where a value lies inside another, from whose memory it takes channels: itself, or what an identity or slice reads. */
interface Alias {
  readonly owner: ValueId
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

/** A node whose step is a convolution of the engine. */
export type ConvNode = Node<'conv'> | Node<'convTranspose'>

export function isConvNode(node: AnyNode): node is ConvNode {
  return node.op === 'conv' || node.op === 'convTranspose'
}

/** A node whose step begins with a convolution and a depthwise one of it. */
export function isExpansion(node: AnyNode): node is Node<'expandDepthwise'> | Node<'invertedResidual'> {
  return node.op === 'expandDepthwise' || node.op === 'invertedResidual'
}

/** The zero cells around its input that a convolution reads, for every value shape `[..., C]`. */
export function convHalo(graph: Graph, node: ConvNode | Node<'expandDepthwise'> | Node<'invertedResidual'>): Halo {
  const input = toExtents(shapeOf(graph, node.inputs[0] ?? -1))
  const { attributes, shape } = isExpansion(node)
    ? node.attributes.expand
    : { ...node, shape: shapeOf(graph, node.output) }
  const output = toExtents(shape)
  const kernel = toTriple(attributes.kernel, 1)
  const stride = toTriple(attributes.stride, 1)
  const dilation = toTriple(attributes.dilation, 1)
  const padStart = toTriple(attributes.padStart, 0)
  const cells = (axis: 0 | 1 | 2): readonly [before: number, after: number] => {
    const reach = (kernel[axis] - 1) * dilation[axis]
    // A transposed convolution reads input (output + padding - tap) / stride.
    const [first, last] =
      node.op === 'convTranspose'
        ? [
            Math.ceil((padStart[axis] - reach) / stride[axis]),
            Math.floor((output[axis] - 1 + padStart[axis]) / stride[axis]),
          ]
        : [-padStart[axis], (output[axis] - 1) * stride[axis] + reach - padStart[axis]]
    return [Math.max(0, -first), Math.max(0, last + 1 - input[axis])]
  }
  return [...cells(0), ...cells(1), ...cells(2)]
}

/** Elements of one image with its halo. */
export function paddedSize(extents: Extents, halo: Halo): number {
  const [d, h, w, c] = extents
  return (d + halo[0] + halo[1]) * (h + halo[2] + halo[3]) * (w + halo[4] + halo[5]) * c
}

/**
 * Places every value. Inputs of a concat become channel ranges of its buffer, largest concat first, so that the growing
 * concats of a dense block share one buffer; a concat whose inputs already lie side by side is a view of them; what
 * lies elsewhere is copied. A slice is a channel range of the value that it is cut from. An elementwise
 * output takes the place of an input that dies there. `haloOf` says which zero cells a node wants around its first input.
 */
export function assignLayout(graph: Graph, haloOf: (node: AnyNode) => Halo): Layout {
  const aliases = resolveAliases(graph)
  const channelsOf = (value: ValueId): number => toExtents(shapeOf(graph, value))[3]
  const extents: Extents[] = []
  const owned: (Slot | undefined)[] = graph.values.map(() => undefined)
  const parts = new Map<ValueId, readonly Copy[]>()

  const newBuffer = (value: ValueId): Slot => {
    extents.push(toExtents(shapeOf(graph, value)))
    return { buffer: extents.length - 1, channel: 0 }
  }
  const slotOf = (value: ValueId): Slot | undefined => {
    const { owner, channel } = aliases[value] as Alias
    const slot = owned[owner]
    return slot && { buffer: slot.buffer, channel: slot.channel + channel }
  }

  for (const concat of concatsBySize(graph, channelsOf)) {
    const inputs = joinSlices(concat.inputs, aliases, channelsOf)
    const place = owned[concat.output] ?? sideBySide(inputs, slotOf, channelsOf) ?? newBuffer(concat.output)
    owned[concat.output] = place
    const wanted: Copy[] = []
    let channel = place.channel
    for (const value of inputs) {
      const slot = { buffer: place.buffer, channel }
      if (aliases[value]?.owner === value) owned[value] ??= slot
      wanted.push({ value, slot })
      channel += channelsOf(value)
    }
    parts.set(concat.output, wanted)
  }

  overwriteInputs(graph, aliases, owned, newBuffer)
  const slots = graph.values.map((_, value) => {
    const { owner } = aliases[value] as Alias
    owned[owner] ??= newBuffer(owner)
    return slotOf(value) as Slot
  })
  const copies = new Map(
    [...parts].map(([output, wanted]) => [output, wanted.filter(({ value, slot }) => !isSameSlot(slots[value], slot))]),
  )
  const halos = mergeHalos(graph, slots, extents.length, haloOf)
  return { buffers: extents.map((size, i) => ({ extents: size, halo: halos[i] ?? NO_HALO })), slots, copies }
}

/** Inputs that a node's step may overwrite with its output, because it reads each element just before it writes the same one. */
function overwritableInputs(node: AnyNode): readonly ValueId[] {
  switch (node.op) {
    case 'conv':
    case 'convTranspose':
    case 'dense':
    case 'scaledConv':
    case 'normConv':
      return node.attributes.residual ? node.inputs.slice(-1) : []
    case 'add':
    case 'batchNorm':
    case 'layerScale':
    case 'activation':
      return node.inputs
    default:
      return []
  }
}

/**
 * Gives outputs the buffer of an input that nobody reads afterwards: a residual network's trunk then stays in one place,
 * which is in the cache when the sum is written. Values that lie in a concat keep their place.
 */
function overwriteInputs(
  graph: Graph,
  aliases: readonly Alias[],
  owned: (Slot | undefined)[],
  newBuffer: (value: ValueId) => Slot,
): void {
  const ownerOf = (value: ValueId): ValueId => aliases[value]?.owner ?? value
  const inConcat = new Set(owned.flatMap((slot) => (slot ? [slot.buffer] : [])))
  const lastUse = new Map<ValueId, number>()
  graph.nodes.forEach((node, index) => {
    for (const value of node.inputs) lastUse.set(ownerOf(value), index)
  })
  graph.nodes.forEach((node, index) => {
    const { output } = node
    if (ownerOf(output) !== output || owned[output] !== undefined) return
    const dying = overwritableInputs(node)
      .map(ownerOf)
      .find((value) => {
        const isFree =
          lastUse.get(value) === index && node.inputs.filter((input) => ownerOf(input) === value).length === 1
        return isFree && !inConcat.has(owned[value]?.buffer ?? -1) && sameExtents(graph, value, output)
      })
    if (dying === undefined) return
    owned[dying] ??= newBuffer(dying)
    owned[output] = owned[dying]
  })
}

function sameExtents(graph: Graph, a: ValueId, b: ValueId): boolean {
  const other = toExtents(shapeOf(graph, b))
  return toExtents(shapeOf(graph, a)).every((size, axis) => size === other[axis])
}

function shapeOf(graph: Graph, value: ValueId): readonly number[] {
  return graph.values[value]?.shape ?? []
}

/** For each value the value whose memory it is: itself, or what an identity, a slice or a flatten that only renames reads. */
function resolveAliases(graph: Graph): readonly Alias[] {
  const aliases = graph.values.map((_, value): Alias => ({ owner: value, channel: 0 }))
  for (const node of graph.nodes) {
    const source = aliases[node.inputs[0] ?? -1]
    const start = startInInput(graph, node)
    if (source && start !== undefined) aliases[node.output] = { owner: source.owner, channel: source.channel + start }
  }
  return aliases
}

/** The first channel of its input that a node passes on, when its output is a view of that. */
function startInInput(graph: Graph, node: AnyNode): number | undefined {
  switch (node.op) {
    case 'identity':
      return 0
    case 'slice':
      return node.attributes.start
    case 'flatten':
      return isFlattenView(shapeOf(graph, node.inputs[0] ?? -1)) ? 0 : undefined
    default:
      return undefined
  }
}

/** Values as their owners, and slices that follow one another and make up a whole value as that value. */
function joinSlices(
  values: readonly ValueId[],
  aliases: readonly Alias[],
  channelsOf: (value: ValueId) => number,
): readonly ValueId[] {
  const joined: ValueId[] = []
  for (let first = 0; first < values.length; ) {
    const { owner } = aliases[values[first] as ValueId] as Alias
    let [end, channel] = [first, 0]
    for (; end < values.length && channel < channelsOf(owner); end++) {
      const next = aliases[values[end] as ValueId]
      if (next?.owner !== owner || next.channel !== channel) break
      channel += channelsOf(values[end] as ValueId)
    }
    const isWhole = channel === channelsOf(owner)
    joined.push(isWhole ? owner : (values[first] as ValueId))
    first = isWhole ? end : first + 1
  }
  return joined
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
  slotOf: (value: ValueId) => Slot | undefined,
  channelsOf: (value: ValueId) => number,
): Slot | undefined {
  const first = slotOf(values[0] ?? -1)
  if (!first) return undefined
  let channel = first.channel
  for (const value of values) {
    if (!isSameSlot(slotOf(value), { buffer: first.buffer, channel })) return undefined
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
