import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type AnySym,
  blurPool2d,
  convTranspose2d,
  convTranspose3d,
  deformConv2d,
  lpPool2d,
  maxPool2dWithIndices,
  maxUnpool2d,
  model,
  module,
  roiAlign,
  roiPool,
  Tensor,
} from '../lib/index.js'

interface Array {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

interface Case {
  /** Images and boxes of the network, and the layer's parameters; channels first. */
  readonly inputs: Readonly<Record<string, Array>>
  readonly output: Array
  readonly options: Readonly<Record<string, never>>
}

/** Made by test/oracle/torch_layers.py. */
const cases: Readonly<Record<string, Case>> = JSON.parse(
  readFileSync(new URL('./fixtures/torch-layers.json', import.meta.url), 'utf8'),
).layers

type Options = Readonly<Record<string, never>>
type Values = Readonly<Record<string, AnySym>>
const of = (layer: unknown) => (x: Values) => (layer as (x: unknown) => AnySym)(x.input)

/** What each case's network does with its inputs; `outChannels` is a positional argument, not an option. */
const networks: Readonly<Record<string, (options: Options) => readonly [layer: unknown, net: (x: Values) => AnySym]>> =
  {
    convTranspose2d: ({ outChannels, ...options }) => {
      const layer = convTranspose2d(outChannels as never, options as never)
      return [layer, of(layer)]
    },
    convTranspose3d: ({ outChannels, ...options }) => {
      const layer = convTranspose3d(outChannels as never, options as never)
      return [layer, of(layer)]
    },
    maxPoolIndices: (options) => {
      const layer = maxPool2dWithIndices(options as never)
      return [layer, (x) => layer(x.input as AnySym)[1] as AnySym]
    },
    maxUnpool2d: ({ outputSize, ...options }) => {
      const pool = maxPool2dWithIndices(options as never)
      const unpool = maxUnpool2d({ ...options, outputSize } as never)
      return [unpool, (x) => unpool(...pool(x.input as AnySym)) as AnySym]
    },
    lpPool2d: (options) => [undefined, of(lpPool2d(options as never))],
    blurPool2d: (options) => [undefined, of(blurPool2d(options))],
    roiAlign: (options) => {
      const layer = roiAlign(options as never)
      return [layer, (x) => layer(x.input as AnySym, x.boxes as AnySym) as AnySym]
    },
    deformConv2d: ({ outChannels, ...options }) => {
      const layer = deformConv2d(outChannels as never, options as never)
      return [layer, (x) => layer(x.input as AnySym, x.offset as AnySym, x.mask) as AnySym]
    },
    roiPool: (options) => {
      const layer = roiPool(options as never)
      return [layer, (x) => layer(x.input as AnySym, x.boxes as AnySym) as AnySym]
    },
  }

const isParameter = (name: string) => name === 'weight' || name === 'bias'

/** [N, C, spatial...] without N, channels last; boxes have no channels to move. */
const shapeOf = (name: string, { shape: [, ...sizes] }: Array) =>
  name === 'boxes' ? sizes : [...sizes.slice(1), sizes[0] as number]

/** [C, spatial...] blocks, `outer` of them, to [spatial..., C]. */
const channelsLast = (data: readonly number[], outer: number, channels: number): Float32Array => {
  const pixels = data.length / outer / channels
  return Float32Array.from(data, (_, i) => {
    const [block, rest] = [Math.floor(i / pixels / channels), i % (pixels * channels)]
    return data[block * pixels * channels + (rest % channels) * pixels + Math.floor(rest / channels)] as number
  })
}

test.each(Object.entries(cases))('%s gives what PyTorch gives', async (name, { inputs, output, options }) => {
  const kind = name.split(' ')[0] as string
  const [layer, net] = networks[kind]?.(options) ?? []
  if (!net) throw new Error(`no network for ${kind}`)
  const values = Object.entries(inputs).filter(([key]) => !isParameter(key))
  const shapes = Object.fromEntries(values.map(([key, value]) => [key, shapeOf(key, value)]))
  const forward = (x: never) => net(values.length === 1 ? { input: x } : x)
  const network = model(shapes as Record<string, readonly number[]>, module(layer ? { layer } : {}, forward) as never)
  const weights = Object.entries(inputs).filter(([key]) => isParameter(key))
  await network.loadWeights(
    new Map(weights.map(([key, { shape, data }]) => [`layer.${key}`, new Tensor(Float32Array.from(data), shape)])),
  )
  const session = await network.compile()
  const tensors = values.map(([key, { shape, data }]) => {
    const channels = shape[1] as number
    const moved = key === 'boxes' ? Float32Array.from(data) : channelsLast(data, shape[0] as number, channels)
    return [key, new Tensor(moved, [shape[0] as number, ...shapeOf(key, { shape, data })])]
  })
  const outputs: Readonly<Record<string, Tensor>> = await session.run(Object.fromEntries(tensors))
  const result = outputs.output as Tensor
  const isPerBox = kind.startsWith('roi')
  const outer = (output.shape[0] as number) * (isPerBox ? (output.shape[1] as number) : 1)
  const expected = channelsLast(output.data, outer, output.shape[isPerBox ? 2 : 1] as number)
  expect(result.data.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(Math.abs((result.data[i] as number) - value), `element ${i}`).toBeLessThan(1e-5 * (1 + Math.abs(value)))
  })
})
