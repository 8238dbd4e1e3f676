import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  add,
  avgPool1d,
  avgPool2d,
  batchNorm,
  celu,
  clamp,
  concat,
  constant,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  dropBlock,
  dropout,
  elu,
  flatten,
  gelu,
  globalAvgPool,
  globalMaxPool,
  hardSigmoid,
  hardSwish,
  identity,
  type Layer,
  leakyRelu,
  localResponseNorm,
  maxPool1d,
  maxPool2d,
  mish,
  model,
  module,
  multiply,
  OptionError,
  relu,
  relu6,
  ShapeError,
  selu,
  sequential,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  spatialDropout,
  Tensor,
  tanh,
} from '../lib/index.js'

const shapeOf = (shape: readonly number[], layer: Layer) => model({ input: shape }, layer).outputs.output
const nodeOf = (shape: readonly number[], layer: Layer) => model({ input: shape }, layer).graph.nodes[0]

describe('output shapes, as the textbooks state them', () => {
  test.each<[string, readonly number[], Layer, readonly number[]]>([
    ["AlexNet's first convolution", [227, 227, 3], conv2d(96, { kernel: 11, stride: 4, exact: true }), [55, 55, 96]],
    ['pooling by two', [224, 224, 64], maxPool2d({ kernel: 2, exact: true }), [112, 112, 64]],
    ['a 3 x 3 convolution padded by one', [7, 9, 4], conv2d(8, { kernel: 3, padding: 1 }), [7, 9, 8]],
    ['a convolution of other height and width', [10, 12, 1], conv2d(1, { kernel: [3, 5], stride: [1, 2] }), [8, 4, 1]],
    [
      'an asymmetric padding',
      [4, 4, 1],
      conv2d(1, { kernel: 3, padding: { top: 1, bottom: 0, left: 2, right: 3 } }),
      [3, 7, 1],
    ],
    ["padding 'same' with a stride", [7, 7, 1], conv2d(1, { kernel: 3, stride: 2, padding: 'same' }), [4, 4, 1]],
    ["padding 'valid'", [7, 7, 1], conv2d(1, { kernel: 3, padding: 'valid' }), [5, 5, 1]],
    ['a dilated convolution', [9, 9, 1], conv2d(1, { kernel: 3, dilation: 2 }), [5, 5, 1]],
    ['a depthwise convolution', [9, 9, 6], depthwiseConv2d({ kernel: 3, multiplier: 2 }), [7, 7, 12]],
    ['a moving average', [1000, 1], conv1d(1, { kernel: 10 }), [991, 1]],
    ['pooling a series', [9, 4], maxPool1d({ kernel: 2 }), [4, 4]],
    ['pooling a series, rounded up', [9, 4], avgPool1d({ kernel: 2, ceil: true }), [5, 4]],
    ['pooling, rounded up', [112, 112, 8], maxPool2d({ kernel: 3, stride: 2, ceil: true }), [56, 56, 8]],
    ['overlapping means', [8, 8, 2], avgPool2d({ kernel: 3, stride: 1, padding: 1 }), [8, 8, 2]],
    ['global pooling', [7, 5, 9], globalAvgPool(), [1, 1, 9]],
    ['global pooling of a series', [7, 9], globalMaxPool(), [1, 9]],
    ['adaptive pooling', [13, 13, 9], adaptiveAvgPool2d([6, 4]), [6, 4, 9]],
    ['adaptive pooling to more than there is', [3, 3, 9], adaptiveMaxPool2d(7), [7, 7, 9]],
    ['flattening', [2, 3, 4], flatten, [24]],
    ['a dense layer', [24], dense(10), [10]],
    ['batch norm', [2, 3, 4], batchNorm(), [2, 3, 4]],
    ['local response norm', [2, 3, 4], localResponseNorm({ size: 5 }), [2, 3, 4]],
    ['softmax', [10], softmax, [10]],
    ['identity', [2, 3, 4], identity, [2, 3, 4]],
    ['dropout', [2, 3, 4], dropout(), [2, 3, 4]],
  ])('%s', (_, input, layer, expected) => {
    expect(shapeOf(input, layer)).toEqual(expected)
  })
})

describe('parameters, as the textbooks count them', () => {
  const countOf = (shape: readonly number[], layer: Layer) => model({ input: shape }, layer).parameterCount

  test.each([
    [11, 3, 96],
    [3, 64, 128],
    [1, 256, 64],
    [5, 1, 6],
  ])('a convolution of %i x %i over C channels to K has (F F C + 1) K', (f, c, k) => {
    expect(countOf([32, 32, c], conv2d(k, { kernel: f }))).toBe((f * f * c + 1) * k)
    expect(countOf([32, 32, c], conv2d(k, { kernel: f, bias: false }))).toBe(f * f * c * k)
  })

  test.each([
    [784, 10],
    [4096, 1000],
  ])('a dense layer of %i to %i has (Nin + 1) Nout', (nin, nout) => {
    expect(countOf([nin], dense(nout))).toBe((nin + 1) * nout)
  })

  test('pooling has none', () => {
    for (const layer of [maxPool2d({ kernel: 2 }), avgPool2d({ kernel: 2 }), globalAvgPool()]) {
      expect(countOf([8, 8, 4], layer)).toBe(0)
    }
  })

  test('groups divide the input channels of every kernel', () => {
    expect(countOf([8, 8, 32], conv2d(64, { kernel: 3, groups: 4, bias: false }))).toBe(64 * 8 * 9)
    expect(countOf([8, 8, 32], depthwiseConv2d({ kernel: 3, bias: false }))).toBe(32 * 9)
  })

  test('have the names and shapes of a PyTorch state dict', () => {
    const list = (shape: readonly number[], layer: Layer) =>
      Object.fromEntries(
        model({ input: shape }, sequential(layer))
          .parameters()
          .map(({ path, shape }) => [path, shape]),
      )
    expect(list([8, 8, 32], conv2d(64, { kernel: [3, 5], groups: 4 }))).toEqual({
      '0.weight': [64, 8, 3, 5],
      '0.bias': [64],
    })
    expect(list([8, 8, 32], depthwiseConv2d({ kernel: 3, multiplier: 2 }))).toEqual({
      '0.weight': [64, 1, 3, 3],
      '0.bias': [64],
    })
    expect(list([8, 32], conv1d(64, { kernel: 3 }))).toEqual({ '0.weight': [64, 32, 3], '0.bias': [64] })
    expect(list([32], dense(10))).toEqual({ '0.weight': [10, 32], '0.bias': [10] })
    expect(list([8, 32], batchNorm())).toEqual({
      '0.weight': [32],
      '0.bias': [32],
      '0.running_mean': [32],
      '0.running_var': [32],
    })
  })

  test('are learnable except for running statistics', () => {
    const learnable = model({ input: [4] }, batchNorm())
      .parameters()
      .filter((parameter) => parameter.learnable)
    expect(learnable.map(({ path }) => path)).toEqual(['weight', 'bias'])
  })
})

describe('attributes', () => {
  test('of a convolution, spread over its axes', () => {
    const layer = conv2d(8, {
      kernel: 3,
      stride: [1, 2],
      padding: { top: 1, bottom: 2, left: 3, right: 4 },
      groups: 2,
      flip: true,
    })
    expect(nodeOf([9, 9, 4], layer)).toMatchObject({
      op: 'conv',
      attributes: {
        kernel: [3, 3],
        stride: [1, 2],
        dilation: [1, 1],
        padStart: [1, 3],
        padEnd: [2, 4],
        groups: 2,
        flip: true,
        outChannels: 8,
      },
    })
  })

  test.each<[Layer, object]>([
    [relu, { kind: 'relu' }],
    [relu6, { kind: 'clamp', min: 0, max: 6 }],
    [leakyRelu(), { kind: 'leakyRelu', negativeSlope: 0.01 }],
    [leakyRelu({ negativeSlope: 0.2 }), { kind: 'leakyRelu', negativeSlope: 0.2 }],
    [elu(), { kind: 'elu', alpha: 1 }],
    [elu({ alpha: 2 }), { kind: 'elu', alpha: 2 }],
    [selu, { kind: 'selu' }],
    [celu(), { kind: 'celu', alpha: 1 }],
    [celu({ alpha: 0.5 }), { kind: 'celu', alpha: 0.5 }],
    [hardSigmoid, { kind: 'hardSigmoid' }],
    [silu, { kind: 'silu' }],
    [hardSwish, { kind: 'hardSwish' }],
    [gelu(), { kind: 'gelu' }],
    [gelu({ approximate: 'tanh' }), { kind: 'geluTanh' }],
    [mish, { kind: 'mish' }],
    [softplus(), { kind: 'softplus', beta: 1 }],
    [softplus({ beta: 3 }), { kind: 'softplus', beta: 3 }],
    [softsign, { kind: 'softsign' }],
    [sigmoid, { kind: 'sigmoid' }],
    [tanh, { kind: 'tanh' }],
    [clamp({ min: -1, max: 2 }), { kind: 'clamp', min: -1, max: 2 }],
  ])('of the activation %#', (layer, expected) => {
    expect(nodeOf([4], layer)).toMatchObject({ op: 'activation', attributes: { activation: expected } })
  })

  test('of norms, dropout and means', () => {
    expect(nodeOf([4], batchNorm({ eps: 1e-3 }))).toMatchObject({ op: 'batchNorm', attributes: { eps: 1e-3 } })
    expect(nodeOf([4], batchNorm())).toMatchObject({ attributes: { eps: 1e-5 } })
    expect(nodeOf([4, 4, 4], localResponseNorm({ size: 5 }))?.attributes).toEqual({
      size: 5,
      alpha: 1e-4,
      beta: 0.75,
      k: 1,
    })
    expect(nodeOf([4], dropout())).toMatchObject({ op: 'identity', attributes: { of: 'dropout' } })
    expect(nodeOf([4, 4, 1], spatialDropout())).toMatchObject({ op: 'identity', attributes: { of: 'spatialDropout' } })
    expect(nodeOf([4, 4, 1], dropBlock())).toMatchObject({ op: 'identity', attributes: { of: 'dropBlock' } })
    expect(nodeOf([4, 4, 1], avgPool2d({ kernel: 2 }))).toMatchObject({
      attributes: { countIncludePad: true, stride: [2, 2] },
    })
    expect(nodeOf([4, 4, 1], maxPool2d({ kernel: 2 }))?.attributes).not.toHaveProperty('countIncludePad')
  })

  test('of a constant: its value is in the graph', () => {
    const offset = constant(new Tensor(new Float32Array([1, 2, 3]), [3]))
    const { graph } = model({ input: [3] }, (x: AnySym) => add(x, relu(offset(x))))
    expect([...graph.constants.values()]).toEqual([new Float32Array([1, 2, 3])])
    expect(graph.nodes.map(({ op }) => op)).toEqual(['activation', 'add'])
  })
})

describe('options that no layer takes are refused when the layer is made', () => {
  const bad = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40, '3', null, [], [1, 2, 3]] as never[]

  test.each(bad)('a size of %j', (value) => {
    const attempts = [
      () => conv2d(value, { kernel: 3 }),
      () => conv2d(1, { kernel: value }),
      () => conv2d(1, { kernel: 3, stride: value }),
      () => conv2d(1, { kernel: 3, dilation: value }),
      () => conv2d(1, { kernel: 3, groups: value }),
      () => conv1d(1, { kernel: value }),
      () => depthwiseConv2d({ kernel: value }),
      () => dense(value),
      () => maxPool1d({ kernel: value }),
      () => maxPool2d({ kernel: value }),
      () => avgPool2d({ kernel: 2, stride: value }),
      () => adaptiveAvgPool2d(value),
      () => adaptiveMaxPool2d(value),
      () => localResponseNorm({ size: value }),
    ]
    for (const attempt of attempts) {
      expect(attempt).toThrow(OptionError)
      expect(attempt).toThrow(/^Expected .* of \w+ to be .* but received .* \(\w+\)$/)
    }
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, '1', null, {}] as never[])('a number of %j', (value) => {
    const attempts = [
      () => batchNorm({ eps: value }),
      () => localResponseNorm({ size: 5, alpha: value }),
      () => leakyRelu({ negativeSlope: value }),
      () => elu({ alpha: value }),
      () => celu({ alpha: value }),
      () => softplus({ beta: value }),
      () => clamp({ min: value, max: 1 }),
      () => dropout({ p: value }),
    ]
    for (const attempt of attempts) expect(attempt).toThrow(OptionError)
  })

  test('values that contradict each other', () => {
    expect(() => conv2d(6, { kernel: 1, groups: 4 })).toThrow(/groups of conv2d to be a divisor of its 6/)
    expect(() => conv2d(8, { kernel: 1, groups: 4, inChannels: 6 })).toThrow(/inChannels of conv2d is 6/)
    expect(() => clamp({ min: 1, max: 0 })).toThrow(/max of clamp to be at least min \(1\)/)
    expect(() => celu({ alpha: 0 })).toThrow(
      /^Expected alpha of celu to be a positive number but received 0 \(number\)$/,
    )
    expect(() => softplus({ beta: -1 })).toThrow(/beta of softplus to be a positive number/)
    expect(() => gelu({ approximate: 'erf' as never })).toThrow(/approximate of gelu to be 'none' or 'tanh'/)
    expect(() => dropout({ p: 1.1 })).toThrow(/p of dropout to be a probability/)
    expect(() => spatialDropout({ p: -0.1 })).toThrow(/p of spatialDropout to be a probability/)
    expect(() => dropBlock({ p: Number.NaN })).toThrow(/p of dropBlock/)
    expect(() => dropBlock({ blockSize: 0 })).toThrow(/blockSize of dropBlock to be a positive integer/)
    expect(() => batchNorm({ eps: -1 })).toThrow(/eps of batchNorm/)
    expect(() => maxPool2d({ kernel: 3, padding: 2 })).toThrow(
      /padding of maxPool2d to be at most half the kernel \(1\)/,
    )
  })

  test('switches that are no booleans', () => {
    for (const name of ['bias', 'exact', 'flip']) {
      expect(() => conv2d(1, { kernel: 1, [name]: 1 })).toThrow(
        `Expected ${name} of conv2d to be a boolean but received 1`,
      )
    }
    expect(() => maxPool2d({ kernel: 2, ceil: 'yes' as never })).toThrow(/ceil of maxPool2d/)
    expect(() => dense(1, { bias: 0 as never })).toThrow(/bias of dense/)
  })

  test('names that do not exist, with the nearest one', () => {
    expect(() => conv2d(1, { kernel: 1, strides: 2 } as never)).toThrow(
      /conv2d has no option "strides".*Did you mean stride\?/,
    )
    expect(() => batchNorm({ epsilon: 2 } as never)).toThrow(/batchNorm has no option "epsilon"; it has eps$/)
    expect(() => avgPool2d({ kernel: 2, dilation: 2 } as never)).toThrow(/avgPool2d has no option "dilation"/)
    expect(() => dense(1, null as never)).toThrow(/options of dense to be an object but received null/)
  })
})

describe('inputs that a layer cannot take are refused when it is applied', () => {
  test.each<[readonly number[], Layer, RegExp]>([
    [[5, 5, 3], dense(10), /^dense takes \[features\] but received \[5, 5, 3\]\. Put flatten before it/],
    [[5, 3], conv2d(1, { kernel: 1 }), /^conv2d takes \[height, width, channels\] but received \[5, 3\]/],
    [[5, 5, 3], conv1d(1, { kernel: 1 }), /^conv1d takes \[length, channels\] but received \[5, 5, 3\]/],
    [[5], depthwiseConv2d({ kernel: 1 }), /^depthwiseConv2d takes \[height, width, channels\]/],
    [[5, 5, 3], maxPool1d({ kernel: 1 }), /^maxPool1d takes \[length, channels\]/],
    [[5], globalAvgPool(), /^globalAvgPool takes a value with spatial axes but received \[5\]/],
    [[5, 5], adaptiveAvgPool2d(1), /^adaptiveAvgPool2d takes \[height, width, channels\]/],
    [[5, 5, 3], conv2d(4, { kernel: 1, groups: 2 }), /2 groups do not divide the 3 channels/],
    [[5, 5, 3], conv2d(4, { kernel: 1, inChannels: 4 }), /takes 4 channels but received \[5, 5, 3\]/],
    [[5, 5, 3], conv2d(4, { kernel: 7 }), /kernel 7, stride 1, padding 0 \+ 0 does not fit into an input of 5/],
    [[40000, 40000, 64], conv2d(64, { kernel: 1 }), /more than 2147483647 elements/],
  ])('%j', (shape, layer, message) => {
    expect(() => model({ input: shape }, layer)).toThrow(ShapeError)
    expect(() => model({ input: shape }, layer)).toThrow(message)
  })

  test('the error knows the path of the layer', () => {
    const m = { stem: sequential(relu, conv2d(1, { kernel: 9 })) }
    const attempt = () =>
      model(
        { input: [5, 5, 1] as readonly number[] },
        module(m, (x: AnySym) => m.stem(x)),
      )
    expect(attempt).toThrow(
      expect.objectContaining({ layer: 'stem.1', message: expect.stringContaining("conv2d 'stem.1'") }),
    )
  })

  test('values of different shapes', () => {
    const inputs = { a: [4, 4, 8], b: [4, 5, 8] } as Record<string, readonly number[]>
    const pair = (net: (a: AnySym, b: AnySym) => AnySym) => () =>
      model(inputs, ((x: Record<'a' | 'b', AnySym>) => net(x.a, x.b)) as never)
    expect(pair(add)).toThrow(/add 'add' takes equal shapes but received \[4, 4, 8\] and \[4, 5, 8\]/)
    expect(pair(multiply)).toThrow(
      /multiply 'multiply' takes sizes that are equal or 1 but received \[4, 4, 8\] and \[4, 5, 8\]/,
    )
    expect(pair(concat)).toThrow(/concat 'concat' takes equal spatial sizes but received \[4, 4, 8\] and \[4, 5, 8\]/)
  })

  test('what is no symbolic tensor', () => {
    for (const layer of [relu, conv2d(1, { kernel: 1 }), flatten, sequential(relu), dropout()] as Layer[]) {
      for (const given of [undefined, 5, new Float32Array(2), Tensor.zeros([2])]) {
        expect(() => layer(given as never)).toThrow(OptionError)
        expect(() => layer(given as never)).toThrow(/symbolic tensor \(\w+ are applied inside model\(\.\.\.\)\)/)
      }
    }
    expect(() => concat()).toThrow(/at least one symbolic tensor/)
  })

  test('a value of another network', () => {
    let other: AnySym | undefined
    model({ input: [4] }, (x: AnySym) => {
      other = x
      return relu(x)
    })
    expect(() => model({ input: [4] }, (x: AnySym) => add(x, other as AnySym))).toThrow(/two different networks/)
  })
})

describe('concat', () => {
  test('puts channels side by side', () => {
    const net = (x: AnySym) => concat(x, x, relu(x))
    expect(shapeOf([4, 4, 8], net)).toEqual([4, 4, 24])
    expect(shapeOf([8], net)).toEqual([24])
  })
})
