import {
  type AnySym,
  concat,
  dense,
  flatten,
  globalAvgPool,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'

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
  preprocessing: 'imagenet',
})

const conv = (width: number, kernel: number, stride = 1) => convNorm(width, { kernel, stride, activation: relu })

interface Aggregation {
  /** Channels of each 3 x 3 convolution. */
  readonly width: number
  readonly outChannels: number
  readonly layers: number
}

/** One-shot aggregation: a chain of convolutions, then one 1 x 1 over the input and all of their outputs. */
const oneShotAggregation = ({ width, outChannels, layers }: Aggregation) => {
  const m = {
    conv_mid: Array.from({ length: layers }, () => conv(width, 3)),
    conv_concat: conv(outChannels, 1),
  }
  return module(m, (x: AnySym) => {
    const features = [x]
    for (const layer of m.conv_mid) features.push(layer(features.at(-1) as AnySym))
    return m.conv_concat(concat(...features))
  })
}

const stage = (depth: number, pool: boolean, aggregation: Aggregation) => {
  const m = {
    ...(pool && { pool: maxPool2d({ kernel: 3, stride: 2, ceil: true }) }),
    blocks: sequential(...Array.from({ length: depth }, () => oneShotAggregation(aggregation))),
  }
  return module(m, (x: AnySym) => m.blocks(m.pool ? m.pool(x) : x))
}

type Depths = readonly [number, number, number, number]

/** The paper's table 2: five convolutions in every aggregation. */
const vovnet =
  (depths: Depths) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      stem: sequential(conv(64, 3, 2), conv(64, 3), conv(128, 3, 2)),
      stages: sequential(
        stage(depths[0], false, { width: 128, outChannels: 256, layers: 5 }),
        stage(depths[1], true, { width: 160, outChannels: 512, layers: 5 }),
        stage(depths[2], true, { width: 192, outChannels: 768, layers: 5 }),
        stage(depths[3], true, { width: 224, outChannels: 1024, layers: 5 }),
      ),
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
export const vovnet39a = variant('vovnet39a', { parameters: 22_600_296, macs: 7_072_227_328 }, vovnet([1, 1, 2, 2]))

/** VoVNet-57: `[224, 224, 3]` -> `[1000]`. */
export const vovnet57a = variant('vovnet57a', { parameters: 36_640_296, macs: 8_930_144_256 }, vovnet([1, 1, 4, 3]))
