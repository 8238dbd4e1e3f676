import { describe, expect, test } from 'vitest'
import * as library from '../lib/index.js'
import { Im2colError, type Layer, model, sequential } from '../lib/index.js'
import * as layers from '../lib/layers/index.js'

const wrongValues: readonly unknown[] = [undefined, null, 5, Number.NaN, 'x', [], [null], { unknown: 1 }, () => 1]

const shapes: readonly (readonly number[])[] = [[4], [6, 4], [6, 6, 4], [3, 6, 6, 4]]

/** First arguments that some factory takes. */
const firstArguments: readonly (readonly unknown[])[] = [[], [4], ['mean'], [[0, 1]]]

/** Values of options that some layer cannot do without. */
const demanded: Readonly<Record<string, unknown>> = {
  kernel: 3,
  kernels: [3],
  rank: 2,
  levels: [1],
  patchSize: 3,
  outputSize: 2,
  heads: 2,
  keyChannels: 2,
  valueChannels: 2,
  axes: [0],
  p: 0.5,
  min: 0,
  max: 1,
  end: 1,
}

type Factory = (...args: readonly unknown[]) => unknown

/** What is thrown other than the library's own errors while a layer is made and applied to values of every rank. */
function untypedErrors(make: () => unknown): readonly unknown[] {
  const found: unknown[] = []
  const attempt = <R>(action: () => R): R | undefined => {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof Im2colError)) found.push(error)
      return undefined
    }
  }
  const layer = attempt(make)
  if (typeof layer === 'function') {
    for (const input of shapes) attempt(() => model({ input }, sequential(layer as Layer)))
  }
  return found
}

const text = (args: readonly unknown[]): string =>
  args.map((value) => (typeof value === 'function' ? '() => 1' : JSON.stringify(value))).join(', ')

/** The options that a factory has, as its refusal of an unknown one lists them. */
function optionsOf(factory: Factory, first: readonly unknown[]): readonly string[] {
  try {
    factory(...first, { unknown: 1 })
    return []
  } catch (error) {
    const { expected } = error as Im2colError
    return Array.isArray(expected) ? expected : []
  }
}

/** The layers that the package has, and what makes them. */
const factories = Object.entries(layers).filter(
  ([name, value]) => typeof value === 'function' && name in library,
) as readonly [string, Factory][]

/** The calls among those that throw other than the library's own errors, in either way to call a layer. */
const untypedCalls = (factory: Factory, calls: readonly (readonly unknown[])[]): readonly string[] =>
  calls.flatMap((args) => [
    ...untypedErrors(() => factory(...args)).map((error) => `(${text(args)}): ${error}`),
    ...untypedErrors(() => (x: unknown) => factory(x, ...args)).map((error) => `(x, ${text(args)}): ${error}`),
  ])

describe.each(factories)('whatever %s refuses it refuses with an error of the package', (_, factory) => {
  test('arguments', () => {
    const calls = wrongValues.flatMap((a) => [[a], [4, a], ...wrongValues.map((b) => [a, b])])
    expect(untypedCalls(factory, [[], ...calls])).toEqual([])
  })

  test('options', () => {
    const calls = firstArguments.flatMap((first) => {
      const options = optionsOf(factory, first)
      const others = Object.fromEntries(options.flatMap((key) => (key in demanded ? [[key, demanded[key]]] : [])))
      return options.flatMap((key) => wrongValues.map((value) => [...first, { ...others, [key]: value }]))
    })
    expect(untypedCalls(factory, calls)).toEqual([])
  })
})
