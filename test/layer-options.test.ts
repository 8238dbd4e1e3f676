import { describe, expect, test } from 'vitest'
import * as library from '../lib/index.js'
import { type AnySym, Im2colError, type Model, model, module, ShapeError, tanh } from '../lib/index.js'
import * as layers from '../lib/layers/index.js'

type Options = Readonly<Record<string, unknown>>
type Factory = (...args: readonly unknown[]) => unknown

/** First arguments that some factory takes. */
const firstArguments: readonly (readonly unknown[])[] = [[], [32], ['mean'], [[4, 16, 32]]]

/** Values of options under which the others count, where a layer has them. */
const usual: Options = {
  axes: [0],
  groupChannels: 2,
  heads: 2,
  kernel: 3,
  kernels: [3],
  keyChannels: 4,
  levels: [1],
  max: 1,
  min: 0,
  mode: 'constant',
  outputSize: 2,
  padding: 1,
  patchSize: 3,
  rank: 2,
  reduction: 2,
  size: 3,
  stride: 2,
  valueChannels: 4,
}

/** Other values of every option, of which one at least counts. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  activation: [tanh],
  affine: [true, false],
  aligned: [true],
  alpha: [0.3],
  approximate: ['tanh'],
  axes: [[1]],
  beta: [0.3],
  bias: [true, false],
  bidirectional: [true],
  ceil: [true],
  countIncludePad: [false],
  dilation: [2],
  eps: [0.25],
  exact: [true],
  flat: [true],
  flip: [true],
  gamma: [0.5],
  gate: [tanh],
  groupChannels: [4],
  groups: [2],
  heads: [4],
  inChannels: [6],
  k: [2],
  keepDims: [true],
  kernel: [5, 2],
  kernels: [[5]],
  keyChannels: [8],
  levels: [[2]],
  max: [2],
  min: [-1],
  mode: ['reflect'],
  multiplier: [2],
  names: [['a', 'b']],
  negativeSlope: [0.3],
  normalize: [true, 'l2'],
  numLayers: [2],
  order: ['memory', 'channels-last'],
  outputPadding: [1],
  outputSize: [3],
  p: [3],
  padding: [0],
  paddingMode: ['replicate'],
  patchDilation: [2],
  patchSize: [5],
  projectionKernel: [3],
  rank: [3],
  reduction: [4],
  relative: [false],
  rescale: ['mean'],
  samplingRatio: [2],
  scale: [2],
  shared: [true],
  shift: [2],
  size: [5],
  spatialScale: [0.5],
  splits: [true],
  squeezed: [3],
  stride: [1],
  trackRunningStats: [true],
  value: [1],
  valueChannels: [2],
  weightNorm: [true],
  weights: ['rows'],
}

/** What only training heeds, and what has a test of its own. */
const exempt = new Set(['dropout', 'spatialDropout', 'dropBlock', 'stochasticDepth', 'resize', 'deformConv2d'])

const optionsOf = (factory: Factory, first: readonly unknown[]): readonly string[] => {
  try {
    factory(...first, { unknown: 1 })
  } catch (error) {
    if (error instanceof Im2colError && Array.isArray(error.expected)) return error.expected
  }
  return []
}

const inputs = { series: [10, 32], image: [8, 8, 32], volume: [8, 8, 8, 32], flat: [32], boxes: [2, 4] }
type Inputs = Readonly<Record<keyof typeof inputs, AnySym>>

/** Ways to apply a layer: to a value of every rank, to two, to an image and boxes. */
const ways: readonly ((layer: Factory, values: Inputs) => unknown)[] = [
  (layer, { image }) => layer(image),
  (layer, { image }) => layer(image, image),
  (layer, { image, boxes }) => layer(image, boxes),
  (layer, { series }) => layer(series),
  (layer, { volume }) => layer(volume),
  (layer, { flat }) => layer(flat),
]

/** All that a network computes, as text; an error when it cannot be built. */
const networkOf = (layer: Factory, way: (typeof ways)[number]): string | Error => {
  try {
    const m = { layer }
    const net = module(m, (values: Inputs) => {
      const result = way(layer, values)
      return Array.isArray(result) ? { ...result } : result
    })
    const { graph } = model(inputs as never, net as never) as Model
    return JSON.stringify({ nodes: graph.nodes, values: graph.values })
  } catch (error) {
    return error as Error
  }
}

const makes = (factory: Factory, args: readonly unknown[]): boolean => {
  try {
    return typeof factory(...args) === 'function'
  } catch (error) {
    if (error instanceof Im2colError) return false
    throw error
  }
}

const factories = Object.entries(layers).filter(
  ([name, value]) => typeof value === 'function' && name in library && !exempt.has(name),
) as readonly [string, Factory][]

/** The usual options that a factory has; once without an output size, which takes the place of what it follows from. */
const basesOf = (factory: Factory, first: readonly unknown[]): readonly Options[] => {
  const names = optionsOf(factory, first).filter((name) => name in usual)
  return [names, names.filter((name) => name !== 'outputSize')]
    .map((list) => Object.fromEntries(list.map((name) => [name, usual[name]])))
    .filter((base) => makes(factory, [...first, base]))
}

const cases = factories.flatMap(([name, factory]) =>
  firstArguments.flatMap((first) => {
    const bases = basesOf(factory, first)
    return bases.length === 0
      ? []
      : optionsOf(factory, first).map((option) => ({ name, option, factory, first, bases }))
  }),
)

test('of every layer that has options there is a usual one', () => {
  const withOptions = factories.filter(([, factory]) =>
    firstArguments.some((first) => optionsOf(factory, first).length > 0),
  )
  const missing = withOptions.filter(([name]) => !cases.some((one) => one.name === name))
  expect(missing.map(([name]) => name)).toEqual([])
})

describe('every option of a layer changes the network or is refused by it', () => {
  test.each(cases)('$option of $name', ({ option, factory, first, bases }) => {
    const networks = (options: Options) => ways.map((way) => networkOf(factory(...first, options) as Factory, way))
    /** Whether another value makes another network, or one that a shape does not go through, out of one that there is. */
    const counts = (base: Options, value: unknown): boolean => {
      const options = { ...base, [option]: value }
      if (!makes(factory, [...first, options])) return false
      const before = networks(base)
      return networks(options).some((network, i) => {
        const isNetwork = typeof network === 'string' || network instanceof ShapeError
        return typeof before[i] === 'string' && isNetwork && network !== before[i]
      })
    }
    expect(bases.some((base) => (others[option] ?? []).some((value) => counts(base, value)))).toBe(true)
  })
})
