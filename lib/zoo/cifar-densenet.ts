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
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { conv3x3 } from './residual.js'

const variant = defineFamily({
  family: 'cifar_densenet',
  task: 'image-classification',
  paper: {
    title: 'Densely Connected Convolutional Networks',
    authors: 'Huang, Liu, van der Maaten, Weinberger',
    year: 2016,
    url: 'https://arxiv.org/abs/1608.06993',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 4,
  numClasses: 10,
  preprocessing: 'cifar10',
})

/** Normalises and activates before it convolves; children `bn` and `conv`. */
const preNorm = (conv: Layer) => {
  const m = { bn: batchNorm(), conv }
  return module(m, (x: AnySym): AnySym => m.conv(relu(m.bn(x))))
}

const pointwise = (width: number): Layer => conv2d(width, { kernel: 1, bias: false })

/** `growthRate` new channels behind those that there are. */
const simpleUnit = (growthRate: number): Layer => {
  const m = { conv: preNorm(conv3x3(growthRate)) }
  return module(m, (x: AnySym) => concat(x, m.conv(x)) as AnySym)
}

/** The same through a bottleneck of four times as many: the paper's B. */
const bottleneckUnit = (growthRate: number): Layer => {
  const m = { conv1: preNorm(pointwise(4 * growthRate)), conv2: preNorm(conv3x3(growthRate)) }
  return module(m, (x: AnySym) => concat(x, m.conv2(m.conv1(x))) as AnySym)
}

/** Halves the size, and the channels to `outChannels`: the paper's C. */
const transition = (outChannels: number): Layer => {
  const m = { conv: preNorm(pointwise(outChannels)), pool: avgPool2d({ kernel: 2 }) }
  return module(m, (x: AnySym) => m.pool(m.conv(x)) as AnySym)
}

interface Configuration {
  /** Convolutions and the dense layer. */
  readonly layers: number
  readonly growthRate: number
  readonly isBottleneck?: boolean
}

/** Three stages of equal depth, between which transitions halve the channels. */
const cifarDensenet =
  ({ layers, growthRate, isBottleneck = false }: Configuration) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const depth = (layers - 4) / (isBottleneck ? 6 : 3)
    const unit = isBottleneck ? bottleneckUnit : simpleUnit
    const stemWidth = 2 * growthRate
    const stem: Layer = conv3x3(stemWidth)
    let width = stemWidth
    const stages = [1, 2, 3].map((stage) => {
      if (stage > 1) width = Math.floor(width / 2)
      const transitions = stage > 1 ? [[`trans${stage}`, transition(width)] as const] : []
      width += depth * growthRate
      const units = Array.from({ length: depth }, (_, i) => [`unit${i + 1}`, unit(growthRate)] as const)
      return [`stage${stage}`, Object.fromEntries([...transitions, ...units])] as const
    })
    const features = {
      init_block: stem,
      ...Object.fromEntries(stages),
      post_activ: { bn: batchNorm() },
      final_pool: globalAvgPool(),
    }
    const m = { features, output: dense(numClasses) }
    return module(m, (x: AnySym) => {
      const units = stages.flatMap(([, children]) => Object.values(children))
      const map = units.reduce((value, layer) => layer(value), stem(x))
      return m.output(flatten(features.final_pool(relu(features.post_activ.bn(map)))))
    })
  }

/**
 * DenseNet-40 of growth rate 12 for CIFAR-10, pytorchcv's, whose transitions halve the channels: `[32, 32, 3]` -> `[10]`.
 * Huang et al., arXiv:1608.06993.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('densenet40_k12_cifar10', { numClasses: 100 })
 * ```
 */
export const densenet40K12Cifar10 = variant(
  'densenet40_k12_cifar10',
  { parameters: 599_050, macs: 205_906_452 },
  cifarDensenet({ layers: 40, growthRate: 12 }),
)

/** DenseNet-100 of growth rate 12 for CIFAR-10, pytorchcv's: `[32, 32, 3]` -> `[10]`. */
export const densenet100K12Cifar10 = variant(
  'densenet100_k12_cifar10',
  { parameters: 4_068_490, macs: 1_324_548_732 },
  cifarDensenet({ layers: 100, growthRate: 12 }),
)

/** DenseNet-100 of growth rate 24 for CIFAR-10, pytorchcv's: `[32, 32, 3]` -> `[10]`. */
export const densenet100K24Cifar10 = variant(
  'densenet100_k24_cifar10',
  { parameters: 16_114_138, macs: 5_296_854_264 },
  cifarDensenet({ layers: 100, growthRate: 24 }),
)

/** DenseNet-BC-40 of growth rate 12 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const densenet40K12BcCifar10 = variant(
  'densenet40_k12_bc_cifar10',
  { parameters: 176_122, macs: 72_365_352 },
  cifarDensenet({ layers: 40, growthRate: 12, isBottleneck: true }),
)

/** DenseNet-BC-40 of growth rate 24 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const densenet40K24BcCifar10 = variant(
  'densenet40_k24_bc_cifar10',
  { parameters: 690_346, macs: 288_131_664 },
  cifarDensenet({ layers: 40, growthRate: 24, isBottleneck: true }),
)

/** DenseNet-BC-40 of growth rate 36 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const densenet40K36BcCifar10 = variant(
  'densenet40_k36_bc_cifar10',
  { parameters: 1_542_682, macs: 647_298_936 },
  cifarDensenet({ layers: 40, growthRate: 36, isBottleneck: true }),
)

/** DenseNet-BC-100 of growth rate 12 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const densenet100K12BcCifar10 = variant(
  'densenet100_k12_bc_cifar10',
  { parameters: 769_162, macs: 287_929_692 },
  cifarDensenet({ layers: 100, growthRate: 12, isBottleneck: true }),
)

/** DenseNet-BC-190 of growth rate 40 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const densenet190K40BcCifar10 = variant(
  'densenet190_k40_bc_cifar10',
  { parameters: 25_624_430, macs: 9_301_945_740 },
  cifarDensenet({ layers: 190, growthRate: 40, isBottleneck: true }),
)

/** DenseNet-BC-250 of growth rate 24 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const densenet250K24BcCifar10 = variant(
  'densenet250_k24_bc_cifar10',
  { parameters: 15_324_406, macs: 5_418_785_724 },
  cifarDensenet({ layers: 250, growthRate: 24, isBottleneck: true }),
)
