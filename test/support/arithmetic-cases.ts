/** Cases of the operators between values, of reductions, and of normalisation over pixels. */

import fc from 'fast-check'
import {
  type AnySym,
  abs,
  add,
  affine,
  broadcastAdd,
  conv2d,
  divide,
  exp,
  glu,
  groupNorm,
  instanceNorm,
  type Layer,
  l2Normalize,
  maximum,
  maxout,
  minimum,
  module,
  multiply,
  pow,
  type Reduction,
  reduce,
  relu,
  sequential,
  sigmoid,
  softmaxOver,
  sqrt,
  subtract,
} from '../../lib/index.js'
import { anyShape, type Cases, channels, image, int, net, size } from './sweep-shapes.js'

const layerOf = (layer: unknown) => layer as Layer
type Operator = (a: AnySym, b: AnySym) => AnySym

const operators = { multiply, broadcastAdd, subtract, divide, maximum, minimum } as unknown as Record<string, Operator>

const operands = (chosen: Readonly<Record<string, Operator>>, after: fc.Arbitrary<unknown>): Cases =>
  fc
    .record({
      shape: image,
      mask: int(0, 7),
      rank: int(1, 3),
      isSwapped: fc.boolean(),
      name: fc.constantFrom(...Object.keys(chosen)),
      layer: after,
    })
    .map(({ shape, mask, rank, isSwapped, name, layer }) => {
      const part = shape.map((length, axis) => ((mask >> axis) & 1 ? 1 : length)).slice(3 - rank)
      const operator = chosen[name] as Operator
      return {
        inputs: { whole: shape, part },
        net: ({ whole, part: other }: Readonly<Record<'whole' | 'part', AnySym>>) =>
          (layer as Layer)(isSwapped ? operator(other, whole) : operator(whole, other)),
        options: { name, isSwapped, layer },
      }
    })

const identity = fc.constant((x: AnySym) => x)

const outerCases: Cases = fc.record({ height: size, width: size, depth: channels }).map(({ height, width, depth }) => ({
  inputs: { a: [height, 1, depth], b: [1, width, depth], c: [height, width, depth] },
  net: ({ a, b, c }: Readonly<Record<'a' | 'b' | 'c', AnySym>>) => relu(add(broadcastAdd(a, b) as AnySym, c) as AnySym),
}))

const unaryCases = net(
  anyShape,
  fc.oneof(
    fc.constantFrom<unknown>(abs, exp, sqrt),
    fc.tuple(int(-20, 20), int(-20, 20)).map(([scale, shift]) => affine({ scale: scale / 10, shift: shift / 10 })),
  ),
)

const axesOf = (rank: number) =>
  fc.subarray(
    Array.from({ length: rank }, (_, axis) => axis),
    { minLength: 1 },
  )

const reduceCases = (
  shapes: fc.Arbitrary<readonly number[]>,
  chosen: readonly Reduction[],
  before: Layer = (x) => x,
): Cases =>
  fc
    .record({ shape: shapes, operator: fc.constantFrom(...chosen), keepDims: fc.boolean() })
    .chain(({ shape, operator, keepDims }) =>
      axesOf(shape.length).map((axes) => ({
        inputs: { input: shape },
        net: (x: AnySym) => layerOf(reduce(operator, { axes, keepDims }))(before(x)),
        options: { operator, axes, keepDims },
      })),
    )

const volume = fc.tuple(int(1, 4), int(1, 4), int(1, 6), channels)

const normCases: Cases = fc
  .record({
    height: size,
    width: size,
    groups: int(1, 8),
    perGroup: int(1, 9),
    affine: fc.boolean(),
    kind: int(0, 4),
  })
  .map(({ height, width, groups, perGroup, affine: isAffine, kind }) => {
    const depth = groups * perGroup
    const options = { affine: isAffine, eps: 1e-3 }
    const group = groupNorm(groups, options)
    const nets: readonly unknown[] = [
      sequential(group),
      sequential(instanceNorm(options)),
      sequential(instanceNorm({ ...options, trackRunningStats: true })),
      sequential(group, relu),
      module({ group }, (x: AnySym) => relu(add(group(x), x))),
    ]
    return { inputs: { input: [height, width, depth] }, net: nets[kind], options: { groups, ...options, kind } }
  })

const gateCases: Cases = fc
  .record({ height: size, width: size, pieces: int(2, 5), perPiece: int(1, 17), isGlu: fc.boolean() })
  .map(({ height, width, pieces, perPiece, isGlu }) => ({
    inputs: { input: [height, width, perPiece * (isGlu ? 2 : pieces)] },
    net: layerOf(isGlu ? glu : maxout(pieces)),
    options: { pieces, isGlu },
  }))

const softmaxCases: Cases = image.chain((shape) =>
  axesOf(3).map((axes) => ({ inputs: { input: shape }, net: layerOf(softmaxOver(axes)), options: { axes } })),
)

const embeddingCases: Cases = fc.record({ shape: image, out: channels }).map(({ shape, out }) => ({
  inputs: { input: shape },
  net: sequential(conv2d(out, { kernel: 1 }) as unknown as Layer, l2Normalize()),
}))

export const arithmeticFamilies: Readonly<Record<string, Cases>> = {
  'operators between values': operands(
    operators,
    fc.constantFrom<unknown>((x: AnySym) => x, relu, sigmoid),
  ),
  pow: operands({ pow } as unknown as Record<string, Operator>, identity),
  'a sum of an outer sum': outerCases,
  'abs, exp, sqrt, affine': unaryCases,
  reduce: reduceCases(fc.oneof(image, anyShape, volume), ['mean', 'sum', 'max', 'min', 'l1', 'l2']),
  'reduce by products': reduceCases(fc.tuple(int(1, 4), int(1, 4), int(1, 20)), ['prod'], (x) =>
    layerOf(affine({ shift: 0.5 }))(sigmoid(x)),
  ),
  'groupNorm, instanceNorm': normCases,
  'glu, maxout': gateCases,
  softmaxOver: softmaxCases,
  l2Normalize: embeddingCases,
}
