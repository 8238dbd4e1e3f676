import {
  type AnySym,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  maxPool2d,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'densenet',
  task: 'image-classification',
  paper: {
    title: 'Densely Connected Convolutional Networks',
    authors: 'Huang, Liu, van der Maaten, Weinberger',
    year: 2016,
    url: 'https://arxiv.org/abs/1608.06993',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 29,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

/** `growthRate` new channels out of all that there are, through a bottleneck of four times as many. */
const denseLayer = (growthRate: number) => {
  const m = {
    norm1: batchNorm(),
    conv1: conv2d(4 * growthRate, { kernel: 1, bias: false }),
    norm2: batchNorm(),
    conv2: conv2d(growthRate, { kernel: 3, padding: 1, bias: false }),
  }
  return module(m, (x: AnySym) => m.conv2(relu(m.norm2(m.conv1(relu(m.norm1(x)))))))
}

/** Every layer sees the block's input and the outputs of all layers before it. */
const denseBlock = (depth: number, growthRate: number) => {
  const layers = Array.from({ length: depth }, () => denseLayer(growthRate))
  const m = Object.fromEntries(layers.map((layer, i) => [`denselayer${i + 1}`, layer]))
  return module(m, (x: AnySym) => {
    const features = [x]
    for (const layer of layers) features.push(layer(concat(...features)))
    return concat(...features)
  })
}

/** Halves the size; `outChannels` are half of those that come in. */
const transition = (outChannels: number) => {
  const m = { norm: batchNorm(), conv: conv2d(outChannels, { kernel: 1, bias: false }), pool: avgPool2d({ kernel: 2 }) }
  return module(m, (x: AnySym) => m.pool(m.conv(relu(m.norm(x)))))
}

interface DenseNetConfiguration {
  readonly growthRate: number
  readonly depths: readonly [number, number, number, number]
  readonly stemWidth: number
  /** Three 3 x 3 convolutions in the place of the 7 x 7 one, the first two to half the channels; false by default. */
  readonly hasDeepStem?: boolean
}

const conv3x3 = (width: number, stride = 1): Layer => conv2d(width, { kernel: 3, stride, padding: 1, bias: false })

/** The convolutions of the stem, of which the first halves the size; each is followed by a batch norm. */
const stemConvs = ({ stemWidth, hasDeepStem = false }: DenseNetConfiguration): readonly Layer[] =>
  hasDeepStem
    ? [conv3x3(stemWidth / 2, 2), conv3x3(stemWidth / 2), conv3x3(stemWidth)]
    : [conv2d(stemWidth, { kernel: 7, stride: 2, padding: 3, bias: false }) as Layer]

/** Channels behind each block but the last, halved. */
const transitionWidths = ({ growthRate, depths, stemWidth }: DenseNetConfiguration) => {
  const one = (stemWidth + depths[0] * growthRate) / 2
  const two = (one + depths[1] * growthRate) / 2
  return [one, two, (two + depths[2] * growthRate) / 2] as const
}

const densenet =
  (configuration: DenseNetConfiguration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { growthRate, depths } = configuration
    const widths = transitionWidths(configuration)
    const stem = stemConvs(configuration).map((conv) => ({ conv, norm: batchNorm() }))
    const pool0 = maxPool2d({ kernel: 3, stride: 2, padding: 1 })
    const blocks = {
      denseblock1: denseBlock(depths[0], growthRate),
      transition1: transition(widths[0]),
      denseblock2: denseBlock(depths[1], growthRate),
      transition2: transition(widths[1]),
      denseblock3: denseBlock(depths[2], growthRate),
      transition3: transition(widths[2]),
      denseblock4: denseBlock(depths[3], growthRate),
    }
    const norm5 = batchNorm()
    const numbered = Object.assign({}, ...stem.map(({ conv, norm }, i) => ({ [`conv${i}`]: conv, [`norm${i}`]: norm })))
    const features = { ...numbered, pool0, ...blocks, norm5 }
    const m = { features, avgpool: globalAvgPool(), classifier: dense(numClasses) }
    return module(m, (x: AnySym) => {
      const reduced = stem.reduce((value, { conv, norm }) => relu(norm(conv(value))) as AnySym, x)
      const dense = Object.values(blocks).reduce<AnySym>((value, block) => block(value), pool0(reduced))
      return m.classifier(flatten(m.avgpool(relu(norm5(dense)))))
    })
  }

/**
 * DenseNet-121: `[224, 224, 3]` -> `[1000]`. Huang et al., arXiv:1608.06993.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('densenet121', { numClasses: 10 })
 * ```
 */
export const densenet121 = variant(
  'densenet121',
  { parameters: 7_978_856, macs: 2_834_161_664 },
  densenet({ growthRate: 32, depths: [6, 12, 24, 16], stemWidth: 64 }),
)

/** DenseNet-161: `[224, 224, 3]` -> `[1000]`. */
export const densenet161 = variant(
  'densenet161',
  { parameters: 28_681_000, macs: 7_727_907_072 },
  densenet({ growthRate: 48, depths: [6, 12, 36, 24], stemWidth: 96 }),
)

/** DenseNet-169: `[224, 224, 3]` -> `[1000]`. */
export const densenet169 = variant(
  'densenet169',
  { parameters: 14_149_480, macs: 3_359_843_328 },
  densenet({ growthRate: 32, depths: [6, 12, 32, 32], stemWidth: 64 }),
)

/** DenseNet-201: `[224, 224, 3]` -> `[1000]`. */
export const densenet201 = variant(
  'densenet201',
  { parameters: 20_013_928, macs: 4_291_365_888 },
  densenet({ growthRate: 32, depths: [6, 12, 48, 32], stemWidth: 64 }),
)

/** DenseNet-264 with a deep stem: `[224, 224, 3]` -> `[1000]`. */
export const densenet264d = variant(
  'densenet264d',
  { parameters: 72_736_216, macs: 13_470_266_880, preprocessing: { interpolation: 'bicubic' } },
  densenet({ growthRate: 48, depths: [6, 12, 64, 48], stemWidth: 96, hasDeepStem: true }),
)
