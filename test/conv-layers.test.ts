import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  adaptiveAvgPool1d,
  adaptiveAvgPool3d,
  avgPool3d,
  conv1d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  depthwiseConv1d,
  depthwiseConv3d,
  globalAvgPool,
  type Layer,
  maxPool3d,
  model,
  module,
  OptionError,
  ShapeError,
  separableConv2d,
  separableConv3d,
  sequential,
  Tensor,
} from '../lib/index.js'

type Shape = readonly number[]
const netOf = (shape: Shape, child: Layer) =>
  model(
    { input: shape },
    module({ child }, (x: AnySym) => child(x)),
  )
const shapeOf = (shape: Shape, layer: Layer) => netOf(shape, layer).outputs.output
const parametersOf = (shape: Shape, layer: Layer) =>
  netOf(shape, layer)
    .parameters()
    .map(({ path, shape }) => [path, shape])

describe('output shapes', () => {
  test.each<[string, Shape, Layer, Shape]>([
    ['a convolution of a clip', [16, 112, 112, 3], conv3d(64, { kernel: 3, padding: 1 }), [16, 112, 112, 64]],
    [
      'other sizes along every axis',
      [8, 9, 10, 2],
      conv3d(4, { kernel: [1, 2, 3], stride: [1, 2, 3], padding: [0, 1, 2] }),
      [8, 5, 4, 4],
    ],
    [
      'an asymmetric padding of a volume',
      [4, 4, 4, 1],
      conv3d(1, { kernel: 1, padding: { front: 1, back: 2, top: 0, bottom: 3, left: 4, right: 0 } }),
      [7, 7, 8, 1],
    ],
    ["padding 'same' of a volume", [7, 7, 7, 1], conv3d(2, { kernel: 3, stride: 2, padding: 'same' }), [4, 4, 4, 2]],
    ['depthwise over a volume', [5, 5, 5, 3], depthwiseConv3d({ kernel: 3, multiplier: 2 }), [3, 3, 3, 6]],
    ['depthwise over a series', [9, 3], depthwiseConv1d({ kernel: 3, multiplier: 2 }), [7, 6]],
    ['separable', [9, 9, 3], separableConv2d(8, { kernel: 3, padding: 1, stride: 2 }), [5, 5, 8]],
    ['separable over a volume', [9, 9, 9, 3], separableConv3d(8, { kernel: 3, padding: 1 }), [9, 9, 9, 8]],
    ['causal', [100, 2], conv1d(4, { kernel: 3, dilation: 8, padding: 'causal' }), [100, 4]],
    ['causal with a stride', [101, 2], conv1d(4, { kernel: 4, stride: 2, padding: 'causal' }), [51, 4]],
    ['max pooling of a clip', [16, 56, 56, 8], maxPool3d({ kernel: [1, 2, 2] }), [16, 28, 28, 8]],
    ['average pooling of a volume', [7, 7, 7, 2], avgPool3d({ kernel: 2, ceil: true }), [4, 4, 4, 2]],
    ['adaptive pooling of a volume', [7, 7, 7, 2], adaptiveAvgPool3d([1, 2, 3]), [1, 2, 3, 2]],
    ['adaptive pooling of a series', [7, 2], adaptiveAvgPool1d(3), [3, 2]],
    ['global pooling of a volume', [7, 7, 7, 2], globalAvgPool(), [1, 1, 1, 2]],
    ['doubling', [28, 28, 8], convTranspose2d(4, { kernel: 2, stride: 2 }), [56, 56, 4]],
    ['doubling with an overlap', [28, 28, 8], convTranspose2d(4, { kernel: 4, stride: 2, padding: 1 }), [56, 56, 4]],
    [
      'doubling with an output padding',
      [28, 14, 8],
      convTranspose2d(4, { kernel: 3, stride: 2, padding: 1, outputPadding: [1, 0] }),
      [56, 27, 4],
    ],
    ['a series four times as long', [5, 8], convTranspose1d(4, { kernel: 4, stride: 4 }), [20, 4]],
    ['a volume', [3, 4, 5, 8], convTranspose3d(4, { kernel: 3, stride: [1, 2, 3], dilation: 2 }), [7, 11, 17, 4]],
    [
      'what is cut off on one side only',
      [4, 4, 1],
      convTranspose2d(1, { kernel: 3, padding: { top: 1, bottom: 0, left: 2, right: 1 } }),
      [5, 3, 1],
    ],
  ])('%s', (_, input, layer, expected) => {
    expect(shapeOf(input, layer)).toEqual(expected)
  })
})

test('parameters have PyTorch’s shapes', () => {
  expect(parametersOf([4, 4, 4, 6], conv3d(8, { kernel: [1, 2, 3], groups: 2 }))).toEqual([
    ['child.weight', [8, 3, 1, 2, 3]],
    ['child.bias', [8]],
  ])
  expect(parametersOf([4, 4, 6], convTranspose2d(8, { kernel: [2, 3], groups: 2 }))).toEqual([
    ['child.weight', [6, 4, 2, 3]],
    ['child.bias', [8]],
  ])
  expect(parametersOf([4, 4, 6], separableConv2d(8, { kernel: 3, multiplier: 2 }))).toEqual([
    ['child.depthwise.weight', [12, 1, 3, 3]],
    ['child.pointwise.weight', [8, 12, 1, 1]],
    ['child.pointwise.bias', [8]],
  ])
})

test('multiply-accumulates of a transposed convolution are those of every input', () => {
  expect(netOf([7, 5, 6], convTranspose2d(4, { kernel: 4, stride: 2, padding: 1 })).macs).toBe(7 * 5 * 6 * 4 * 16)
})

test('the receptive field passes through a transposed convolution', () => {
  const down = conv1d(1, { kernel: 4, stride: 4 })
  const field = (kernel: number) =>
    model({ input: [64, 1] }, sequential(down, convTranspose1d(1, { kernel, stride: 2 }))).summary().layers[1]
      ?.receptiveField
  expect(field(2)).toEqual({ size: [4], jump: [2], start: [1] })
  expect(field(3)).toEqual({ size: [8], jump: [2], start: [0] })
  expect(field(5)).toEqual({ size: [12], jump: [2], start: [-2] })
})

test('a causal convolution sees nothing that comes later', async () => {
  const net = netOf([20, 1], conv1d(1, { kernel: 3, dilation: 2, padding: 'causal', bias: false }) as Layer)
  await net.loadWeights(
    new Map(net.parameters().map(({ path, shape }) => [path, new Tensor(new Float32Array([1, 1, 1]), shape)])),
  )
  const session = await net.compile()
  const data = new Float32Array(20)
  data[10] = 1
  const { output } = session.runSync({ input: new Tensor(data, [1, 20, 1]) })
  expect([...(output as Tensor).data].flatMap((value, i) => (value === 0 ? [] : [i]))).toEqual([10, 12, 14])
})

describe('what does not fit is refused', () => {
  test.each<[() => unknown, string]>([
    [
      () => convTranspose2d(4, { kernel: 3, stride: 2, outputPadding: 2 }),
      'Expected outputPadding of convTranspose2d to be smaller than the stride or the dilation (2) but received 2 (number)',
    ],
    [
      () => convTranspose2d(4, { kernel: 3, padding: 'same' as never }),
      'Expected padding of convTranspose2d to be a number or \'valid\' but received "same" (string)',
    ],
    [() => convTranspose2d(4, { kernel: 3, output_padding: 1 } as never), 'has no option "output_padding"'],
    [() => convTranspose2d(5, { kernel: 3, groups: 2 }), 'a divisor of its 5 output channels'],
    [
      () => conv3d(4, { kernel: [3, 3] as never }),
      'Expected kernel of conv3d to be a positive integer or 3 of them but received [3, 3] (array)',
    ],
    [
      () => conv3d(4, { kernel: 3, padding: 'causal' as never }),
      "Expected padding of conv3d to be a number, 'same' or 'valid'",
    ],
  ])('%#', (make, message) => {
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  test.each<[Shape, Layer, string]>([
    [
      [4, 4, 3],
      conv3d(1, { kernel: 1 }) as Layer,
      'conv3d takes [depth, height, width, channels] but received [4, 4, 3]',
    ],
    [[4, 4, 3], convTranspose2d(2, { kernel: 1, inChannels: 4 }) as Layer, 'takes 4 channels but received [4, 4, 3]'],
    [[4, 4, 3], convTranspose2d(2, { kernel: 1, groups: 2 }) as Layer, '2 groups do not divide the 3 channels'],
    [[1, 1, 3], convTranspose2d(2, { kernel: 3, padding: 2 }) as Layer, 'a padding of 2 + 2 leaves nothing of the 3'],
  ])('%j', (shape, layer, message) => {
    const apply = () => model({ input: shape }, layer)
    expect(apply).toThrow(ShapeError)
    expect(apply).toThrow(message)
  })
})
