import { expectTypeOf } from 'vitest'
import {
  type AnySym,
  adaptiveAvgPool2d,
  add,
  avgPool1d,
  batchNorm,
  channelShuffle,
  chunk,
  concat,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAvgPool,
  type InvalidShape,
  type Layer,
  layerNorm,
  layerScale,
  localResponseNorm,
  maxPool1d,
  maxPool2d,
  model,
  module,
  multiply,
  pointwiseDense,
  prelu,
  relu,
  resnet18,
  type Sym,
  sequential,
  slice,
  softmax,
  split,
  Tensor,
} from '../../lib/index.js'

declare const image: Sym<[224, 224, 3]>
declare const signal: Sym<[1000, 2]>
declare const unknownSize: Sym<[number, number, 3]>
declare const unknownRank: AnySym
declare const size: number

// One layer
expectTypeOf(conv2d(96, { kernel: 11, stride: 4 })(image).shape).toEqualTypeOf<[54, 54, 96]>()
expectTypeOf(conv2d(64, { kernel: 7, stride: 2, padding: 3 })(image).shape).toEqualTypeOf<[112, 112, 64]>()
expectTypeOf(conv2d(8, { kernel: [3, 5], stride: [1, 2] })(image).shape).toEqualTypeOf<[222, 110, 8]>()
expectTypeOf(conv2d(8, { kernel: 3, padding: [1, 0] })(image).shape).toEqualTypeOf<[224, 222, 8]>()
expectTypeOf(conv2d(8, { kernel: 3, padding: { top: 1, bottom: 0, left: 2, right: 3 } })(image).shape).toEqualTypeOf<
  [223, 227, 8]
>()
expectTypeOf(conv2d(8, { kernel: 3, stride: 3, padding: 'same' })(image).shape).toEqualTypeOf<[75, 75, 8]>()
expectTypeOf(conv2d(8, { kernel: 3, dilation: 2, padding: 'valid' })(image).shape).toEqualTypeOf<[220, 220, 8]>()
expectTypeOf(depthwiseConv2d({ kernel: 3, multiplier: 4 })(image).shape).toEqualTypeOf<[222, 222, 12]>()
expectTypeOf(conv1d(4, { kernel: 10 })(signal).shape).toEqualTypeOf<[991, 4]>()
expectTypeOf(maxPool1d({ kernel: 3 })(signal).shape).toEqualTypeOf<[333, 2]>()
expectTypeOf(avgPool1d({ kernel: 3, ceil: true })(signal).shape).toEqualTypeOf<[334, 2]>()
expectTypeOf(maxPool2d({ kernel: 2 })(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(maxPool2d({ kernel: 3, stride: 2, ceil: true })(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(globalAvgPool()(image).shape).toEqualTypeOf<[1, 1, 3]>()
expectTypeOf(globalAvgPool()(signal).shape).toEqualTypeOf<[1, 2]>()
expectTypeOf(adaptiveAvgPool2d([6, 4])(image).shape).toEqualTypeOf<[6, 4, 3]>()
expectTypeOf(adaptiveAvgPool2d(7)(image).shape).toEqualTypeOf<[7, 7, 3]>()
expectTypeOf(flatten(image).shape).toEqualTypeOf<[150528]>()
expectTypeOf(dense(10)(flatten(image)).shape).toEqualTypeOf<[10]>()
expectTypeOf(softmax(batchNorm()(dropout()(localResponseNorm({ size: 5 })(relu(image))))).shape).toEqualTypeOf<
  [224, 224, 3]
>()

// Two values
expectTypeOf(add(image, image).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(add(unknownSize, image).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(add(unknownRank, image).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(concat(image, image, image).shape).toEqualTypeOf<[224, 224, 9]>()
expectTypeOf(concat(image, unknownSize).shape).toEqualTypeOf<[224, 224, 6]>()
expectTypeOf(concat(...[unknownRank]).shape).toEqualTypeOf<readonly number[]>()

declare const perChannel: Sym<[1, 1, 3]>
expectTypeOf(multiply(image, image).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(multiply(image, perChannel).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(multiply(flatten(perChannel), image).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(multiply(image, conv2d(1, { kernel: 1 })(image)).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(multiply(unknownSize, perChannel).shape).toEqualTypeOf<[number, number, 3]>()
expectTypeOf(multiply(unknownSize, image).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(multiply(unknownRank, image).shape).toEqualTypeOf<readonly number[]>()

// Channels
const [left, right] = split(image, [1, 2])
expectTypeOf(left.shape).toEqualTypeOf<[224, 224, 1]>()
expectTypeOf(right.shape).toEqualTypeOf<[224, 224, 2]>()
expectTypeOf(slice(image, { start: 1, end: 3 }).shape).toEqualTypeOf<[224, 224, 2]>()
expectTypeOf(slice(unknownSize, { end: 2 }).shape).toEqualTypeOf<[number, number, 2]>()
expectTypeOf(slice(unknownRank, { end: 2 }).shape).toEqualTypeOf<readonly number[]>()
const halves = chunk(signal, 2)
expectTypeOf(halves.length).toEqualTypeOf<2>()
expectTypeOf(halves[1].shape).toEqualTypeOf<[1000, 1]>()
expectTypeOf(chunk(signal, size)).toEqualTypeOf<readonly Sym<[1000, number]>[]>()
expectTypeOf(pointwiseDense(8)(image).shape).toEqualTypeOf<[224, 224, 8]>()
expectTypeOf(channelShuffle(3)(layerScale()(layerNorm()(prelu()(image)))).shape).toEqualTypeOf<[224, 224, 3]>()

// Sizes that are known at run time only
expectTypeOf(conv2d(8, { kernel: 3 })(unknownSize).shape).toEqualTypeOf<[number, number, 8]>()
expectTypeOf(conv2d(8, { kernel: 3 })(unknownRank).shape).toEqualTypeOf<[number, number, 8]>()
expectTypeOf(conv2d(size, { kernel: 3 })(image).shape).toEqualTypeOf<[222, 222, number]>()
expectTypeOf(conv2d(8, { kernel: size })(image).shape).toEqualTypeOf<[number, number, 8]>()
expectTypeOf(maxPool2d({ kernel: 3, stride: size })(image).shape).toEqualTypeOf<[number, number, 3]>()
expectTypeOf(depthwiseConv2d({ kernel: 3 })(unknownRank).shape).toEqualTypeOf<[number, number, number]>()
expectTypeOf(flatten(unknownSize).shape).toEqualTypeOf<[number]>()
expectTypeOf(flatten(unknownRank).shape).toEqualTypeOf<[number]>()
expectTypeOf(dense(10)(unknownRank).shape).toEqualTypeOf<[10]>()

// Shapes that cannot be take their reason along
type TooLarge = InvalidShape<'a kernel of 9 does not fit into an input of 5'>
declare const small: Sym<[5, 5, 1]>
expectTypeOf(conv2d(1, { kernel: 9 })(small).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(relu(flatten(maxPool2d({ kernel: 2 })(conv2d(1, { kernel: 9 })(small)))).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(add(conv2d(1, { kernel: 9 })(small), small).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(concat(small, conv2d(1, { kernel: 9 })(small)).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(add(small, image).shape).toEqualTypeOf<
  InvalidShape<'add takes equal shapes but received [5, 5, 1] and [224, 224, 3]'>
>()

expectTypeOf(multiply(small, image).shape).toEqualTypeOf<
  InvalidShape<'multiply takes sizes that are equal or 1 but received [5, 5, 1] and [224, 224, 3]'>
>()

expectTypeOf(slice(image, { end: 4 }).shape).toEqualTypeOf<
  InvalidShape<'slice takes at least 4 channels but received [224, 224, 3]'>
>()
expectTypeOf(split(image, [1, 1])[0].shape).toEqualTypeOf<
  InvalidShape<'split takes 2 channels but received [224, 224, 3]'>
>()
expectTypeOf(chunk(image, 2)[0].shape).toEqualTypeOf<
  InvalidShape<'2 chunks do not divide the channels of [224, 224, 3]'>
>()

// Every layer is a Layer
const layers: readonly Layer[] = [
  conv2d(8, { kernel: 3 }),
  conv1d(8, { kernel: 3, padding: 'same' }),
  depthwiseConv2d({ kernel: 3 }),
  maxPool1d({ kernel: 2 }),
  maxPool2d({ kernel: 2 }),
  globalAvgPool(),
  flatten,
  dense(10),
  relu,
  sequential(relu, flatten),
]
expectTypeOf(sequential(...layers)(image)).toEqualTypeOf<AnySym>()

// Modules and sequentials keep the type parameters of what they are given
const basicBlock = <const W extends number, const S extends number>(width: W, stride: S) => {
  const m = {
    conv1: conv2d(width, { kernel: 3, stride, padding: 1, bias: false }),
    bn1: batchNorm(),
    conv2: conv2d(width, { kernel: 3, padding: 1, bias: false }),
    bn2: batchNorm(),
    downsample: sequential(conv2d(width, { kernel: 1, stride, bias: false }), batchNorm()),
  }
  return module(m, <X>(x: Sym<X>) => relu(add(m.bn2(m.conv2(relu(m.bn1(m.conv1(x))))), m.downsample(x))))
}
expectTypeOf(basicBlock(128, 2)(image).shape).toEqualTypeOf<[112, 112, 128]>()
expectTypeOf(sequential(basicBlock(64, 1), basicBlock(128, 2), flatten)(image).shape).toEqualTypeOf<[1605632]>()
const merge = module({}, <A, B>(a: Sym<A>, b: Sym<B>) => concat(a, b))
expectTypeOf(merge(image, conv2d(5, { kernel: 1 })(image)).shape).toEqualTypeOf<[224, 224, 8]>()

// Models
const net = model({ input: [224, 224, 3] }, sequential(basicBlock(64, 2), globalAvgPool(), flatten, dense(1000)))
expectTypeOf(net.inputs).toEqualTypeOf<{ readonly input: [224, 224, 3] }>()
expectTypeOf(net.outputs).toEqualTypeOf<{ readonly output: [1000] }>()
const pair = model({ a: [4, 4, 3], b: [4, 4, 5] }, ({ a, b }) => ({ both: concat(a, b), second: relu(b) }))
expectTypeOf(pair.outputs).toEqualTypeOf<{ readonly both: [4, 4, 8]; readonly second: [4, 4, 5] }>()
expectTypeOf(model({ input: [size, size, 3] }, relu).outputs.output).toEqualTypeOf<[number, number, 3]>()

const useful = async () => {
  const network = model({ input: [224, 224, 3] }, resnet18())
  await network.loadWeights('resnet18.safetensors')
  const session = await network.compile({ threads: 2 })
  const { output } = await session.run({ input: Tensor.zeros([1, 224, 224, 3]) })
  expectTypeOf(output).toEqualTypeOf<Tensor>()
  // @ts-expect-error the network has no such input
  await session.run({ picture: Tensor.zeros([1, 224, 224, 3]) })
}
expectTypeOf(useful).returns.resolves.toBeVoid()
