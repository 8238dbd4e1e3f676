import { describe, expect, test } from 'vitest'
import {
  type AnySym,
  bam,
  cbam,
  coordinateAttention,
  efficientChannelAttention,
  globalContext,
  type Layer,
  largeKernelAttention,
  model,
  module,
  OptionError,
  pixelAttention,
  ShapeError,
  selectiveKernel,
  sequential,
  squeezeExcite,
  tripletAttention,
} from '../lib/index.js'
import { hasGolden, readGolden } from './support/golden.js'
import { compareWithGolden } from './support/run-golden.js'

type Shape = readonly number[]

const imageModel = (shape: Shape, net: unknown) => model({ input: shape } as Record<string, Shape>, net as never)

const parametersOf = (shape: Shape, layer: Layer) =>
  imageModel(
    shape,
    module({ layer }, (x: AnySym) => layer(x)),
  )
    .parameters()
    .map(({ path, shape }) => [path.replace('layer.', ''), shape])

describe('what the authors’ layers give', () => {
  test.for<[string, unknown]>([
    ['cbam', cbam(64)],
    ['bam', bam(64)],
    ['coordinate_attention', coordinateAttention(20)],
    ['triplet_attention', tripletAttention()],
    ['large_kernel_attention', largeKernelAttention(20)],
    ['pixel_attention', pixelAttention(20)],
  ])('%s', async ([name, layer], { skip }) => {
    skip(!hasGolden(name))
    const { error, tolerance, model } = await compareWithGolden(name, layer)
    expect(error).toBeLessThan(tolerance)
    const { params, macs } = readGolden(name)
    expect({ params: model.parameterCount, macs: model.macs }).toEqual({ params, macs })
  })
})

describe('parameters', () => {
  test('of squeeze and excitation have the names that are asked for', () => {
    expect(parametersOf([4, 4, 64], squeezeExcite(64) as Layer)).toEqual([
      ['fc1.weight', [4, 64, 1, 1]],
      ['fc1.bias', [4]],
      ['fc2.weight', [64, 4, 1, 1]],
      ['fc2.bias', [64]],
    ])
    const named = squeezeExcite(64, { squeezed: 8, names: ['conv_reduce', 'conv_expand'] }) as Layer
    expect(parametersOf([4, 4, 64], named).map(([path]) => path)).toEqual([
      'conv_reduce.weight',
      'conv_reduce.bias',
      'conv_expand.weight',
      'conv_expand.bias',
    ])
  })

  test.each([
    [64, 3],
    [256, 5],
    [512, 5],
    [2048, 7],
  ])('of efficient channel attention over %i channels: a kernel of %i', (channels, kernel) => {
    const layer = efficientChannelAttention(channels) as Layer
    expect(parametersOf([2, 2, channels], layer)).toEqual([['conv.weight', [1, 1, kernel]]])
  })

  test('of a global context have an eighth of the channels, or another share', () => {
    expect(parametersOf([2, 2, 64], globalContext(64) as Layer)[2]).toEqual(['mlp_add.fc1.weight', [8, 64, 1, 1]])
    expect(parametersOf([2, 2, 64], globalContext(64, { reduction: 4 }) as Layer)[2]?.[1]).toEqual([16, 64, 1, 1])
  })

  test('of a selective kernel: the paper’s 32 channels at least', () => {
    const shapes = new Map(parametersOf([8, 8, 64], selectiveKernel(128, { stride: 2 })) as [string, Shape][])
    expect(shapes.get('paths.1.conv.weight')).toEqual([128, 64, 3, 3])
    expect(shapes.get('attn.fc_reduce.weight')).toEqual([32, 128, 1, 1])
    const net = imageModel([8, 8, 64], selectiveKernel(128, { stride: 2, groups: 32 }))
    expect(net.outputs).toEqual({ output: [4, 4, 128] })
  })
})

describe('options that no layer takes are refused', () => {
  test.each<[() => unknown, string]>([
    [() => squeezeExcite(0), 'channels of squeezeExcite'],
    [() => squeezeExcite(64, { squeezed: 1.5 }), 'squeezed of squeezeExcite'],
    [() => squeezeExcite(64, { names: 5 as never }), 'Expected names of squeezeExcite to be a list of two different'],
    [() => squeezeExcite(64, { names: ['fc', 'fc'] }), 'Expected names of squeezeExcite to be a list of two different'],
    [() => squeezeExcite(64, { activation: 5 as never }), 'Expected activation of squeezeExcite to be a layer'],
    [() => squeezeExcite(64, { gate: 'sigmoid' as never }), 'Expected gate of squeezeExcite to be a layer'],
    [() => squeezeExcite(64, { reduction: 4 } as never), 'squeezeExcite has no option "reduction"'],
    [() => efficientChannelAttention(64, { kernel: 4 }), 'Expected kernel of efficientChannelAttention to be odd'],
    [() => efficientChannelAttention(Number.NaN), 'channels of efficientChannelAttention'],
    [() => globalContext(64, { reduction: -8 }), 'reduction of globalContext'],
    [() => selectiveKernel(64, { splits: 1 as never }), 'splits of selectiveKernel'],
    [() => selectiveKernel(64, { stride: 0 }), 'stride of selectiveKernel'],
    [() => selectiveKernel(64, { squeezed: 0 }), 'squeezed of selectiveKernel'],
    [() => cbam(64, { reduction: 0 }), 'reduction of cbam'],
    [() => cbam('64' as never), 'channels of cbam'],
    [() => bam(64, { dilation: 0 }), 'dilation of bam'],
    [() => bam(64, { kernel: 3 } as never), 'bam has no option "kernel"'],
    [() => coordinateAttention(64, { reduction: Number.POSITIVE_INFINITY }), 'reduction of coordinateAttention'],
    [() => pixelAttention(-1), 'channels of pixelAttention'],
    [() => largeKernelAttention(2.5), 'channels of largeKernelAttention'],
  ])('%#', (make, message) => {
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })
})

describe('images of other channels are refused', () => {
  test.each<[name: string, layer: (channels: number) => unknown]>(
    Object.entries({
      squeezeExcite,
      efficientChannelAttention,
      globalContext,
      cbam,
      bam,
      pixelAttention,
      coordinateAttention,
      largeKernelAttention,
    }),
  )('by %s', (name, layer) => {
    for (const [channels, shape] of [
      [16, [6, 6, 1]],
      [8, [6, 6, 4]],
      [1, [6, 6, 4]],
    ] as const) {
      const attempt = () => imageModel(shape, sequential(layer(channels) as Layer))
      expect(attempt).toThrow(ShapeError)
      expect(attempt).toThrow(`${name} '0' takes ${channels} channels but received [${shape.join(', ')}]`)
    }
    expect(() => imageModel([6, 8], sequential(layer(8) as Layer))).toThrow(
      `${name} '0' takes [height, width, channels] but received [6, 8]`,
    )
    expect(imageModel([6, 6, 8], sequential(layer(8) as Layer)).outputs).toEqual({ output: [6, 6, 8] })
  })

  test('as are series where any channels will do', () => {
    for (const layer of [tripletAttention(), selectiveKernel(8)]) {
      expect(() => imageModel([6, 8], sequential(layer as Layer))).toThrow('takes [height, width, channels]')
    }
  })
})
