import {
  type AnySym,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
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
}

/** Channels behind each block but the last, halved. */
const transitionWidths = ({ growthRate, depths, stemWidth }: DenseNetConfiguration) => {
  const one = (stemWidth + depths[0] * growthRate) / 2
  const two = (one + depths[1] * growthRate) / 2
  return [one, two, (two + depths[2] * growthRate) / 2] as const
}

const densenet =
  (configuration: DenseNetConfiguration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { growthRate, depths, stemWidth } = configuration
    const widths = transitionWidths(configuration)
    const features = {
      conv0: conv2d(stemWidth, { kernel: 7, stride: 2, padding: 3, bias: false }),
      norm0: batchNorm(),
      pool0: maxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      denseblock1: denseBlock(depths[0], growthRate),
      transition1: transition(widths[0]),
      denseblock2: denseBlock(depths[1], growthRate),
      transition2: transition(widths[1]),
      denseblock3: denseBlock(depths[2], growthRate),
      transition3: transition(widths[2]),
      denseblock4: denseBlock(depths[3], growthRate),
      norm5: batchNorm(),
    }
    const m = { features, avgpool: globalAvgPool(), classifier: dense(numClasses) }
    return module(m, (x: AnySym) => {
      const { conv0, norm0, pool0, norm5, ...blocks } = features
      const stem = pool0(relu(norm0(conv0(x))))
      const dense = Object.values(blocks).reduce<AnySym>((value, block) => block(value), stem)
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
