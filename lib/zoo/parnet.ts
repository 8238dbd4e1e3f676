import {
  type AnySym,
  add,
  affine,
  avgPool2d,
  batchNorm,
  channelShuffle,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  module,
  multiply,
  relu,
  sequential,
  sigmoid,
  silu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'

const variant = defineFamily({
  family: 'parnet',
  task: 'image-classification',
  paper: {
    title: 'Non-deep Networks',
    authors: 'Goyal, Bochkovskiy, Deng, Koltun',
    year: 2021,
    url: 'https://arxiv.org/abs/2110.07641',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

interface BlockOptions {
  readonly stride?: 1 | 2
  readonly groups?: number
  readonly activation: Layer
}

/** A factor from 0 to 1 for each of `width` channels, from the means of all. */
const gate = (width: number, groups: number) => {
  const conv = conv2d(width, { kernel: 1, groups, bias: false }) as Layer
  const mean = globalAvgPool() as Layer
  return { children: { cvsig: { conv } }, apply: (x: AnySym) => sigmoid(conv(mean(x))) }
}

/**
 * A 3 x 3 and a 1 x 1 convolution side by side; where the shape stays, the normed input beside them, whose channels are weighed, and
 * else their sum's channels.
 */
const block = (inChannels: number, width: number, { stride = 1, groups = 1, activation }: BlockOptions): Layer => {
  const staysAsItIs = inChannels === width && stride === 1
  const norm = batchNorm() as Layer
  const se = gate(width, staysAsItIs ? 1 : groups)
  const rbr_dense = convNorm(width, { kernel: 3, stride, groups, activation: identity }) as Layer
  const one = convNorm(width, { kernel: 1, groups, activation: identity }) as Layer
  const rbr_1x1 = stride === 1 ? one : (sequential(avgPool2d({ kernel: 2 }), one) as Layer)
  const inner = { rbr_dense, rbr_1x1, se: se.children, ...(staysAsItIs ? { rbr_identity: norm } : {}) }
  const shuffle = groups > 1 ? (channelShuffle(groups) as Layer) : identity
  const weighed = (x: AnySym, factors: AnySym) => multiply(x, factors) as AnySym
  return module({ block: inner }, (x: AnySym) => {
    const sum = add(rbr_dense(x), rbr_1x1(x)) as AnySym
    if (!staysAsItIs) return shuffle(activation(weighed(sum, affine({ scale: 2 })(se.apply(x)))))
    const normed = norm(x)
    return shuffle(activation(add(sum, weighed(normed, se.apply(normed))) as AnySym))
  })
}

/** The norms of two values, their channels taken in turn. */
const interleave = () => {
  const norms = { b1: batchNorm() as Layer, b2: batchNorm() as Layer }
  const shuffle = channelShuffle(2) as Layer
  return module(norms, (a: AnySym, b: AnySym) => shuffle(concat(norms.b1(a), norms.b2(b)) as AnySym))
}

interface Configuration {
  /** Of the three streams. */
  readonly widths: readonly [number, number, number]
  readonly lastWidth: number
  readonly activation?: Layer
}

const parnet =
  ({ widths, lastWidth, activation = silu as Layer }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const [first, second, third] = widths
    const halving = (from: number, to: number) => block(from, to, { stride: 2, activation })
    const stream = (width: number, depth: number) =>
      sequential(...Array.from({ length: depth }, () => block(width, width, { activation }))) as Layer
    const narrow = Math.min(64, first)
    const inits = [
      sequential(halving(3, narrow), halving(narrow, first)) as Layer,
      halving(first, second),
      halving(second, third),
    ] as const
    const streams = [stream(first, 4), stream(second, 5), stream(third, 5)] as const
    const join = { 0: interleave(), 2: block(2 * second, third, { stride: 2, groups: 2, activation }) }
    const combine = {
      0: interleave(),
      2: block(2 * third, third, { groups: 2, activation }),
      3: halving(third, lastWidth),
    }
    const downsamples_2 = { 0: halving(first, second), 1: join }
    const fc = dense(numClasses)
    const mean = globalAvgPool()
    return module({ inits, streams, downsamples_2, combine, head: { fc } }, (x: AnySym) => {
      const fine = inits[0](x)
      const middle = inits[1](fine)
      const coarse = inits[2](middle)
      const toMiddle = downsamples_2[0](streams[0](fine))
      const toCoarse = join[2](join[0](streams[1](middle), toMiddle))
      return fc(flatten(mean(combine[3](combine[2](combine[0](streams[2](coarse), toCoarse))))))
    })
  }

const small = { widths: [92, 192, 384], lastWidth: 1280 } as const

/**
 * ParNet-S: `[224, 224, 3]` -> `[1000]`. Goyal et al., arXiv:2110.07641.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('parnet_s', { numClasses: 10 })
 * ```
 */
export const parnetS = variant('parnet_s', { parameters: 20_930_936, macs: 5_259_501_056 }, parnet(small))

/** ParNet-S with ReLU for SiLU, as the published configuration comes to: `[224, 224, 3]` -> `[1000]`. */
export const parnetSRelu = variant(
  'parnet_s_relu',
  { parameters: 20_930_936, macs: 5_259_501_056 },
  parnet({ ...small, activation: relu as Layer }),
)

/** ParNet-M: `[224, 224, 3]` -> `[1000]`. */
export const parnetM = variant(
  'parnet_m',
  { parameters: 38_953_256, macs: 9_534_824_640 },
  parnet({ widths: [128, 256, 512], lastWidth: 2048 }),
)

/** ParNet-L: `[224, 224, 3]` -> `[1000]`. */
export const parnetL = variant(
  'parnet_l',
  { parameters: 60_180_008, macs: 14_803_691_712 },
  parnet({ widths: [160, 320, 640], lastWidth: 2560 }),
)

/** ParNet-XL: `[224, 224, 3]` -> `[1000]`. */
export const parnetXl = variant(
  'parnet_xl',
  { parameters: 93_176_168, macs: 23_016_065_472 },
  parnet({ widths: [200, 400, 800], lastWidth: 3200 }),
)
