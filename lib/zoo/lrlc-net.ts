import {
  type AnySym,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  lowRankLocallyConnected2d,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'lrlc_net',
  task: 'image-classification',
  paper: {
    title: 'Revisiting Spatial Invariance with Low-Rank Local Connectivity',
    authors: 'Elsayed, Ramachandran, Shlens, Kornblith',
    year: 2020,
    url: 'https://arxiv.org/abs/2002.02959',
  },
  inputs: { input: [32, 32, 3] },
  numClasses: 10,
  preprocessing: 'cifar10',
})

const width = 64
const conv = (): Layer => conv2d(width, { kernel: 3, padding: 1 }) as Layer
const lowRank = (): Layer => lowRankLocallyConnected2d(width, { kernel: 3, padding: 1, rank: 4 }) as Layer

/** Three convolutions, of which the `place`-th has kernels that differ from pixel to pixel. */
const lrlcNet =
  (place: 1 | 2 | 3) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const at = (i: number) => (i === place ? lowRank() : conv())
    const m = {
      conv1: at(1),
      bn1: batchNorm(),
      conv2: at(2),
      bn2: batchNorm(),
      conv3: at(3),
      bn3: batchNorm(),
      avgpool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const first = relu(m.bn1(m.conv1(x)))
      const second = relu(m.bn2(m.conv2(first)))
      return m.fc(flatten(m.avgpool(relu(m.bn3(m.conv3(second))))))
    })
  }

/**
 * Three convolutions for CIFAR-10, the first low-rank locally connected: `[32, 32, 3]` -> `[10]`. Elsayed et al., arXiv:2002.02959.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('lrlc1_cifar10', { numClasses: 100 })
 * ```
 */
export const lrlc1Cifar10 = variant('lrlc1_cifar10', { parameters: 82_186, macs: 82_576_000 }, lrlcNet(1))

/** The same with the second low-rank locally connected: `[32, 32, 3]` -> `[10]`. */
export const lrlc2Cifar10 = variant('lrlc2_cifar10', { parameters: 187_594, macs: 190_513_792 }, lrlcNet(2))

/** The same with the third low-rank locally connected: `[32, 32, 3]` -> `[10]`. */
export const lrlc3Cifar10 = variant('lrlc3_cifar10', { parameters: 187_594, macs: 190_513_792 }, lrlcNet(3))
