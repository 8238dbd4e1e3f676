/** Fitting tensors, as files name them, to the parameters of a network. */

import { closest, editDistance } from '../edit-distance.js'
import { type MisshapedTensor, shorten, show, WeightsError, type WeightsMismatch } from '../errors.js'
import type { Parameter } from '../graph/graph.js'
import type { Tensor } from '../tensor.js'
import type { Rename } from './renames.js'

/**
 * The tensor of every expected parameter, by the parameter's path. `num_batches_tracked`, which PyTorch stores and no
 * inference reads, is ignored.
 *
 * Throws `WeightsError` whose `missing`, `unexpected` and `misshaped` list every name that does not fit.
 */
export function matchStateDict(
  expected: readonly Parameter[],
  given: ReadonlyMap<string, Tensor>,
  options: { readonly rename?: Rename | undefined } = {},
): Map<string, Tensor> {
  const renamed = renameAll(given, options.rename)
  const shapes = new Map(expected.map(({ path, shape }) => [path, shape]))
  const matched = new Map<string, Tensor>()
  const missing: string[] = []
  const misshaped: MisshapedTensor[] = []
  for (const [name, shape] of shapes) {
    const tensor = renamed.get(name)
    if (tensor === undefined) missing.push(name)
    else if (!sameShape(shape, tensor.shape)) misshaped.push({ name, expected: shape, actual: tensor.shape })
    else matched.set(name, tensor)
  }
  const unexpected = [...renamed.keys()].filter((name) => !shapes.has(name) && !name.endsWith('num_batches_tracked'))
  if (missing.length + unexpected.length + misshaped.length > 0) {
    throw mismatchError(shapes.size, { missing, unexpected, misshaped })
  }
  return matched
}

function renameAll(given: ReadonlyMap<string, Tensor>, rename: Rename | undefined): ReadonlyMap<string, Tensor> {
  if (rename === undefined) return given
  const renamed = new Map<string, Tensor>()
  const origins = new Map<string, string>()
  for (const [name, tensor] of given) {
    const target = rename(name)
    if (target === undefined) continue
    if (renamed.has(target)) {
      throw new WeightsError(`Both ${show(origins.get(target))} and ${show(name)} are renamed to ${show(target)}`)
    }
    renamed.set(target, tensor)
    origins.set(target, name)
  }
  return renamed
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

function mismatchError(parameterCount: number, mismatch: WeightsMismatch): WeightsError {
  const { missing, unexpected, misshaped } = mismatch
  const parts = [
    describe('missing', missing),
    describe('unexpected', unexpected),
    describe(
      'misshaped',
      misshaped.map(({ name, expected, actual }) => `${name} (expected ${show(expected)}, got ${show(actual)})`),
    ),
  ].filter((part) => part !== '')
  return new WeightsError(`The weights do not fit the network's ${parameterCount} parameters: ${parts.join('; ')}`, {
    ...mismatch,
    hint: suggest(missing, unexpected),
  })
}

const LISTED = 4
/** Characters of a name and what is wrong with it. */
const SHOWN_LENGTH = 200

function describe(kind: string, names: readonly string[]): string {
  if (names.length === 0) return ''
  const rest = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  const listed = names.slice(0, LISTED).map((name) => shorten(name, SHOWN_LENGTH))
  return `${names.length} ${kind}: ${listed.join(', ')}${rest}`
}

/** What would make names fit: a prefix that one side has, or the nearest name. */
function suggest(missing: readonly string[], unexpected: readonly string[]): string | undefined {
  const extra = commonPrefix(missing, unexpected)
  if (extra !== undefined) {
    return `The given names begin with ${show(extra)}; pass rename: (name) => name.slice(${extra.length})`
  }
  const lacking = commonPrefix(unexpected, missing)
  if (lacking !== undefined) {
    return `The given names lack the prefix ${show(lacking)}; pass rename: (name) => ${show(lacking)} + name`
  }
  if (unexpected.length === 0) return undefined
  const pairs = missing
    .slice(0, LISTED)
    .map((name) => [name, closest(name, unexpected) ?? ''] as const)
    .filter(([name, near]) => editDistance(name, near) <= Math.ceil(name.length / 5))
  return pairs.length === 0
    ? undefined
    : `Did you mean ${pairs.map(([name, near]) => `${shorten(near)} for ${shorten(name)}`).join(', ')}?`
}

/** The prefix that turns most of `plain` into members of `prefixed`. */
function commonPrefix(plain: readonly string[], prefixed: readonly string[]): string | undefined {
  const [first] = plain
  const match = first === undefined ? undefined : prefixed.find((name) => name.endsWith(`.${first}`))
  if (first === undefined || match === undefined) return undefined
  const prefix = match.slice(0, -first.length)
  const names = new Set(prefixed)
  return plain.filter((name) => names.has(prefix + name)).length * 2 > plain.length ? prefix : undefined
}
