/** Checks of what several of the detectors' helpers take. */

import { invalidOption } from '../errors.js'
import { isPositiveInteger } from '../shape.js'

/** Height and width. */
export type Size = readonly [height: number, width: number]

/** Checks a height and a width, which are positive integers. */
export const sizeOption = (name: string, size: unknown): Size => {
  if (!Array.isArray(size) || size.length !== 2 || !size.every(isPositiveInteger)) {
    throw invalidOption(name, '[height, width], two positive integers,', size)
  }
  return size as unknown as Size
}

/** Checks a share of an area. */
export const fractionOption = (name: string, value: unknown): number => {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw invalidOption(name, 'a number from 0 to 1', value)
  return value
}

/** Checks that `list` is a list of numbers, which may be NaN. */
export const numberList = (name: string, list: ArrayLike<number>): ArrayLike<number> => {
  if (typeof list !== 'object' || !Number.isInteger(list?.length)) throw invalidOption(name, 'a list of numbers', list)
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== 'number') throw invalidOption(`${name}[${i}]`, 'a number', list[i])
  }
  return list
}

/** Checks that no number of a list is NaN. */
export const withoutNaN = (name: string, list: ArrayLike<number>): void => {
  for (let i = 0; i < list.length; i++) {
    if (Number.isNaN(list[i])) throw invalidOption(`${name}[${i}]`, 'a number', list[i])
  }
}
