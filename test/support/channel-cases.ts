/** Cases of the operators that work on elements, channels or pixels alone. */

import fc from 'fast-check'
import {
  type AnySym,
  add,
  batchNorm,
  celu,
  channelShuffle,
  clamp,
  concat,
  conv2d,
  depthwiseConv2d,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  layerNorm,
  layerScale,
  leakyRelu,
  localResponseNorm,
  logSoftmax,
  mish,
  module,
  multiply,
  prelu,
  relu,
  relu6,
  type Sym,
  selu,
  sequential,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  softsign,
  split,
  tanh,
} from '../../lib/index.js'
import { anyShape, type Cases, channels, image, int, net, size } from './sweep-shapes.js'

const slope = int(-20, 20).map((tenths) => tenths / 10)

const activationLayers = fc.oneof(
  fc.constantFrom<unknown>(relu, relu6, sigmoid, hardSigmoid, tanh, silu, hardSwish, mish, softsign, selu, gelu()),
  fc.constant(gelu({ approximate: 'tanh' })),
  slope.map((tenths) => celu({ alpha: 0.1 + Math.abs(tenths) })),
  slope.map((tenths) => softplus({ beta: 0.1 + Math.abs(tenths) })),
  slope.map((negativeSlope) => leakyRelu({ negativeSlope })),
  slope.map((alpha) => elu({ alpha })),
  fc.tuple(slope, slope).map(([a, b]) => clamp({ min: Math.min(a, b), max: Math.max(a, b) })),
)

const activationCases = net(anyShape, activationLayers)

const fusedCases: Cases = fc
  .record({ shape: image, out: channels, layer: activationLayers, kind: int(0, 3) })
  .map(({ shape, out, layer, kind }) => {
    const producers = [conv2d(out, { kernel: 1 }), conv2d(out, { kernel: 3, padding: 1 }), batchNorm()] as const
    const first = producers[kind] ?? depthwiseConv2d({ kernel: 3, padding: 1 })
    return { inputs: { input: shape }, net: sequential(first as never, layer as never) }
  })

const sumCases: Cases = anyShape.map((shape) => ({
  inputs: { a: shape, b: shape },
  net: <A, B>({ a, b }: { readonly a: Sym<A>; readonly b: Sym<B> }) => add(a as never, b as never),
}))

const productCases: Cases = fc
  .record({ shape: image, mask: int(0, 7), rank: int(1, 3), isSwapped: fc.boolean(), layer: activationLayers })
  .map(({ shape, mask, rank, isSwapped, layer }) => {
    const part = shape.map((size, axis) => ((mask >> axis) & 1 ? 1 : size)).slice(3 - rank)
    return {
      inputs: { whole: shape, part },
      net: ({ whole, part: other }: Readonly<Record<'whole' | 'part', Sym<number[]>>>) =>
        (layer as (x: AnySym) => AnySym)(isSwapped ? multiply(other, whole) : multiply(whole, other)),
      options: { isSwapped, layer },
    }
  })

const concatCases: Cases = fc
  .record({ height: size, width: size, a: channels, b: channels, isTwice: fc.boolean() })
  .map(({ height, width, a, b, isTwice }) => ({
    inputs: { a: [height, width, a], b: [height, width, b] },
    net: (x: { readonly a: Sym<number[]>; readonly b: Sym<number[]> }) =>
      isTwice ? concat(x.a, x.b, x.a) : relu(concat(x.a, relu(x.b))),
  }))

const perChannelCases: Cases = net(
  anyShape,
  fc.oneof(
    fc.boolean().map((shared) => sequential(prelu({ shared }))),
    fc.constant(sequential(layerScale())),
    fc.constantFrom(relu, sigmoid).map((layer) => sequential(layerScale(), layer)),
  ),
)

const scaledConvCases: Cases = fc
  .record({ shape: image, out: channels, bias: fc.boolean(), isAdded: fc.boolean() })
  .map(({ shape, out, bias, isAdded }) => {
    const m = { conv: conv2d(isAdded ? shape[2] : out, { kernel: 1, bias }), scale: layerScale() }
    const block = (x: AnySym): AnySym => (isAdded ? add(m.scale(m.conv(x)), x) : m.scale(m.conv(x)))
    return { inputs: { input: shape }, net: module(m, block) }
  })

const layerNormCases = net(
  anyShape,
  fc.constantFrom(1e-6, 1e-3).map((eps) => sequential(layerNorm({ eps }))),
)

const sliceCases: Cases = fc
  .record({ height: size, width: size, sizes: fc.array(int(1, 20), { minLength: 2, maxLength: 4 }), kind: int(0, 3) })
  .map(({ height, width, sizes, kind }) => {
    const channels = sizes.reduce((sum, part) => sum + part, 0)
    const cut = (x: AnySym): AnySym => {
      const parts = split(x, sizes) as readonly AnySym[]
      if (kind === 0) return slice(x, { start: channels >> 1, end: channels })
      if (kind === 1) return concat(...parts.toReversed())
      if (kind === 2) return concat(relu(parts[0] as AnySym), ...parts.slice(1), x)
      return add(concat(...parts), relu(x))
    }
    return { inputs: { input: [height, width, channels] }, net: cut, options: { sizes, kind } }
  })

const shuffleCases: Cases = fc
  .record({ height: size, width: size, groups: int(1, 6), perGroup: int(1, 20) })
  .map(({ height, width, groups, perGroup }) => ({
    inputs: { input: [height, width, groups * perGroup] },
    net: channelShuffle(groups),
    options: { groups },
  }))

const lrnCases = net(
  anyShape,
  fc
    .record({
      size: int(1, 9),
      alpha: fc.oneof(fc.constant(0), fc.double({ min: 1e-4, max: 2, noNaN: true })),
      beta: fc.double({ min: 0.1, max: 2, noNaN: true }),
      k: fc.double({ min: 0.5, max: 3, noNaN: true }),
    })
    .map((options) => localResponseNorm(options)),
)

export const channelFamilies: Readonly<Record<string, Cases>> = {
  activations: activationCases,
  'activations behind other layers': fusedCases,
  add: sumCases,
  multiply: productCases,
  concat: concatCases,
  layerNorm: layerNormCases,
  'prelu, layerScale': perChannelCases,
  'layerScale behind a convolution': scaledConvCases,
  'slice, split': sliceCases,
  channelShuffle: shuffleCases,
  softmax: net(anyShape, fc.constant(softmax)),
  logSoftmax: net(anyShape, fc.constant(logSoftmax)),
  localResponseNorm: lrnCases,
}
