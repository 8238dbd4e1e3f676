import { expectTypeOf } from 'vitest'
import {
  type AnySym,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  add,
  affine,
  avgPool1d,
  avgPool3d,
  batchNorm,
  blurPool2d,
  channelShuffle,
  chunk,
  concat,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  correlation,
  createModel,
  deformConv2d,
  dense,
  depthwiseConv1d,
  depthwiseConv2d,
  depthwiseConv3d,
  divide,
  dropout,
  flatten,
  gatedConv2d,
  globalAvgPool,
  globalResponseNorm,
  glu,
  gridSample,
  groupNorm,
  gru,
  type InvalidShape,
  instanceNorm,
  involution,
  type Layer,
  l2Normalize,
  layerNorm,
  layerScale,
  locallyConnected2d,
  localResponseNorm,
  lpPool2d,
  lstm,
  matmul,
  maxout,
  maxPool1d,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxUnpool2d,
  mixedDepthwiseConv2d,
  mixedPool2d,
  model,
  module,
  multiHeadAttention,
  multiply,
  pad,
  permute,
  pixelShuffle,
  pixelUnshuffle,
  pointwiseDense,
  prelu,
  reduce,
  relu,
  reshape,
  resize,
  roiAlign,
  roiPool,
  type Sym,
  selectiveKernel,
  separableConv2d,
  separableConv3d,
  sequential,
  slice,
  softmax,
  softmaxOver,
  spatialPyramidPool,
  split,
  stochasticPool2d,
  subtract,
  Tensor,
  unflatten,
} from '../../lib/index.js'

declare const image: Sym<[224, 224, 3]>
declare const signal: Sym<[1000, 2]>
declare const unknownSize: Sym<[number, number, 3]>
declare const unknownRank: AnySym
declare const size: number
declare const small: Sym<[5, 5, 1]>

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

// Volumes, series and what grows
declare const clip: Sym<[16, 112, 112, 3]>
expectTypeOf(conv3d(64, { kernel: 3, padding: 1 })(clip).shape).toEqualTypeOf<[16, 112, 112, 64]>()
expectTypeOf(conv3d(8, { kernel: [1, 2, 3], stride: [1, 2, 3] })(clip).shape).toEqualTypeOf<[16, 56, 37, 8]>()
expectTypeOf(
  conv3d(8, { kernel: 1, padding: { front: 1, back: 2, top: 0, bottom: 3, left: 4, right: 0 } })(clip).shape,
).toEqualTypeOf<[19, 115, 116, 8]>()
expectTypeOf(maxPool3d({ kernel: [1, 2, 2] })(clip).shape).toEqualTypeOf<[16, 56, 56, 3]>()
expectTypeOf(avgPool3d({ kernel: 2 })(clip).shape).toEqualTypeOf<[8, 56, 56, 3]>()
expectTypeOf(adaptiveAvgPool3d([1, 7, 7])(clip).shape).toEqualTypeOf<[1, 7, 7, 3]>()
expectTypeOf(adaptiveMaxPool1d(4)(signal).shape).toEqualTypeOf<[4, 2]>()
expectTypeOf(globalAvgPool()(clip).shape).toEqualTypeOf<[1, 1, 1, 3]>()
expectTypeOf(depthwiseConv3d({ kernel: 3, multiplier: 2 })(clip).shape).toEqualTypeOf<[14, 110, 110, 6]>()
expectTypeOf(depthwiseConv1d({ kernel: 3, multiplier: 2 })(signal).shape).toEqualTypeOf<[998, 4]>()
expectTypeOf(separableConv2d(8, { kernel: 3, stride: 2, padding: 1 })(image).shape).toEqualTypeOf<[112, 112, 8]>()
expectTypeOf(separableConv3d(8, { kernel: 3 })(clip).shape).toEqualTypeOf<[14, 110, 110, 8]>()
expectTypeOf(conv1d(4, { kernel: 3, dilation: 2, padding: 'causal' })(signal).shape).toEqualTypeOf<[1000, 4]>()
expectTypeOf(convTranspose1d(4, { kernel: 4, stride: 2, padding: 1 })(signal).shape).toEqualTypeOf<[2000, 4]>()
expectTypeOf(convTranspose2d(4, { kernel: 2, stride: 2 })(image).shape).toEqualTypeOf<[448, 448, 4]>()
expectTypeOf(
  convTranspose2d(4, { kernel: 3, stride: 2, padding: 1, outputPadding: [1, 0] })(image).shape,
).toEqualTypeOf<[448, 447, 4]>()
expectTypeOf(convTranspose3d(4, { kernel: 3, stride: 2, dilation: 2 })(clip).shape).toEqualTypeOf<[35, 227, 227, 4]>()
expectTypeOf(convTranspose2d(4, { kernel: 2, stride: size })(unknownSize).shape).toEqualTypeOf<[number, number, 4]>()

// Other poolings
expectTypeOf(lpPool2d({ kernel: 2 })(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(mixedPool2d({ kernel: 3, stride: 2, padding: 1 })(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(stochasticPool2d({ kernel: 2 })(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(blurPool2d()(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(blurPool2d({ kernel: 5, stride: 4 })(image).shape).toEqualTypeOf<[57, 57, 3]>()
const [pooled, indices] = maxPool2dWithIndices({ kernel: 3, stride: 2 })(image)
expectTypeOf(pooled.shape).toEqualTypeOf<[111, 111, 3]>()
expectTypeOf(maxUnpool2d({ kernel: 3, stride: 2 })(pooled, indices).shape).toEqualTypeOf<[223, 223, 3]>()
expectTypeOf(maxUnpool2d({ kernel: 3, outputSize: 224 })(pooled, indices).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(spatialPyramidPool({ levels: [1, 2, 4] })(image).shape).toEqualTypeOf<[63]>()
declare const boxes: Sym<[100, 4]>
expectTypeOf(roiAlign({ outputSize: 7 })(image, boxes).shape).toEqualTypeOf<[100, 7, 7, 3]>()
expectTypeOf(roiPool({ outputSize: [6, 5] })(image, boxes).shape).toEqualTypeOf<[100, 6, 5, 3]>()

// Taps or weights that differ from pixel to pixel
declare const offsets: Sym<[224, 224, 18]>
expectTypeOf(deformConv2d(8, { kernel: 3, padding: 1 })(image, offsets).shape).toEqualTypeOf<[224, 224, 8]>()
expectTypeOf(locallyConnected2d(8, { kernel: 5, stride: 2 })(image).shape).toEqualTypeOf<[110, 110, 8]>()
expectTypeOf(involution(16, { kernel: 7, stride: 2 })(image).shape).toEqualTypeOf<[112, 112, 16]>()
expectTypeOf(mixedDepthwiseConv2d({ kernels: [3, 5], stride: 2 })(image).shape).toEqualTypeOf<[112, 112, 3]>()
expectTypeOf(gatedConv2d(8, { kernel: 3 })(image).shape).toEqualTypeOf<[222, 222, 8]>()
const compare = correlation({ patchSize: 5, kernel: 3, stride: 2, padding: 2, dilation: 2 })
expectTypeOf(correlation({ patchSize: 21 })(image, image).shape).toEqualTypeOf<[224, 224, 441]>()
expectTypeOf(compare(image, image).shape).toEqualTypeOf<[112, 112, 25]>()
expectTypeOf(compare(unknownSize, unknownSize).shape).toEqualTypeOf<[number, number, 25]>()
expectTypeOf(compare(unknownRank, unknownRank).shape).toEqualTypeOf<[number, number, 25]>()
expectTypeOf(compare(image, pooled).shape).toEqualTypeOf<
  InvalidShape<'correlation takes equal shapes but received [224, 224, 3] and [111, 111, 3]'>
>()
expectTypeOf(selectiveKernel(64, { stride: 2, groups: 4 })(image).shape).toEqualTypeOf<[112, 112, 64]>()
expectTypeOf(selectiveKernel(64)(unknownRank).shape).toEqualTypeOf<[number, number, 64]>()

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
expectTypeOf(channelShuffle(3)(layerScale()(globalResponseNorm()(layerNorm()(prelu()(image))))).shape).toEqualTypeOf<
  [224, 224, 3]
>()

// Moved elements
expectTypeOf(permute([2, 0, 1])(image).shape).toEqualTypeOf<[3, 224, 224]>()
expectTypeOf(reshape([-1, 3])(image).shape).toEqualTypeOf<[50176, 3]>()
expectTypeOf(reshape([10, 100, 2])(signal).shape).toEqualTypeOf<[10, 100, 2]>()
expectTypeOf(reshape([-1, 3])(unknownSize).shape).toEqualTypeOf<[number, 3]>()
expectTypeOf(unflatten(0, [10, 100])(signal).shape).toEqualTypeOf<[10, 100, 2]>()
expectTypeOf(unflatten(-1, [3, 1])(image).shape).toEqualTypeOf<[224, 224, 3, 1]>()
expectTypeOf(pixelShuffle(2)(conv2d(12, { kernel: 1 })(image)).shape).toEqualTypeOf<[448, 448, 3]>()
expectTypeOf(pixelUnshuffle(2)(image).shape).toEqualTypeOf<[112, 112, 12]>()
expectTypeOf(pad(1)(image).shape).toEqualTypeOf<[226, 226, 3]>()
expectTypeOf(pad({ left: 1, right: 2, top: 3, bottom: 4 })(image).shape).toEqualTypeOf<[231, 227, 3]>()
expectTypeOf(pad({ left: 1, right: 2 })(signal).shape).toEqualTypeOf<[1003, 2]>()
expectTypeOf(
  pad([
    [0, 0],
    [4, 4],
  ])(signal).shape,
).toEqualTypeOf<[1000, 10]>()
expectTypeOf(pad(1)(unknownRank).shape).toEqualTypeOf<number[]>()
expectTypeOf(slice(image, { start: 4, end: 10, axis: 0 }).shape).toEqualTypeOf<[6, 224, 3]>()
expectTypeOf(slice(image, { end: 5, axis: -2, step: 2 }).shape).toEqualTypeOf<[224, 3, 3]>()
expectTypeOf(split(image, [100, 124], { axis: 1 })[1].shape).toEqualTypeOf<[224, 124, 3]>()
expectTypeOf(chunk(image, 4, { axis: 0 })[3].shape).toEqualTypeOf<[56, 224, 3]>()
expectTypeOf(resize({ size: 7 })(image).shape).toEqualTypeOf<[7, 7, 3]>()
expectTypeOf(resize({ size: [7, 9], mode: 'bilinear' })(unknownSize).shape).toEqualTypeOf<[7, 9, 3]>()
expectTypeOf(resize({ scaleFactor: 2 })(image).shape).toEqualTypeOf<[448, 448, 3]>()
expectTypeOf(resize({ scaleFactor: 1.5 })(image).shape).toEqualTypeOf<[number, number, 3]>()
expectTypeOf(gridSample(image, conv2d(2, { kernel: 3 })(image)).shape).toEqualTypeOf<[222, 222, 3]>()
expectTypeOf(permute([0, 1])(image).shape).toEqualTypeOf<
  InvalidShape<'permute takes a value of 2 axes but received [224, 224, 3]'>
>()
expectTypeOf(reshape([7, 7])(signal).shape).toEqualTypeOf<InvalidShape<'reshape to [7, 7] does not fit [1000, 2]'>>()
expectTypeOf(pixelShuffle(2)(image).shape).toEqualTypeOf<
  InvalidShape<'pixelShuffle: 4 does not divide the channels of [224, 224, 3]'>
>()

// Arithmetic
expectTypeOf(subtract(image, perChannel).shape).toEqualTypeOf<[224, 224, 3]>()
expectTypeOf(reduce('mean', { axes: [0, 1] })(image).shape).toEqualTypeOf<[3]>()
expectTypeOf(reduce('max', { axes: [-1], keepDims: true })(image).shape).toEqualTypeOf<[224, 224, 1]>()
expectTypeOf(reduce('max', { axes: [-1] })(image).shape).toEqualTypeOf<[224, 224]>()
expectTypeOf(reduce('l2', { axes: [0, 1] })(signal).shape).toEqualTypeOf<[1]>()
expectTypeOf(reduce('l2', { axes: [0] })(unknownRank).shape).toEqualTypeOf<number[]>()
expectTypeOf(glu(signal).shape).toEqualTypeOf<[1000, 1]>()
expectTypeOf(maxout(3)(image).shape).toEqualTypeOf<[224, 224, 1]>()
expectTypeOf(softmaxOver([0, 1])(l2Normalize()(instanceNorm()(groupNorm(3)(affine()(image))))).shape).toEqualTypeOf<
  [224, 224, 3]
>()
expectTypeOf(divide(small, image).shape).toEqualTypeOf<
  InvalidShape<'divide takes sizes that are equal or 1 but received [5, 5, 1] and [224, 224, 3]'>
>()

// Matrices and series
declare const heads: Sym<[8, 49, 32]>
expectTypeOf(matmul(heads, heads, { transposeB: true }).shape).toEqualTypeOf<[8, 49, 49]>()
expectTypeOf(matmul(matmul(heads, heads, { transposeB: true }), heads).shape).toEqualTypeOf<[8, 49, 32]>()
expectTypeOf(matmul(heads, heads).shape).toEqualTypeOf<
  InvalidShape<'matmul takes matrices that fit but received [8, 49, 32] and [8, 49, 32]'>
>()
expectTypeOf(multiHeadAttention(4)(heads).shape).toEqualTypeOf<[8, 49, 32]>()
expectTypeOf(lstm(16)(signal).shape).toEqualTypeOf<[1000, 16]>()
expectTypeOf(gru(16, { bidirectional: true })(signal).shape).toEqualTypeOf<[1000, 32]>()
expectTypeOf(lstm(16)(image).shape).toEqualTypeOf<
  InvalidShape<'a recurrent layer takes [length, channels] but received [224, 224, 3]'>
>()

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
expectTypeOf(conv2d(1, { kernel: 9 })(small).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(relu(flatten(maxPool2d({ kernel: 2 })(conv2d(1, { kernel: 9 })(small)))).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(add(conv2d(1, { kernel: 9 })(small), small).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(concat(small, conv2d(1, { kernel: 9 })(small)).shape).toEqualTypeOf<TooLarge>()
expectTypeOf(convTranspose2d(1, { kernel: 1, padding: 3 })(small).shape).toEqualTypeOf<
  InvalidShape<'a padding of 3 + 3 leaves nothing of an input of 5'>
>()
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
  const network = createModel('resnet18')
  await network.loadWeights('resnet18.safetensors')
  const session = await network.compile({ threads: 2 })
  const { output } = await session.run({ input: Tensor.zeros([1, 224, 224, 3]) })
  expectTypeOf(output).toEqualTypeOf<Tensor>()
  // @ts-expect-error the network has no such input
  await session.run({ picture: Tensor.zeros([1, 224, 224, 3]) })
}
expectTypeOf(useful).returns.resolves.toBeVoid()
