/** Cases of the operators that work on elements, channels or pixels alone. */

import fc from 'fast-check'
import {
  type AnySym,
  add,
  batchNorm,
  type ConvPaddingMode,
  celu,
  channelShuffle,
  clamp,
  concat,
  conv2d,
  depthwiseConv2d,
  elu,
  gelu,
  globalAvgPool,
  globalResponseNorm,
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
  scaledStdConv2d,
  selu,
  sequential,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  softsign,
  split,
  stdConv2d,
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
    fc.boolean().map((shared) => sequential(layerScale({ shared }))),
    fc.constantFrom(relu, sigmoid).map((layer) => sequential(layerScale(), layer)),
  ),
)

const scaledConvCases: Cases = fc
  .record({ shape: image, out: channels, bias: fc.boolean(), isAdded: fc.boolean(), shared: fc.boolean() })
  .map(({ shape, out, bias, isAdded, shared }) => {
    const m = { conv: conv2d(isAdded ? shape[2] : out, { kernel: 1, bias }), scale: layerScale({ shared }) }
    const block = (x: AnySym): AnySym => (isAdded ? add(m.scale(m.conv(x)), x) : m.scale(m.conv(x)))
    return { inputs: { input: shape }, net: module(m, block) }
  })

/** Channels weighed by what the whole image says of them, then a projection, with a shortcut where the shape stays. */
const squeezeCases: Cases = fc
  .record({ shape: image, out: channels, stride: int(1, 2), isShortcut: fc.boolean(), layer: activationLayers })
  .map(({ shape, out, stride, isShortcut, layer }) => {
    const m = {
      gate: sequential(globalAvgPool(), conv2d(shape[2], { kernel: 1 }), sigmoid),
      project: conv2d(isShortcut ? shape[2] : out, { kernel: 1, stride: isShortcut ? 1 : stride, bias: false }),
      norm: batchNorm(),
    }
    const block = (x: AnySym): AnySym => {
      const y = m.norm(m.project(multiply(x, m.gate(x)))) as AnySym
      return (layer as (x: AnySym) => AnySym)(isShortcut ? add(y, x) : y)
    }
    return {
      inputs: { input: shape },
      net: module(m, block),
      options: { out, stride, isShortcut, layer },
      algorithms: ['fused', 'auto', 'direct'],
    }
  })

const layerNormCases = net(
  anyShape,
  fc.constantFrom(1e-6, 1e-3).map((eps) => sequential(layerNorm({ eps }))),
)

const responseNormCases = net(
  image,
  fc.constantFrom(1e-6, 0.1).map((eps) => sequential(globalResponseNorm({ eps }))),
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
  .record({ height: size, width: size, groups: int(1, 8), perGroup: int(1, 20), first: int(0, 8) })
  .map(({ height, width, groups, perGroup, first }) => {
    const joined = (x: AnySym): AnySym => {
      const parts = [first, groups - first].map((count) => count * perGroup)
      const [left, right] = split(x, parts) as unknown as readonly [AnySym, AnySym]
      return channelShuffle(groups)(concat(left, relu(right)))
    }
    return {
      inputs: { input: [height, width, groups * perGroup] },
      net: first > 0 && first < groups ? joined : channelShuffle(groups),
      options: { groups, first },
    }
  })

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

const standardCases: Cases = fc
  .record({
    shape: image,
    out: channels,
    groups: fc.option(fc.record({ count: int(1, 5), width: fc.constantFrom(1, 1, 2, 4, 8) }), { nil: undefined }),
    kernel: fc.constantFrom(1, 2, 3, 17),
    gamma: int(1, 3),
    form: fc.constantFrom('standardized', 'scaled', 'normed'),
    bias: fc.boolean(),
  })
  .map(({ shape: [height, width, depth], out: ungrouped, groups, kernel: side, gamma, form, bias }) => {
    const count = groups === undefined ? 1 : groups.count
    const shape = [height, width, groups === undefined ? depth : count * groups.width]
    const out = groups === undefined ? ungrouped : count * groups.width
    // Large kernels for the algorithms of large depthwise ones.
    const kernel = side > 3 && groups?.width !== 1 ? 3 : side
    const options = { kernel, padding: Math.max(1, kernel >> 1), groups: count, bias }
    const layers = {
      standardized: () => stdConv2d(out, { ...options, eps: 0.01 }),
      scaled: () => scaledStdConv2d(out, { ...options, eps: 0.01, gamma }),
      normed: () => conv2d(out, { ...options, weightNorm: true }),
    }
    return {
      inputs: { input: shape },
      net: sequential(layers[form as keyof typeof layers]() as never),
      options: { form, gamma, out, ...options },
      algorithms: [
        'auto',
        'direct',
        'im2col',
        'depthwise',
        'planes',
        'nested',
        'grouped',
        'dot',
        'winograd2',
        'winograd4',
      ],
    }
  })

const paddedConvCases: Cases = fc
  .record({
    height: int(3, 9),
    width: int(3, 9),
    depth: channels,
    out: channels,
    mode: fc.constantFrom<ConvPaddingMode>('zeros', 'reflect', 'replicate', 'circular'),
    stride: int(1, 2),
    isDepthwise: fc.boolean(),
  })
  .map(({ height, width, depth, out, mode, stride, isDepthwise }) => {
    const options = { kernel: 3, stride, padding: { top: 1, bottom: 2, left: 2, right: 0 }, paddingMode: mode }
    const layer = isDepthwise ? depthwiseConv2d(options) : conv2d(out, options)
    return {
      inputs: { input: [height, width, depth] },
      net: sequential(layer as never),
      options: { isDepthwise, ...options },
    }
  })

export const channelFamilies: Readonly<Record<string, Cases>> = {
  activations: activationCases,
  'activations behind other layers': fusedCases,
  'stdConv2d, scaledStdConv2d, weightNorm': standardCases,
  'convolutions with a padding mode': paddedConvCases,
  add: sumCases,
  multiply: productCases,
  'squeeze and excitation': squeezeCases,
  concat: concatCases,
  layerNorm: layerNormCases,
  globalResponseNorm: responseNormCases,
  'prelu, layerScale': perChannelCases,
  'layerScale behind a convolution': scaledConvCases,
  'slice, split': sliceCases,
  channelShuffle: shuffleCases,
  softmax: net(anyShape, fc.constant(softmax)),
  logSoftmax: net(anyShape, fc.constant(logSoftmax)),
  localResponseNorm: lrnCases,
}
