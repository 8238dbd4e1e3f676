import { InvalidArgumentError } from 'commander'

/** Parses a count of an option. */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a positive integer.')
  return value
}
