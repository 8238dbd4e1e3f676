import { closest, distance } from 'fastest-levenshtein'
import { invalidOption, OptionError, show } from '../errors.js'

/** Checks that `options` is an object that has no other names than `known`; suggests the nearest name. */
export const knownOptions = (layer: string, options: unknown, known: readonly string[]): void => {
  if (typeof options !== 'object' || options === null) throw invalidOption(`options of ${layer}`, 'an object', options)
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const nearest = closest(name, known as string[])
    const hint = nearest !== undefined && distance(name, nearest) <= 3 ? `Did you mean ${nearest}?` : undefined
    throw new OptionError(`${layer} has no option ${show(name)}; it has ${known.join(', ')}`, {
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

export const finiteNumber = (name: string, value: unknown): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidOption(name, 'a finite number', value)
  return value
}

export const positiveNumber = (name: string, value: unknown): number => {
  if (finiteNumber(name, value) <= 0) throw invalidOption(name, 'a positive number', value)
  return value as number
}
