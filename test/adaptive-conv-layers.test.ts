import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  correlation,
  deformConv2d,
  gatedConv2d,
  involution,
  type Layer,
  leakyRelu,
  locallyConnected2d,
  lowRankLocallyConnected2d,
  mixedDepthwiseConv2d,
  model,
  module,
  OptionError,
  partialConv2d,
  ShapeError,
  separableConv2d,
  separableConv3d,
  split,
} from '../lib/index.js'
import { readGolden } from './support/golden.js'
import { compareWithGolden } from './support/run-golden.js'

type Shape = readonly number[]
const netOf = (shape: Shape, child: unknown) =>
  model(
    { input: shape },
    module({ child }, (x: AnySym) => (child as Layer)(x)),
  )
const parametersOf = (shape: Shape, child: unknown) =>
  netOf(shape, child)
    .parameters()
    .map(({ path, shape }) => [path, shape])

const halves = (compare: (a: AnySym, b: AnySym) => AnySym) => (x: AnySym) => {
  const [a, b] = split(x, [16, 16]) as unknown as readonly [AnySym, AnySym]
  return compare(a, b)
}

describe('what the authors’ code gives', () => {
  const flow = correlation({ patchSize: 21, patchDilation: 2, normalize: true })
  test.each<[string, unknown]>([
    ['involution_k7_s1', involution(64, { kernel: 7 })],
    ['involution_k7_s2', involution(64, { kernel: 7, stride: 2 })],
    [
      'correlation_k3',
      halves(correlation({ kernel: 3, patchSize: 5, stride: 2, padding: 2, patchDilation: 2 }) as never),
    ],
    ['correlation_21x2', halves((a, b) => leakyRelu({ negativeSlope: 0.1 })(flow(a, b)) as AnySym)],
  ])('%s', async (name, layer) => {
    const { error, tolerance, model } = await compareWithGolden(name, layer)
    expect(error).toBeLessThan(tolerance)
    expect(model.parameterCount).toBe(readGolden(name).params)
  })
})

test('parameters have the shapes of the sources', () => {
  expect(parametersOf([5, 6, 3], locallyConnected2d(4, { kernel: [2, 3] }))).toEqual([
    ['child.weight', [4, 4, 4, 3, 2, 3]],
    ['child.bias', [4, 4, 4]],
  ])
  expect(parametersOf([8, 8, 10], mixedDepthwiseConv2d({ kernels: [3, 5, 7] }))).toEqual([
    ['child.0.weight', [4, 1, 3, 3]],
    ['child.1.weight', [3, 1, 5, 5]],
    ['child.2.weight', [3, 1, 7, 7]],
  ])
  expect(parametersOf([8, 8, 3], gatedConv2d(4, { kernel: 3, bias: false }))).toEqual([
    ['child.feature.weight', [4, 3, 3, 3]],
    ['child.gate.weight', [4, 3, 3, 3]],
  ])
})

test('multiply-accumulates count every output of a locally connected layer', () => {
  expect(netOf([5, 6, 3], locallyConnected2d(4, { kernel: [2, 3] })).macs).toBe(4 * 4 * 4 * 3 * 6)
})

describe('what does not fit is refused', () => {
  test.each<[() => unknown, string]>([
    [() => involution(64, { kernel: 4 }), 'Expected kernel of involution to be odd but received 4'],
    [() => involution(40, { kernel: 3 }), 'groupChannels of involution to be a divisor of its 40 channels'],
    [() => correlation({ patchSize: 0 }), 'Expected patchSize of correlation to be a positive integer'],
    [() => mixedDepthwiseConv2d({ kernels: [3, 4] }), 'Expected kernel of mixedDepthwiseConv2d to be odd'],
    [() => locallyConnected2d(4, { kernel: 3, groups: 2 } as never), 'locallyConnected2d has no option "groups"'],
    [
      () => gatedConv2d(4, { kernel: 3, activation: 'elu' as never }),
      'Expected activation of gatedConv2d to be a layer',
    ],
    [() => gatedConv2d(4, undefined as never), 'Expected options of gatedConv2d to be an object'],
    [() => gatedConv2d(4, { kernel: 3, strides: 2 } as never), 'gatedConv2d has no option "strides"'],
    [() => lowRankLocallyConnected2d(4, undefined as never), 'options of lowRankLocallyConnected2d to be an object'],
    [() => mixedDepthwiseConv2d({ kernels: [3], bias: 1 as never }), 'bias of mixedDepthwiseConv2d to be a boolean'],
    [() => separableConv2d(4, null as never), 'Expected options of separableConv2d to be an object'],
    [() => separableConv3d(4, { kernel: 0 } as never), 'Expected kernel of separableConv3d to be a positive integer'],
  ])('%#', (make, message) => {
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  test.each<[make: (options: never) => unknown, name: string, options: Record<string, unknown>]>([
    [(options) => locallyConnected2d(1, options), 'locallyConnected2d', { paddingMode: 'replicate' }],
    [(options) => locallyConnected2d(1, options), 'locallyConnected2d', { flip: true }],
    [(options) => deformConv2d(1, options), 'deformConv2d', { paddingMode: 'replicate' }],
    [(options) => deformConv2d(1, options), 'deformConv2d', { flip: true }],
    [(options) => partialConv2d(1, options), 'partialConv2d', { paddingMode: 'replicate' }],
    ...Object.entries({ paddingMode: 'replicate', bias: false, exact: true, flip: true }).map(
      ([option, value]): [(options: never) => unknown, string, Record<string, unknown>] => [
        (options) => lowRankLocallyConnected2d(1, Object.assign({ rank: 2 }, options)),
        'lowRankLocallyConnected2d',
        { [option]: value },
      ],
    ),
  ])('what a convolution without it would ignore: %#', (make, name, options) => {
    expect(() => make({ kernel: 3 } as never)).not.toThrow()
    const attempt = () => make({ kernel: 3, ...options } as never)
    expect(attempt).toThrow(OptionError)
    expect(attempt).toThrow(`${name} has no option "${Object.keys(options)[0]}"`)
  })

  test('fewer channels than kernels', () => {
    expect(() => netOf([6, 6, 4], mixedDepthwiseConv2d({ kernels: [1, 3, 5, 7, 9] }))).toThrow(
      "mixedDepthwiseConv2d 'child' takes at least 5 channels, one for each of its kernels, but received [6, 6, 4]",
    )
    expect(() => netOf([6, 4], mixedDepthwiseConv2d({ kernels: [1] }))).toThrow('takes [height, width, channels]')
  })

  test('offsets, masks and images of other shapes', () => {
    const m = { conv: deformConv2d(4, { kernel: 3, padding: 1 }) }
    const apply = (offsets: Shape, mask: Shape) => () =>
      model(
        { x: [5, 5, 3], offsets, mask } as Record<string, Shape>,
        module(m, (v: Record<'x' | 'offsets' | 'mask', AnySym>) => m.conv(v.x, v.offsets, v.mask)) as never,
      )
    expect(apply([5, 5, 18], [5, 5, 9])).not.toThrow()
    expect(apply([5, 5, 54], [5, 5, 27])).not.toThrow()
    expect(apply([5, 5, 36], [5, 5, 18])).toThrow(/takes offsets \[5, 5, 2 x 9 for each part of its 3 channels\]/)
    expect(apply([5, 5, 18], [5, 5, 18])).toThrow(/takes a mask \[5, 5, 9\] but received \[5, 5, 18\]/)
    expect(apply([4, 5, 18], [5, 5, 9])).toThrow(ShapeError)
    expect(() => netOf([7, 8, 64], involution(64, { kernel: 3, stride: 2 }))).toThrow('with sizes that 2 divides')
    const compare = correlation({ patchSize: 3 })
    const pair = (v: Record<'a' | 'b', AnySym>) => compare(v.a, v.b)
    const differing = () => model({ a: [4, 4, 2], b: [4, 4, 3] } as Record<string, Shape>, pair as never)
    expect(differing).toThrow('takes two equal images')
  })
})
