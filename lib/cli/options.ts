import { InvalidArgumentError } from 'commander'
import { maxElements } from '../shape.js'

const integerFrom =
  (least: number, kind: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= maxElements) return value
    throw new InvalidArgumentError(`Expected a ${kind} integer up to ${maxElements}.`)
  }

/** Parses an option that is a size or a count. */
export const positiveInteger = integerFrom(1, 'positive')

/** Parses an option that is a count of what need not be. */
export const nonNegativeInteger = integerFrom(0, 'non-negative')
