/** The only output-size arithmetic of the TypeScript side; lib/shape-types.ts states the same in types. */

import { invalidOption, ShapeError, show } from './errors.js'
import type { WindowAttributes } from './graph/graph.js'

/** No dimension and no tensor has more elements: indices fit 32 bits everywhere. */
export const maxElements = 2 ** 31 - 1

export const isPositiveInteger = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxElements

const checkLargest = (name: string, value: number, largest: number): number => {
  if (value > largest) throw invalidOption(name, `at most ${largest}`, value)
  return value
}

/** Checks that `value` is an integer from 1 to `largest` and returns it; `name` is what the message calls it. */
export const positiveInteger = (name: string, value: unknown, largest = maxElements): number => {
  if (!Number.isInteger(value) || (value as number) < 1) throw invalidOption(name, 'a positive integer', value)
  return checkLargest(name, value as number, largest)
}

/** Checks that `value` is an integer in 0..2^31-1 and returns it. */
export const nonNegativeInteger = (name: string, value: unknown): number => {
  if (!Number.isInteger(value) || (value as number) < 0) throw invalidOption(name, 'a non-negative integer', value)
  return checkLargest(name, value as number, maxElements)
}

/** Where an error happens: `label` is how messages call the layer. */
export interface Place {
  readonly label: string
  readonly path: string
}

/**
 * Product of the sizes; throws ShapeError unless all are positive integers and the product is at most 2^31-1. `place` is the layer
 * that makes a tensor of the shape.
 */
export const elementCount = (shape: readonly number[], place?: Place): number => {
  const [tensor, layer] = place === undefined ? ['A tensor', undefined] : [`${place.label}: a tensor`, place.path]
  let count = 1
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 1) {
      throw new ShapeError(`${tensor} of shape ${show(shape)} has sizes that are not positive integers`, {
        layer,
        expected: 'positive integers',
        actual: shape,
      })
    }
    count *= size
    if (count > maxElements) {
      throw new ShapeError(`${tensor} of shape ${show(shape)} has more than ${maxElements} elements`, {
        layer,
        expected: maxElements,
        actual: shape,
      })
    }
  }
  return count
}

/** One size for every spatial axis, or one per axis from outer to inner. */
export type Size2d = number | readonly [height: number, width: number]

export type Size3d = number | readonly [depth: number, height: number, width: number]

/**
 * Zeros around the input. `'same'` makes the output ceil(input / stride), with the odd cell at the end; `'valid'` is 0.
 */
export type Padding1d = number | { readonly left: number; readonly right: number } | 'same' | 'valid'
export type Padding2d =
  | Size2d
  | { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number }
  | 'same'
  | 'valid'
export type Padding3d =
  | Size3d
  | {
      readonly front: number
      readonly back: number
      readonly top: number
      readonly bottom: number
      readonly left: number
      readonly right: number
    }
  | 'same'
  | 'valid'

/** Spreads a size over `rank` axes. */
export const sizes = (name: string, rank: number, value: unknown): readonly number[] => {
  if (Array.isArray(value)) {
    if (value.length !== rank) throw invalidOption(name, `a positive integer or ${rank} of them`, value)
    return value.map((size) => positiveInteger(name, size))
  }
  return new Array<number>(rank).fill(positiveInteger(name, value))
}

/** `'causal'` puts dilation (kernel - 1) zeros before the input, so that no output sees what comes later. */
export type Padding = 'same' | 'causal' | { readonly start: readonly number[]; readonly end: readonly number[] }

const sides: readonly (readonly [string, string])[] = [
  ['front', 'back'],
  ['top', 'bottom'],
  ['left', 'right'],
]

/** Brings every way to write a padding into one form; `words` are those that the input's size has to be known for. */
export const padding = (
  name: string,
  rank: number,
  value: unknown,
  words: readonly ('same' | 'causal')[] = ['same'],
): Padding => {
  for (const word of words) if (value === word) return word
  if (value === 'valid') return { start: new Array<number>(rank).fill(0), end: new Array<number>(rank).fill(0) }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const axes = sides.slice(sides.length - rank)
    const unknown = Object.keys(value).find((key) => !axes.flat().includes(key))
    if (unknown !== undefined) throw invalidOption(name, `an object of ${axes.flat().join(', ')}`, value)
    const given = value as Readonly<Record<string, unknown>>
    return {
      start: axes.map(([start]) => nonNegativeInteger(`${start} of ${name}`, given[start])),
      end: axes.map(([, end]) => nonNegativeInteger(`${end} of ${name}`, given[end])),
    }
  }
  if (typeof value === 'string') {
    const known = [...words, 'valid'].map((word) => `'${word}'`)
    const last = known.pop()
    throw invalidOption(name, `${['a number', ...known].join(', ')} or ${last}`, value)
  }
  if (Array.isArray(value) && value.length !== rank) {
    throw invalidOption(name, `a non-negative integer or ${rank} of them`, value)
  }
  const list = Array.isArray(value) ? value : new Array<unknown>(rank).fill(value)
  const checked = list.map((size) => nonNegativeInteger(name, size))
  return { start: checked, end: checked }
}

/** A window along one axis. */
export interface AxisWindow {
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  readonly padStart: number
  readonly padEnd: number
}

/**
 * floor((input + padStart + padEnd - dilation (kernel - 1) - 1) / stride) + 1, less than 1 when the window does not fit.
 *
 * `ceil` rounds up instead and then drops a last window that would start behind the input, as PyTorch does.
 */
export const outputSize = (input: number, window: AxisWindow, ceil = false): number => {
  const { kernel, stride, dilation, padStart, padEnd } = window
  const room = input + padStart + padEnd - dilation * (kernel - 1) - 1
  if (!ceil) return Math.floor(room / stride) + 1
  const output = Math.ceil(room / stride) + 1
  return (output - 1) * stride >= input + padStart ? output - 1 : output
}

/** What a layer knows of its window before it sees an input. */
export interface WindowOptions {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: Padding
  readonly ceil: boolean
  readonly exact: boolean
}

const samePadding = (input: number, kernel: number, stride: number, dilation: number): readonly [number, number] => {
  const total = Math.max((Math.ceil(input / stride) - 1) * stride + dilation * (kernel - 1) + 1 - input, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

const paddingOf = (
  padding: Padding,
  axis: number,
  input: number,
  { kernel, stride, dilation }: Pick<AxisWindow, 'kernel' | 'stride' | 'dilation'>,
): readonly [number, number] => {
  if (padding === 'same') return samePadding(input, kernel, stride, dilation)
  if (padding === 'causal') return [dilation * (kernel - 1), 0]
  return [padding.start[axis] as number, padding.end[axis] as number]
}

const windowText = (window: AxisWindow): string => {
  const { kernel, stride, dilation, padStart, padEnd } = window
  const dilated = dilation === 1 ? '' : `, dilation ${dilation}`
  return `kernel ${kernel}, stride ${stride}${dilated}, padding ${padStart} + ${padEnd}`
}

/**
 * Slides a window over the spatial axes `input`; throws ShapeError when it does not fit, or not exactly under `exact`, or when an axis
 * with its padding is longer than 2^31-1.
 */
export const slideWindow = (
  place: Place,
  input: readonly number[],
  options: WindowOptions,
): { readonly window: WindowAttributes; readonly output: readonly number[] } => {
  const axes = input.map((size, axis): AxisWindow => {
    const kernel = options.kernel[axis] as number
    const stride = options.stride[axis] as number
    const dilation = options.dilation[axis] as number
    const [padStart, padEnd] = paddingOf(options.padding, axis, size, { kernel, stride, dilation })
    return { kernel, stride, dilation, padStart, padEnd }
  })
  const output = axes.map((window, axis) => {
    const size = input[axis] as number
    const available = size + window.padStart + window.padEnd
    if (available > maxElements) {
      const limit = `pads an input of ${size} to ${available}, which is more than ${maxElements}`
      throw new ShapeError(`${place.label}: a window of ${windowText(window)} ${limit}`, {
        layer: place.path,
        expected: maxElements,
        actual: available,
      })
    }
    const result = outputSize(size, window, options.ceil)
    if (result < 1) {
      throw new ShapeError(`${place.label}: a window of ${windowText(window)} does not fit into an input of ${size}`, {
        layer: place.path,
        expected: `at least ${window.dilation * (window.kernel - 1) + 1} with padding`,
        actual: available,
      })
    }
    const covered = (result - 1) * window.stride + window.dilation * (window.kernel - 1) + 1
    if (options.exact && covered !== available) {
      throw new ShapeError(
        `${place.label}: windows of ${windowText(window)} cover ${covered} of ${available} but exact: true was asked for`,
        { layer: place.path, expected: available, actual: covered },
      )
    }
    return result
  })
  const list = (pick: (window: AxisWindow) => number) => axes.map(pick)
  return {
    window: {
      kernel: options.kernel,
      stride: options.stride,
      dilation: options.dilation,
      padStart: list((window) => window.padStart),
      padEnd: list((window) => window.padEnd),
    },
    output,
  }
}
