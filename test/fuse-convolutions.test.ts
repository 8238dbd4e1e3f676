import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createProgram, createWeightStore } from '../lib/binding.js'
import type { ConvAlgorithm } from '../lib/graph/lowering.js'
import { fuseConvolutions, optimize } from '../lib/graph/passes/index.js'
import { lower } from '../lib/graph/plan.js'
import type { StepSpec } from '../lib/graph/plan-spec.js'
import { batchNorm, type Layer, model, sequential, squeezeExcite, stdConv2d, Tensor } from '../lib/index.js'
import { graphCase } from './support/arbitraries.js'
import { bytesOf } from './support/check-layer.js'
import { GraphBuilder, product, type WindowChoice } from './support/graph-builder.js'
import { randomSource, randomValues } from './support/random.js'
import { evaluateGraph } from './support/reference.js'
import type { RefTensor } from './support/reference-ops.js'
import { sessionOf, tensorsFor } from './support/session-of.js'
import { expectWithin } from './support/tolerance.js'

const pointwise = { kernel: [1, 1] }
const stem = { kernel: [3, 3], stride: [2, 2], padStart: [1, 1] }
const around = (kernel: number, stride = 1): WindowChoice => ({
  kernel: [kernel, kernel],
  stride: [stride, stride],
  padStart: [(kernel - 1) / 2, (kernel - 1) / 2],
})

/** Expand, activate, filter every channel alone. */
function block(image: readonly number[], channels: number, depthwise: WindowChoice, expand: WindowChoice = pointwise) {
  const b = new GraphBuilder(7)
  const x = b.input('x', image)
  const expanded = b.activation(b.batchNorm(b.conv(x, channels, expand)), { kind: 'silu' })
  const y = b.activation(b.conv(expanded, channels, depthwise, { groups: channels }), { kind: 'clamp', min: 0, max: 6 })
  return { b, x, expanded, y }
}

const opsOf = (graph: ReturnType<typeof fuseConvolutions>) => graph.nodes.map(({ op }) => op)

describe('fuseConvolutions', () => {
  test('keeps the meaning of a graph', () => {
    fc.assert(
      fc.property(graphCase(), ({ graph, parameters, inputs, batch }) => {
        const expected = evaluateGraph(graph, parameters, inputs, batch)
        const actual = evaluateGraph(fuseConvolutions(graph, 'everywhere'), parameters, inputs, batch)
        for (const [name, { data }] of Object.entries(expected)) expect(actual[name]?.data).toEqual(data)
      }),
      { numRuns: 60 },
    )
  })

  test('names both convolutions and drops the value between them', () => {
    const { b, y } = block([6, 6, 3], 8, around(3))
    const before = optimize(b.finish({ y }))
    const after = fuseConvolutions(before, 'everywhere')
    expect(after.nodes.map(({ op, path }) => [op, path])).toEqual([
      ['expandDepthwise', before.nodes.map(({ path }) => path).join(' + ')],
    ])
    expect(after.values.map(({ shape }) => shape)).toEqual([
      [6, 6, 3],
      [6, 6, 8],
    ])
  })

  test('takes the projection behind them and its residual, too', () => {
    const { b, x, y } = block([6, 6, 3], 8, around(3))
    const sum = b.add(b.conv(y, 3, pointwise), x)
    const before = optimize(b.finish({ sum }))
    const after = fuseConvolutions(before, 'everywhere')
    expect(after.nodes.map(({ op, path, inputs }) => [op, path, inputs])).toEqual([
      ['invertedResidual', before.nodes.map(({ path }) => path).join(' + '), [x, x]],
    ])
  })

  test('leaves a projection alone that skips pixels, reads neighbours or is not the only reader', () => {
    const opsFor = (project: WindowChoice, alone = true) => {
      const { b, y } = block([6, 6, 3], 8, around(3))
      const z = b.conv(y, 3, project)
      return opsOf(fuseConvolutions(optimize(b.finish(alone ? { z } : { y, z })), 'everywhere'))
    }
    expect(opsFor({ kernel: [1, 1], stride: [2, 2] })).toEqual(['expandDepthwise', 'conv'])
    expect(opsFor(around(3))).toEqual(['expandDepthwise', 'conv'])
    expect(opsFor(pointwise, false)).toEqual(['expandDepthwise', 'conv'])
  })

  test('takes a strided convolution, but none that Winograd computes faster', () => {
    const fusedOf = (expand: WindowChoice) => {
      const { b, y } = block([12, 12, 3], 8, around(3), expand)
      return opsOf(fuseConvolutions(optimize(b.finish({ y })), 'everywhere'))
    }
    expect(fusedOf(stem)).toEqual(['expandDepthwise'])
    expect(fusedOf(around(3))).toEqual(['conv', 'conv'])
    expect(fusedOf(around(5, 2))).toEqual(['conv', 'conv'])
  })

  test('leaves what others read, residuals, groups and plain convolutions alone', () => {
    const { b, x, expanded, y } = block([6, 6, 3], 8, around(3))
    expect(opsOf(fuseConvolutions(optimize(b.finish({ y, expanded })), 'everywhere'))).toEqual(['conv', 'conv'])
    const same = b.add(b.conv(x, 3, pointwise), b.activation(x))
    const filtered = b.conv(same, 3, around(3), { groups: 3 })
    expect(opsOf(fuseConvolutions(optimize(b.finish({ filtered })), 'everywhere'))).toEqual([
      'activation',
      'conv',
      'conv',
    ])
    const plain = b.conv(b.conv(x, 4, pointwise), 4, around(3), { groups: 2 })
    expect(opsOf(fuseConvolutions(optimize(b.finish({ plain })), 'everywhere'))).toEqual(['conv', 'conv'])
  })

  test('fuses only where the expanded image is large unless told otherwise', () => {
    const opsFor = (size: number) => {
      const { b, y } = block([size, size, 4], 32, around(3))
      return opsOf(fuseConvolutions(optimize(b.finish({ y })), 'large'))
    }
    expect(opsFor(14)).toEqual(['conv', 'conv'])
    expect(opsFor(112)).toEqual(['expandDepthwise'])
  })

  test('fuses a projection only where what it reads is large unless told otherwise', () => {
    const opsFor = (stride: number) => {
      const { b, y } = block([80, 80, 4], 32, around(3, stride))
      return opsOf(fuseConvolutions(optimize(b.finish({ z: b.conv(y, 3, pointwise) })), 'large'))
    }
    expect(opsFor(1)).toEqual(['invertedResidual'])
    expect(opsFor(2)).toEqual(['expandDepthwise', 'conv'])
  })
})

describe('weights that are scaled instead of an image', () => {
  const weighed = (scaleShape: readonly number[], project: WindowChoice = pointwise) => {
    const b = new GraphBuilder(9)
    const x = b.input('x', [9, 10, 20])
    const scale = b.input('scale', scaleShape)
    const product = b.multiply(scale, x)
    return { b, x, scale, product, y: b.conv(product, 20, project) }
  }
  const opsAfter = (b: GraphBuilder, outputs: Record<string, number>) =>
    opsOf(fuseConvolutions(optimize(b.finish(outputs)), 'large'))

  test('read the image and the scale, then the residual', () => {
    const { b, x, scale, y } = weighed([1, 1, 20])
    const graph = fuseConvolutions(optimize(b.finish({ y: b.activation(b.add(y, x)) })), 'large')
    expect(graph.nodes.map(({ op, inputs }) => [op, inputs])).toEqual([['scaledConv', [x, scale, x]]])
  })

  test('take a vector for a scale', () => {
    const { b, y } = weighed([20])
    expect(opsAfter(b, { y })).toEqual(['scaledConv'])
  })

  test('need one number for each channel, a kernel of one place, and that nothing else reads the product', () => {
    const perPlace = weighed([9, 10, 1])
    expect(opsAfter(perPlace.b, { y: perPlace.y })).toEqual(['binary', 'conv'])
    const wide = weighed([1, 1, 20], around(3))
    expect(opsAfter(wide.b, { y: wide.y })).toEqual(['binary', 'conv'])
    const padded = weighed([1, 1, 20], { ...pointwise, padStart: [1, 0] })
    expect(opsAfter(padded.b, { y: padded.y })).toEqual(['binary', 'conv'])
    const shared = weighed([1, 1, 20])
    expect(opsAfter(shared.b, { y: shared.y, product: shared.product })).toEqual(['binary', 'conv'])
    const active = weighed([1, 1, 20])
    const y = active.b.conv(active.b.activation(active.product), 4, pointwise)
    expect(opsAfter(active.b, { y })).toEqual(['binary', 'conv'])
  })

  test('give the same bits with any number of threads, in blocks of pixels and ranges of panels', async () => {
    const b = new GraphBuilder(11)
    const shapes = { x: [60, 61, 70], scale: [70] }
    const weighedImage = b.multiply(b.input('x', shapes.x), b.input('scale', shapes.scale))
    const graph = b.finish({ y: b.conv(weighedImage, 150, pointwise) })
    const inputs = {
      x: randomValues(2 * product(shapes.x), randomSource(1)),
      scale: randomValues(2 * 70, randomSource(2)),
    }
    const expected = evaluateGraph(graph, b.parameters, inputs, 2).y as RefTensor
    const bits: Buffer[] = []
    for (const threads of [1, 2, 3]) {
      const session = await sessionOf(graph, b.parameters, { threads })
      const { y } = await session.run(tensorsFor(graph, inputs, 2))
      expectWithin((y as Tensor).data, expected)
      bits.push(Buffer.from(bytesOf(y as Tensor).buffer))
      session.dispose()
    }
    for (const other of bits) expect(other.equals(bits[0] as Buffer)).toBe(true)
  })
})

describe('images that are normed as a convolution reads them', () => {
  const normed = (image: readonly number[], channels: number, conv: WindowChoice = pointwise) => {
    const b = new GraphBuilder(13)
    const x = b.input('x', image)
    const norm = b.activation(b.batchNorm(x), { kind: 'relu' })
    return { b, x, norm, y: b.conv(norm, channels, conv) }
  }
  const opsAfter = (b: GraphBuilder, outputs: Record<string, number>) =>
    opsOf(fuseConvolutions(optimize(b.finish(outputs)), 'large'))

  test('are the input of one step, then the residual', () => {
    const { b, x, y } = normed([9, 10, 20], 20)
    const graph = fuseConvolutions(optimize(b.finish({ y: b.activation(b.add(y, x)) })), 'large')
    expect(graph.nodes.map(({ op, inputs }) => [op, inputs])).toEqual([['normConv', [x, x]]])
  })

  test('stay when another reads them, a kernel is larger, padded or strided, or the norm adds a residual', () => {
    const shared = normed([9, 10, 20], 20)
    expect(opsAfter(shared.b, { y: shared.y, norm: shared.norm })).toEqual(['batchNorm', 'conv'])
    for (const conv of [around(3), { ...pointwise, padStart: [1, 0] }, { ...pointwise, stride: [2, 2] }]) {
      const { b, y } = normed([9, 10, 20], 20, conv)
      expect(opsAfter(b, { y })).toEqual(['batchNorm', 'conv'])
    }
    const { b, x } = normed([9, 10, 20], 20)
    const sum = b.add(b.batchNorm(x), x)
    expect(opsAfter(b, { y: b.conv(sum, 4, pointwise) })).toEqual(['batchNorm', 'conv'])
  })

  const cases: Record<string, [image: number[], channels: number, kind: 'relu' | 'silu']> = {
    'blocks and ranges of panels': [[30, 31, 70], 150, 'relu'],
    'few pixels of many channels': [[5, 5, 1024], 96, 'relu'],
    'weights beyond the cache': [[13, 14, 520], 300, 'silu'],
    'one pixel of one channel': [[1, 1, 1], 1, 'relu'],
    volumes: [[3, 5, 7, 9], 20, 'silu'],
  }
  for (const [name, [image, channels, kind]] of Object.entries(cases)) {
    test(`give the bits of two steps with any number of threads: ${name}`, async () => {
      const b = new GraphBuilder(17)
      const x = b.input('x', image)
      const start = b.conv(x, image.at(-1) as number, { kernel: image.slice(1).map(() => 1) })
      const norm = b.activation(b.batchNorm(b.add(start, x)), { kind })
      const ones = image.slice(1).map(() => 1)
      const graph = b.finish({
        y: b.add(b.conv(norm, channels, { kernel: ones }), b.conv(start, channels, { kernel: ones })),
      })
      const inputs = { x: randomValues(2 * product(image), randomSource(4)) }
      const expected = evaluateGraph(graph, b.parameters, inputs, 2).y as RefTensor
      const bits: Buffer[] = []
      for (const [algorithm, threads] of [
        ['separate', 1],
        ['auto', 1],
        ['auto', 2],
        ['auto', 3],
      ] as const) {
        const session = await sessionOf(graph, b.parameters, { algorithm, threads })
        const ops = (await session.profile(tensorsFor(graph, inputs, 2))).map(({ op }) => op)
        expect(ops.includes('normConv')).toBe(algorithm === 'auto')
        const { y } = await session.run(tensorsFor(graph, inputs, 2))
        expectWithin((y as Tensor).data, expected)
        bits.push(Buffer.from(bytesOf(y as Tensor).buffer))
        session.dispose()
      }
      for (const other of bits) expect(other.equals(bits[0] as Buffer)).toBe(true)
    })
  }
})

test('weights that are standardised stay so behind a scale or a norm', async () => {
  const shape = [6, 5, 8]
  const fusedAndSeparate = async (layers: Layer) => {
    const net = model({ x: shape }, layers)
    net.randomizeWeights()
    const values = Float32Array.from({ length: product(shape) }, (_, i) => Math.sin(i))
    const outputs = []
    for (const algorithm of ['auto', 'separate'] as const) {
      const session = await net.compile({ threads: 1, algorithm })
      outputs.push([...(await session.run({ x: new Tensor(values, [1, ...shape]) })).output.data])
      session.dispose()
    }
    return outputs as [number[], number[]]
  }
  for (const before of [squeezeExcite(8, { squeezed: 4 }), batchNorm()]) {
    const [fused, separate] = await fusedAndSeparate(sequential(before, stdConv2d(12, { kernel: 1 })) as Layer)
    fused.forEach((value, i) => {
      expect(value).toBeCloseTo(separate[i] as number, 4)
    })
  }
})

describe('computed together and one after the other give the same bits', () => {
  const projected = (
    channels: number,
    { b, x, y }: ReturnType<typeof block>,
    residual = false,
  ): Pick<ReturnType<typeof block>, 'b' | 'y'> => {
    const z = b.conv(y, channels, pointwise)
    return { b, y: b.activation(residual ? b.add(z, x) : z) }
  }
  const cases: Record<string, () => Pick<ReturnType<typeof block>, 'b' | 'y'>> = {
    'a projection': () => projected(40, block([97, 83, 5], 70, around(3))),
    'a projection with a residual': () => projected(24, block([56, 56, 24], 144, around(3)), true),
    'a projection behind stride 2, kernel 5': () => projected(9, block([66, 90, 16], 96, around(5, 2))),
    'a projection behind a stem': () => projected(16, block([120, 121, 3], 32, around(3), stem)),
    'a projection of one pixel': () => projected(40, block([1, 1, 9], 20, around(3))),
    'a projection of one row': () => projected(18, block([1, 30, 18], 20, around(3)), true),
    'windows that slide down strips': () => block([97, 83, 5], 70, around(3)),
    'stride 2, kernel 5': () => block([66, 90, 16], 96, around(5, 2)),
    'kernel 7': () => block([40, 41, 8], 40, around(7)),
    'a stem': () => block([120, 121, 3], 32, around(3), stem),
    'rows far beyond the image': () =>
      block([5, 6, 3], 17, { kernel: [2, 2], dilation: [5, 4], padStart: [9, 8], padEnd: [9, 8] }),
    'a stride that skips rows': () => block([50, 50, 4], 33, { kernel: [1, 1], stride: [3, 3] }),
    'one pixel': () => block([1, 1, 9], 20, around(3)),
  }
  const bitsOf = async (
    { b, y }: Pick<ReturnType<typeof block>, 'b' | 'y'>,
    algorithm: ConvAlgorithm,
    threads: number,
  ) => {
    const graph = b.finish({ y })
    const [input] = graph.inputs.map(({ value }) => b.shapeOf(value))
    const session = await sessionOf(graph, b.parameters, { algorithm, threads })
    const inputs = { x: randomValues(2 * product(input ?? []), randomSource(3)) }
    const steps = await session.profile(tensorsFor(graph, inputs, 2))
    const outputs = await session.run(tensorsFor(graph, inputs, 2))
    session.dispose()
    return { bits: Buffer.from(bytesOf(outputs.y as Tensor).buffer), ops: steps.map(({ op }) => op) }
  }

  for (const [name, network] of Object.entries(cases)) {
    test(name, async () => {
      const separate = await bitsOf(network(), 'depthwise', 1)
      expect(separate.ops.every((op) => op !== 'expandDepthwise' && op !== 'invertedResidual')).toBe(true)
      const op = name.startsWith('a projection') ? 'invertedResidual' : 'expandDepthwise'
      for (const threads of [1, 2, 3]) {
        const fused = await bitsOf(network(), 'fused', threads)
        expect(fused.ops).toContain(op)
        expect(fused.bits.equals(separate.bits), `${threads} threads`).toBe(true)
      }
    })
  }
})

describe('the engine refuses a step', () => {
  const LARGE = 2 ** 30
  /** The program of a graph, whose steps of one kind get other attributes. */
  const creationWith = (
    attributes: StepSpec['attributes'],
    op: string,
    b: GraphBuilder,
    outputs: Record<string, number>,
  ) => {
    const plan = lower(fuseConvolutions(optimize(b.finish(outputs)), 'everywhere'), {
      batch: 1,
      layout: 'nhwc',
      scope: 'test',
      data: ({ path }) => b.parameters.get(path)?.data as Float32Array,
    })
    const steps = plan.steps.map((step) =>
      step.op === op ? { ...step, attributes: { ...step.attributes, ...attributes } } : step,
    )
    return createProgram(createWeightStore(), { ...plan, steps }, { threads: 1, maxConcurrency: 1 })
  }

  test.each<[string, StepSpec['attributes'], string]>([
    ['of volumes', { size: [2, 6, 6] }, 'expected images'],
    ['whose expansion reads beyond its input', { size: [1, 7, 6] }, 'whose padding the halo covers'],
    ['whose expansion has groups', { 'expand.groups': 2 }, "parameter 'expand.weight'"],
    ['whose second convolution is not depthwise', { 'depthwise.groups': 4 }, "parameter 'depthwise.weight'"],
    ['whose windows are endless', { 'depthwise.dilation': [1, LARGE, LARGE] }, 'the window of a row is too large'],
    ['that lacks an attribute', { 'depthwise.stride': 'none' }, "attribute 'depthwise.stride' must be three integers"],
  ])('%s', async (_, attributes, message) => {
    const { b, y } = block([6, 6, 4], 8, around(3))
    await expect(creationWith(attributes, 'expandDepthwise', b, { y })).rejects.toThrow(message)
  })

  test.each<[string, StepSpec['attributes'], string]>([
    ['that projects and skips pixels', { 'project.stride': [1, 2, 2] }, 'a projection of one place'],
    ['that projects and pads', { 'project.padStart': [0, 1, 0] }, 'a projection of one place'],
    ['that projects in groups', { 'project.groups': 2 }, "parameter 'project.weight'"],
    ['that projects other channels than it expands', { channels: 9 }, "parameter 'expand.weight'"],
    ['that lacks the channels it projects', { channels: 'none' }, "attribute 'channels' must be"],
  ])('%s', async (_, attributes, message) => {
    const { b, y } = block([6, 6, 4], 8, around(3))
    const outputs = { z: b.conv(y, 4, pointwise) }
    await expect(creationWith(attributes, 'invertedResidual', b, outputs)).rejects.toThrow(message)
  })

  test.each<[string, Partial<StepSpec>, string]>([
    [
      'that norms an image and skips pixels',
      { attributes: { stride: [1, 2, 2] } },
      'one group, stride 1 and no padding',
    ],
    ['that norms an image and pads it', { attributes: { padStart: [0, 1, 0] } }, 'one group, stride 1 and no padding'],
    ['that norms an image in groups', { attributes: { groups: 2 } }, "parameter 'weight'"],
    [
      'that norms an image by too few numbers',
      { parameters: { 'norm.shift': { key: 'k', data: new Float32Array(3) } } },
      "parameter 'norm.shift'",
    ],
  ])('%s', async (_, changes, message) => {
    const b = new GraphBuilder(5)
    const y = b.conv(b.batchNorm(b.input('x', [4, 4, 4])), 2, pointwise)
    const plan = lower(fuseConvolutions(optimize(b.finish({ y })), 'large'), {
      batch: 1,
      layout: 'nhwc',
      scope: 'test',
      data: ({ path }) => b.parameters.get(path)?.data as Float32Array,
    })
    const changed = (step: StepSpec): StepSpec => ({
      ...step,
      attributes: { ...step.attributes, ...changes.attributes },
      parameters: { ...step.parameters, ...changes.parameters },
    })
    const steps = plan.steps.map((step) => (step.op === 'normConv' ? changed(step) : step))
    expect(steps.map(({ op }) => op)).toContain('normConv')
    const creation = createProgram(createWeightStore(), { ...plan, steps }, { threads: 1, maxConcurrency: 1 })
    await expect(creation).rejects.toThrow(message)
  })

  test('whose scale has more than one number for each channel', async () => {
    const b = new GraphBuilder(5)
    const y = b.conv(b.multiply(b.input('x', [4, 4, 3]), b.input('scale', [3])), 2, pointwise)
    const plan = lower(fuseConvolutions(optimize(b.finish({ y })), 'large'), {
      batch: 1,
      layout: 'nhwc',
      scope: 'test',
      data: ({ path }) => b.parameters.get(path)?.data as Float32Array,
    })
    const steps = plan.steps.map((step) => (step.op === 'scaledConv' ? { ...step, inputs: [0, 0] } : step))
    const creation = createProgram(createWeightStore(), { ...plan, steps }, { threads: 1, maxConcurrency: 1 })
    await expect(creation).rejects.toThrow('but the scale has the sizes 1x1x4x4x3')
  })
})
