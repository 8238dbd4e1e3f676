import { closest, editDistance } from '../edit-distance.js'
import { invalidOption, OptionError, show } from '../errors.js'
import type { Layer } from '../graph/trace.js'
import { isPositiveInteger } from '../shape.js'

export { positiveInteger } from '../shape.js'

/** Checks that `options` is an object that has no other names than `known`; suggests the nearest name. */
export const knownOptions = (layer: string, options: unknown, known: readonly string[]): void => {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(`options of ${layer}`, 'an object', options)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const nearest = closest(name, known)
    const hint = nearest !== undefined && editDistance(name, nearest) <= 3 ? `Did you mean ${nearest}?` : undefined
    throw new OptionError(`${layer} has no option ${show(name)}; it has ${known.join(', ') || 'none'}`, {
      expected: known,
      actual: name,
      hint,
    })
  }
}

export const booleanOption = (name: string, value: unknown): boolean => {
  if (typeof value !== 'boolean') throw invalidOption(name, 'a boolean', value)
  return value
}

/** Checks an option that is a layer, or a function that applies some. */
export const layerOption = (name: string, value: unknown): Layer => {
  if (typeof value !== 'function') throw invalidOption(name, 'a layer', value)
  return value as Layer
}

export const finiteNumber = (name: string, value: unknown): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidOption(name, 'a finite number', value)
  return value
}

const isPositiveNumber = (value: unknown): value is number => Number.isFinite(value) && (value as number) > 0

export const positiveNumber = (name: string, value: unknown): number => {
  if (!isPositiveNumber(value)) throw invalidOption(name, 'a positive number', value)
  return value
}

interface ListRule {
  readonly passes: (element: unknown) => boolean
  readonly elements: string
  readonly count: number | undefined
}

const checkedList = (name: string, list: unknown, { passes, elements, count }: ListRule): readonly number[] => {
  if (!Array.isArray(list) || list.length === 0 || list.length !== (count ?? list.length) || !list.every(passes)) {
    throw invalidOption(name, `a list of ${count === undefined ? '' : `${count} `}${elements}`, list)
  }
  return list
}

/** Checks a list of `count` positive integers, or of any number of them but none. */
export const positiveIntegers = (name: string, list: unknown, count?: number): readonly number[] =>
  checkedList(name, list, { passes: isPositiveInteger, elements: 'positive integers', count })

/** Checks a list of `count` positive numbers, or of any number of them but none. */
export const positiveNumbers = (name: string, list: unknown, count?: number): readonly number[] =>
  checkedList(name, list, { passes: isPositiveNumber, elements: 'positive numbers', count })

/** The position of an axis that may count from the end; throws OptionError when the shape has no such axis. */
export const axisIndex = (at: { readonly label: string }, axis: unknown, shape: readonly number[]): number => {
  if (!Number.isInteger(axis) || (axis as number) < -shape.length || (axis as number) >= shape.length) {
    throw invalidOption(`axis of ${at.label}`, `an integer from ${-shape.length} to ${shape.length - 1}`, axis)
  }
  return (axis as number) < 0 ? (axis as number) + shape.length : (axis as number)
}
