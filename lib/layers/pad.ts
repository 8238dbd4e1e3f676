import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import type { PadShape } from '../moved-shape-types.js'
import { nonNegativeInteger } from '../shape.js'
import { finiteNumber, knownOptions } from './options.js'
import { indexTable } from './tables.js'

/** What lies around a value: a constant, the value mirrored at its edge elements, its edge elements, or the value again. */
export type PaddingMode = 'constant' | 'reflect' | 'replicate' | 'circular'

/**
 * Cells before and after: the same for every spatial axis, by side, or one pair for each axis of the shape as it is
 * written, the channels last.
 */
export type Pads =
  | number
  | { readonly left: number; readonly right: number }
  | { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number }
  | {
      readonly front: number
      readonly back: number
      readonly top: number
      readonly bottom: number
      readonly left: number
      readonly right: number
    }
  | readonly (readonly [before: number, after: number])[]

export interface PadOptions {
  /** 'constant' by default. */
  readonly mode?: PaddingMode
  /** What 'constant' puts there; 0 by default. */
  readonly value?: number
}

type Pair = readonly [before: number, after: number]

const sides: readonly (readonly [string, string])[] = [
  ['front', 'back'],
  ['top', 'bottom'],
  ['left', 'right'],
]

/** One pair for each axis that is named, the last of them at the width; or one number for every spatial axis. */
const pairsOf = (pads: unknown): number | { readonly pairs: readonly Pair[]; readonly withChannels: boolean } => {
  const name = 'padding of pad'
  if (Array.isArray(pads)) {
    const pairs = pads.map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw invalidOption(name, 'a pair [before, after] for each axis', pads)
      return [nonNegativeInteger(name, pair[0]), nonNegativeInteger(name, pair[1])] as const
    })
    return { pairs, withChannels: true }
  }
  if (typeof pads !== 'object' || pads === null) return nonNegativeInteger(name, pads)
  const given = pads as Readonly<Record<string, unknown>>
  const axes = sides.slice(sides.length - Object.keys(given).length / 2)
  const names = axes.flat()
  if (names.length === 0 || names.length !== Object.keys(given).length || names.some((side) => !(side in given))) {
    throw invalidOption(name, 'an object of left and right, then top and bottom, then front and back', pads)
  }
  const pairs = axes.map(
    ([start, end]) =>
      [
        nonNegativeInteger(`${start} of ${name}`, given[start]),
        nonNegativeInteger(`${end} of ${name}`, given[end]),
      ] as const,
  )
  return { pairs, withChannels: false }
}

/** One pair for each axis of a shape. */
const pairsFor = (at: Application, pads: ReturnType<typeof pairsOf>, shape: readonly number[]): readonly Pair[] => {
  if (typeof pads === 'number') return shape.map((_, axis) => (axis < shape.length - 1 ? [pads, pads] : [0, 0]))
  const pairs: readonly Pair[] = pads.withChannels ? pads.pairs : [...pads.pairs, [0, 0]]
  if (pairs.length !== shape.length) {
    throw new ShapeError(`${at.label} of ${pairs.length} axes does not fit ${show(shape)}`, {
      layer: at.path,
      expected: pairs.length,
      actual: shape,
    })
  }
  return pairs
}

/** Where element `i` of a padded axis of `size` elements comes from; -1 for the constant. */
const source = (i: number, size: number, mode: PaddingMode): number => {
  if (i >= 0 && i < size) return i
  switch (mode) {
    case 'constant':
      return -1
    case 'replicate':
      return i < 0 ? 0 : size - 1
    case 'circular':
      return (i + size) % size
    case 'reflect':
      return i < 0 ? -i : 2 * (size - 1) - i
  }
}

/** How many cells a mode can make out of `size`. */
const room = (size: number, mode: PaddingMode): number =>
  mode === 'reflect' ? size - 1 : mode === 'circular' ? size : Number.POSITIVE_INFINITY

/** Pads a value in the name of the layer `at`. */
export const emitPad = (
  at: Application,
  shape: readonly number[],
  pairs: readonly Pair[],
  mode: PaddingMode,
  value: number,
): AnySym => {
  for (const [axis, size] of shape.entries()) {
    const [before, after] = pairs[axis] as Pair
    if (Math.max(before, after) > room(size, mode)) {
      throw new ShapeError(`${at.label}: ${mode} padding of ${before} + ${after} is more than an axis of ${size} has`, {
        layer: at.path,
        expected: `at most ${room(size, mode)}`,
        actual: Math.max(before, after),
      })
    }
  }
  if (pairs.flat().every((cells) => cells === 0)) return at.emit('identity', { of: 'pad' }, shape)
  const output = shape.map((size, axis) => (pairs[axis] as Pair)[0] + size + (pairs[axis] as Pair)[1])
  const indices = () =>
    shape.map((size, axis) => {
      const [before, after] = pairs[axis] as Pair
      return before + after === 0 ? null : indexTable(at, output[axis] as number, (i) => source(i - before, size, mode))
    })
  return at.emit('gather', () => ({ of: 'pad', indices: indices(), value }), output)
}

/**
 * Surrounds a value: `[H, W, C]` -> `[top + H + bottom, left + W + right, C]`, as PyTorch's `pad`.
 *
 * A number is for both sides of every spatial axis; a list of pairs has one for each axis, the channels last. `mode` is
 * 'constant' (with `value`, 0 by default), 'reflect' (1234 -> 32 1234 32), 'replicate' (1234 -> 11 1234 44) or 'circular'
 * (1234 -> 34 1234 12). Throws OptionError at once, ShapeError when applied to too small a value or when a padded axis has more than
 * 2^26 cells.
 *
 * ```ts
 * import { conv2d, model, pad, sequential } from 'im2col'
 *
 * const net = model({ input: [32, 32, 3] }, sequential(pad(1, { mode: 'reflect' }), conv2d(8, { kernel: 3 })))
 * net.outputs.output // [32, 32, 8]
 * ```
 */
export const pad = <const P extends Pads>(
  padding: P,
  options: PadOptions = {},
): (<X>(x: Sym<X>) => Sym<PadShape<X, P>>) => {
  knownOptions('pad', options, ['mode', 'value'])
  const { value = 0 } = options
  const mode = paddingMode('mode of pad', options.mode ?? 'constant')
  if (finiteNumber('value of pad', value) !== 0 && mode !== 'constant') {
    throw invalidOption('value of pad', `0 with mode '${mode}'`, value)
  }
  const pads = pairsOf(padding)
  const layer = (x: AnySym) => {
    const at = apply('pad', layer, [x])
    return emitPad(at, x.shape, pairsFor(at, pads, x.shape), mode, value)
  }
  return layer as never
}

const modes: readonly unknown[] = ['constant', 'reflect', 'replicate', 'circular'] satisfies readonly PaddingMode[]

const paddingMode = (name: string, mode: unknown): PaddingMode => {
  if (!modes.includes(mode)) throw invalidOption(name, "'constant', 'reflect', 'replicate' or 'circular'", mode)
  return mode as PaddingMode
}
