import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { optimize } from '../lib/graph/passes/index.js'
import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  createModel,
  depthwiseConv2d,
  type Layer,
  type Model,
  model,
  module,
  OptionError,
  relu,
  reparameterize,
  sequential,
  Tensor,
} from '../lib/index.js'
import { fill, inputOf, relativeRms } from './support/golden.js'
import { evaluateGraph } from './support/reference.js'
import type { RefTensor } from './support/reference-ops.js'

type Shape = readonly number[]
type Branches = Readonly<Record<string, Layer>>

const withNorm = (conv: unknown) => sequential(conv as Layer, batchNorm()) as Layer

/** The sum of branches of an input, by name, after a convolution so that the input is a value of the network. */
const summed = (branches: Branches, shape: Shape = [9, 8, 6], { addsInput = false } = {}): Model => {
  const first = conv2d(6, { kernel: 1 })
  const net = module({ first, block: branches }, (x: AnySym) => {
    const value = first(x) as AnySym
    const terms = [...Object.values(branches).map((layer) => layer(value)), ...(addsInput ? [value] : [])]
    return relu(terms.reduce((total, term) => add(total, term) as AnySym))
  })
  return model({ input: shape } as Record<string, Shape>, net as never)
}

const filled = async (net: Model): Promise<Model> =>
  net.loadWeights(new Map(net.parameters().map(({ path, shape }) => [path, new Tensor(fill(path, shape), shape)])))

const outputOf = async (net: Model): Promise<Float32Array> => {
  const session = await net.compile({ threads: 2 })
  const { input } = net.inputs as { input: Shape }
  const outputs: Readonly<Record<string, Tensor>> = await session.run({
    input: new Tensor(inputOf([1, ...input]), [1, ...input]),
  })
  session.dispose()
  return (outputs.output as Tensor).data
}

const convsOf = (net: Model) => optimize(net.graph).nodes.filter(({ op }) => op === 'conv')
const conv3x3 = (options: object = {}) => conv2d(6, { kernel: 3, padding: 1, bias: false, ...options })

describe('sums of parallel convolutions', () => {
  test.each<[string, Branches, boolean]>([
    [
      '3 x 3, 1 x 1 and a norm',
      { a: withNorm(conv3x3()), b: withNorm(conv2d(6, { kernel: 1 })), c: batchNorm() as Layer },
      false,
    ],
    ['the input itself', { a: withNorm(conv3x3()) }, true],
    [
      'several of one size',
      { a: withNorm(conv3x3()), b: conv3x3({ bias: true }) as Layer, c: withNorm(conv3x3()) },
      false,
    ],
    [
      'depthwise',
      {
        a: withNorm(depthwiseConv2d({ kernel: 7, padding: 3 })),
        b: withNorm(depthwiseConv2d({ kernel: 3, padding: 1 })),
      },
      true,
    ],
    ['in groups', { a: withNorm(conv3x3({ groups: 3 })), b: withNorm(conv2d(6, { kernel: 1, groups: 3 })) }, true],
    ['with a stride', { a: withNorm(conv3x3({ stride: 2 })), b: withNorm(conv2d(6, { kernel: 1, stride: 2 })) }, false],
    [
      'dilated',
      {
        a: withNorm(conv2d(6, { kernel: 5, padding: 4, dilation: 2 })),
        b: withNorm(conv2d(6, { kernel: 3, padding: 2, dilation: 2 })),
      },
      true,
    ],
  ])('%s: one convolution, with the values of the branches', async (_, branches, addsInput) => {
    const net = await filled(summed(branches, [9, 8, 6], { addsInput }))
    expect(convsOf(net)).toHaveLength(2)
    const input = inputOf([1, ...(net.inputs.input as Shape)])
    const weights = new Map([...net.weights].map(([path, { data, shape }]) => [path, { data, shape }]))
    const expected = Float32Array.from((evaluateGraph(net.graph, weights, { input }).output as RefTensor).data)
    const merged = reparameterize(net)
    expect(merged.parameters().map(({ path }) => path)).toEqual([
      'first.weight',
      'first.bias',
      expect.stringMatching(/^block(\.a)?\.reparam_conv\.weight$/),
      expect.stringMatching(/^block(\.a)?\.reparam_conv\.bias$/),
    ])
    expect(merged.macs).toBeLessThanOrEqual(net.macs)
    expect(relativeRms(await outputOf(net), expected)).toBeLessThan(1e-6)
    expect(relativeRms(await outputOf(merged), expected)).toBeLessThan(1e-6)
  })

  test.each<[string, Branches, number]>([
    ['of other strides', { a: conv3x3({ stride: 2 }) as Layer, b: conv2d(6, { kernel: 5 }) as Layer }, 3],
    ['of other groups', { a: conv3x3() as Layer, b: conv3x3({ groups: 2 }) as Layer }, 3],
    [
      'of kernels of which none covers the other',
      {
        a: conv2d(6, { kernel: [3, 1], padding: [1, 0] }) as Layer,
        b: conv2d(6, { kernel: [1, 3], padding: [0, 1] }) as Layer,
      },
      3,
    ],
    ['behind an activation', { a: sequential(conv3x3() as Layer, relu) as Layer, b: conv3x3() as Layer }, 3],
  ])('%s stay apart', (_, branches, count) => {
    expect(convsOf(summed(branches))).toHaveLength(count)
  })
})

describe('reparameterize', () => {
  const pathsOf = (net: Model) => net.parameters().map(({ path }) => path)

  test('gives RepVGG-A0 the form of its paper, whose weights go through a file', async () => {
    const trained = createModel('repvgg_a0', { inputSize: 32 }).randomizeWeights({ seed: 3 })
    const merged = reparameterize(trained)
    const convs = trained.graph.nodes.filter(({ op }) => op === 'conv').length
    expect(merged.graph.nodes.filter(({ op }) => op === 'conv')).toHaveLength(convs / 2)
    expect(merged.graph.nodes.some(({ op }) => op === 'add' || op === 'batchNorm')).toBe(false)
    expect(pathsOf(merged).slice(0, 4)).toEqual([
      'stem.reparam_conv.weight',
      'stem.reparam_conv.bias',
      'stages.0.0.reparam_conv.weight',
      'stages.0.0.reparam_conv.bias',
    ])
    // 8.30 million, table 2 of the paper.
    expect(merged.parameterCount).toBe(8_309_384)
    const folder = await mkdtemp(join(tmpdir(), 'im2col-reparameterize-'))
    try {
      const path = join(folder, 'merged.safetensors')
      await merged.saveWeights(path)
      const loaded = await reparameterize(createModel('repvgg_a0', { inputSize: 32 })).loadWeights(path)
      const [a, b] = [await outputOf(loaded), await outputOf(trained)]
      expect(relativeRms(a, b)).toBeLessThan(1e-5)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('leaves the model that it is given, takes other sizes, and needs no weights', () => {
    const net = createModel('mobileone_s1')
    const before = pathsOf(net)
    const merged = reparameterize(net)
    expect(pathsOf(net)).toEqual(before)
    expect(merged.retrace({ input: [64, 96, 3] }).nodes).toHaveLength(merged.graph.nodes.length)
    expect(() => merged.weights).toThrow(/have no weights/)
    expect(merged.outputs).toEqual({ output: [1000] })
  })

  test('changes nothing where nothing is parallel', () => {
    const net = createModel('vgg11')
    expect(pathsOf(reparameterize(net))).toEqual(pathsOf(net))
  })

  test.each([undefined, null, {}, 'repvgg_a0'])('refuses %j', (value) => {
    expect(() => reparameterize(value as never)).toThrow(OptionError)
    expect(() => reparameterize(value as never)).toThrow(/what is reparameterized to be a model/)
  })
})
