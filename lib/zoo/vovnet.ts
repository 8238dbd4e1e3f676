import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  hardSigmoid,
  identity,
  maxPool2d,
  module,
  multiply,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'
import { depthwise, pointwise } from './inverted-residual.js'

const variant = defineFamily({
  family: 'vovnet',
  task: 'image-classification',
  paper: {
    title: 'An Energy and GPU-Computation Efficient Backbone Network for Real-Time Object Detection',
    authors: 'Lee, Hwang, Lee, Bae, Park',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.09730',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 29,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

const conv = (width: number, kernel: number, stride = 1) => convNorm(width, { kernel, stride, activation: relu })

type Layer = (x: AnySym) => AnySym

/** 3 x 3 for every channel alone, then 1 x 1. */
const separable = (width: number, stride = 1) => {
  const m = { conv_dw: depthwise(3, stride), conv_pw: pointwise(width), bn: batchNorm() }
  return module(m, (x: AnySym) => relu(m.bn(m.conv_pw(m.conv_dw(x)))))
}

/** Multiplies each of `channels` channels by a factor that one layer makes of the means of all of them. Lee and Park's eSE. */
const weigh = (channels: number) => {
  const m = { mean: globalAvgPool(), fc: conv2d(channels, { kernel: 1 }) }
  return module(m, (x: AnySym) => multiply(x, hardSigmoid(m.fc(m.mean(x)))) as AnySym)
}

interface Aggregation {
  readonly inChannels: number
  /** Channels of each 3 x 3 convolution. */
  readonly width: number
  readonly outChannels: number
  readonly layers: number
  /** Whether the 3 x 3 convolutions are separable, behind a 1 x 1 to their width where the input has another. */
  readonly isSeparable: boolean
}

interface Extras {
  /** Whether the output is weighed by channels. */
  readonly weighs: boolean
  /** Whether the input is added to the output. */
  readonly adds: boolean
}

/** One-shot aggregation: a chain of convolutions, then one 1 x 1 over the input and all of their outputs. */
const oneShotAggregation = (aggregation: Aggregation, { weighs, adds }: Extras) => {
  const { inChannels, width, outChannels, layers, isSeparable } = aggregation
  const m = {
    conv_reduction: isSeparable && inChannels !== width ? conv(width, 1) : identity,
    conv_mid: Array.from({ length: layers }, () => (isSeparable ? separable(width) : conv(width, 3)) as Layer),
    conv_concat: conv(outChannels, 1),
    attn: weighs ? weigh(outChannels) : identity,
  }
  return module(m, (x: AnySym) => {
    const features = [x]
    let last = m.conv_reduction(x)
    for (const layer of m.conv_mid) {
      last = layer(last)
      features.push(last)
    }
    const y = m.attn(m.conv_concat(concat(...features)))
    return adds ? add(y, x) : y
  })
}

const stage = (depth: number, pool: boolean, isSecond: boolean, aggregation: Aggregation) => {
  const extras = (i: number) => ({ weighs: isSecond && i === depth - 1, adds: isSecond && i > 0 })
  const inner = { ...aggregation, inChannels: aggregation.outChannels }
  const m = {
    ...(pool && { pool: maxPool2d({ kernel: 3, stride: 2, ceil: true }) }),
    blocks: sequential(
      ...Array.from({ length: depth }, (_, i) => oneShotAggregation(i > 0 ? inner : aggregation, extras(i))),
    ),
  }
  return module(m, (x: AnySym) => m.blocks(m.pool ? m.pool(x) : x))
}

/** One number for each of the four stages. */
type PerStage = readonly [number, number, number, number]

interface Configuration {
  readonly depths: PerStage
  /** 3 x 3 convolutions in every aggregation; 5 by default, the paper's table 2. */
  readonly layers?: number
  /** Version 2: aggregations add their input, but the first of a stage, and the last of a stage weighs its channels. */
  readonly isSecond?: boolean
  /** Whether the 3 x 3 convolutions but the first are separable; false by default. */
  readonly isSeparable?: boolean
  /** Channels of the 3 x 3 convolutions, by stage; 128, 160, 192 and 224 by default. */
  readonly widths?: PerStage
  /** Channels of the aggregations, by stage; 256, 512, 768 and 1024 by default. */
  readonly outWidths?: PerStage
}

const vovnet =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { depths, layers = 5, isSecond = false, isSeparable = false } = configuration
    const { widths = [128, 160, 192, 224], outWidths = [256, 512, 768, 1024] } = configuration
    const stemWidth = isSeparable ? 64 : 128
    const stages = widths.map((width, i) => {
      const [inChannels, outChannels] = [outWidths[i - 1] ?? stemWidth, outWidths[i] as number]
      return stage(depths[i] as number, i > 0, isSecond, { inChannels, width, outChannels, layers, isSeparable })
    })
    const stemLayer = (width: number, stride: number) =>
      (isSeparable ? separable(width, stride) : conv(width, 3, stride)) as Layer
    const m = {
      stem: sequential(conv(64, 3, 2), stemLayer(64, 1), stemLayer(stemWidth, 2)),
      stages: sequential(...stages),
      head: { global_pool: globalAvgPool(), fc: dense(numClasses) },
    }
    return module(m, (x: AnySym) => m.head.fc(flatten(m.head.global_pool(m.stages(m.stem(x))))))
  }

/**
 * VoVNet-39: `[224, 224, 3]` -> `[1000]`. Lee et al., arXiv:1904.09730.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('vovnet39a', { numClasses: 10 })
 * ```
 */
export const vovnet39a = variant(
  'vovnet39a',
  { parameters: 22_600_296, macs: 7_072_227_328 },
  vovnet({ depths: [1, 1, 2, 2] }),
)

/** VoVNet-57: `[224, 224, 3]` -> `[1000]`. */
export const vovnet57a = variant(
  'vovnet57a',
  { parameters: 36_640_296, macs: 8_930_144_256 },
  vovnet({ depths: [1, 1, 4, 3] }),
)

/** VoVNet-27-slim, of half the channels: `[224, 224, 3]` -> `[1000]`. */
export const vovnet27s = variant(
  'vovnet27s',
  { parameters: 3_525_736, macs: 2_176_695_296 },
  vovnet({ depths: [1, 1, 1, 1], widths: [64, 80, 96, 112], outWidths: [128, 256, 384, 512] }),
)

const v2 = {
  paper: {
    title: 'CenterMask: Real-Time Anchor-Free Instance Segmentation',
    authors: 'Lee, Park',
    year: 2019,
    url: 'https://arxiv.org/abs/1911.06667',
  },
} as const

/** VoVNet v2-39: `[224, 224, 3]` -> `[1000]`. Lee and Park, arXiv:1911.06667. */
export const eseVovnet39b = variant(
  'ese_vovnet39b',
  { ...v2, parameters: 24_568_936, macs: 7_074_193_408 },
  vovnet({ depths: [1, 1, 2, 2], isSecond: true }),
)

/** VoVNet v2-19 of separable convolutions: `[224, 224, 3]` -> `[1000]`. */
export const eseVovnet19bDw = variant(
  'ese_vovnet19b_dw',
  { ...v2, parameters: 6_543_080, macs: 1_333_489_824 },
  vovnet({ depths: [1, 1, 1, 1], layers: 3, isSecond: true, isSeparable: true }),
)

/** VoVNet v2-57: `[224, 224, 3]` -> `[1000]`. */
export const eseVovnet57b = variant(
  'ese_vovnet57b',
  { ...v2, parameters: 38_608_936, macs: 8_932_110_336, preprocessing: { preset: 'inception', crop: 0.95 } },
  vovnet({ depths: [1, 1, 4, 3], isSecond: true }),
)

/** VoVNet v2-99: `[224, 224, 3]` -> `[1000]`. */
export const eseVovnet99b = variant(
  'ese_vovnet99b',
  { ...v2, parameters: 63_199_272, macs: 16_488_214_528 },
  vovnet({ depths: [1, 3, 9, 3], isSecond: true }),
)

const slim = {
  depths: [1, 1, 1, 1],
  layers: 3,
  isSecond: true,
  widths: [64, 80, 96, 112],
  outWidths: [112, 256, 384, 512],
} as const

/** VoVNet v2-19-slim, of half the channels: `[224, 224, 3]` -> `[1000]`. */
export const eseVovnet19bSlim = variant(
  'ese_vovnet19b_slim',
  { ...v2, parameters: 3_166_136, macs: 1_680_214_784 },
  vovnet(slim),
)

/** VoVNet v2-19-slim of separable convolutions: `[224, 224, 3]` -> `[1000]`. */
export const eseVovnet19bSlimDw = variant(
  'ese_vovnet19b_slim_dw',
  { ...v2, parameters: 1_897_752, macs: 398_071_376 },
  vovnet({ ...slim, isSeparable: true }),
)
