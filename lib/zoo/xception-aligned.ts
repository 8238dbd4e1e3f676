import {
  type AnySym,
  add,
  batchNorm,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'
import { pointwise } from './inverted-residual.js'

const variant = defineFamily({
  family: 'xception_aligned',
  task: 'image-classification',
  paper: {
    title: 'Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation',
    authors: 'Chen, Zhu, Papandreou, Schroff, Adam',
    year: 2018,
    url: 'https://arxiv.org/abs/1802.02611',
  },
  inputs: { input: [299, 299, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { preset: 'inception', crop: 0.903, interpolation: 'bicubic' },
})

const eps = 1e-3

/** 3 x 3 for every channel alone, then 1 x 1, each with a batch norm and `activation`. */
const separable = (width: number, stride: number, activation: Layer) => {
  const m = {
    conv_dw: depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false }),
    bn_dw: batchNorm({ eps }),
    conv_pw: pointwise(width),
    bn_pw: batchNorm({ eps }),
  }
  return module(m, (x: AnySym) => activation(m.bn_pw(m.conv_pw(activation(m.bn_dw(m.conv_dw(x)) as AnySym))) as AnySym))
}

type Widths = readonly [number, number, number]

interface BlockOptions {
  readonly inChannels: number
  /** Of the three separable convolutions; the last has the stride. */
  readonly widths: Widths
  readonly stride: number
}

/** Three separable convolutions, each behind a ReLU, around which a shortcut leads. */
const block = ({ inChannels, widths, stride }: BlockOptions): Layer => {
  const outChannels = widths[2]
  const keepsShape = stride === 1 && inChannels === outChannels
  const convs = widths.map((width, i) => separable(width, i === 2 ? stride : 1, identity))
  const stack = Object.fromEntries(convs.map((conv, i) => [`conv${i + 1}`, conv]))
  const shortcut = keepsShape ? identity : convNorm(outChannels, { kernel: 1, stride, eps, activation: identity })
  return module({ stack, shortcut }, (x: AnySym): AnySym => {
    const y = convs.reduce<AnySym>((value, conv) => conv(relu(value)), x)
    return add(y, shortcut(x)) as AnySym
  })
}

/** The last block: no shortcut, and ReLU behind every convolution, the depthwise ones too. */
const lastBlock = (widths: Widths): Layer => {
  const convs = widths.map((width) => separable(width, 1, relu))
  const stack = Object.fromEntries(convs.map((conv, i) => [`conv${i + 1}`, conv]))
  return module({ stack }, (x: AnySym) => convs.reduce<AnySym>((value, conv) => conv(value), x))
}

const stemWidth = 64
const middleWidth = 728

type Entry = readonly { readonly width: number; readonly stride: number }[]

/** An entry flow that reduces to 1/16 of the size, `depth` blocks in the middle, and two at the end. */
const alignedXception =
  (entry: Entry, depth: number) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const same = (width: number): Widths => [width, width, width]
    const m = {
      stem: sequential(
        convNorm(32, { kernel: 3, stride: 2, eps, activation: relu }),
        convNorm(stemWidth, { kernel: 3, eps, activation: relu }),
      ),
      blocks: sequential(
        ...entry.map(({ width, stride }, i) =>
          block({ inChannels: entry[i - 1]?.width ?? stemWidth, widths: same(width), stride }),
        ),
        ...Array.from({ length: depth }, () =>
          block({ inChannels: middleWidth, widths: same(middleWidth), stride: 1 }),
        ),
        block({ inChannels: middleWidth, widths: [middleWidth, 1024, 1024], stride: 2 }),
        lastBlock([1536, 1536, 2048]),
      ),
      head: { global_pool: globalAvgPool(), fc: dense(numClasses) },
    }
    return module(m, (x: AnySym) => m.head.fc(flatten(m.head.global_pool(m.blocks(m.stem(x) as AnySym) as AnySym))))
  }

const entry: Entry = [
  { width: 128, stride: 2 },
  { width: 256, stride: 2 },
  { width: middleWidth, stride: 2 },
]

const longEntry: Entry = [
  { width: 128, stride: 2 },
  { width: 256, stride: 1 },
  { width: 256, stride: 2 },
  { width: middleWidth, stride: 1 },
  { width: middleWidth, stride: 2 },
]

/**
 * Aligned Xception-41, whose convolutions reduce the size themselves: `[299, 299, 3]` -> `[1000]`. Chen et al., arXiv:1802.02611.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('xception41', { numClasses: 10 })
 * ```
 */
export const xception41 = variant(
  'xception41',
  { parameters: 26_969_560, macs: 9_204_134_312 },
  alignedXception(entry, 8),
)

/** Aligned Xception-65: `[299, 299, 3]` -> `[1000]`. */
export const xception65 = variant(
  'xception65',
  { parameters: 39_916_312, macs: 13_852_682_216, preprocessing: { crop: 0.94 } },
  alignedXception(entry, 16),
)

/** Aligned Xception-71: `[299, 299, 3]` -> `[1000]`. */
export const xception71 = variant(
  'xception71',
  { parameters: 42_338_736, macs: 17_946_553_928 },
  alignedXception(longEntry, 16),
)
