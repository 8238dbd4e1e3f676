import {
  adaptiveAvgPool2d,
  conv2d,
  dense,
  dropout,
  flatten,
  localResponseNorm,
  maxPool2d,
  module,
  relu,
  type Sym,
  sequential,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'alexnet',
  task: 'image-classification',
  paper: {
    title: 'One Weird Trick for Parallelizing Convolutional Neural Networks',
    authors: 'Krizhevsky',
    year: 2014,
    url: 'https://arxiv.org/abs/1404.5997',
  },
  inputs: { input: [224, 224, 3] },
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const overlappingPool = maxPool2d({ kernel: 3, stride: 2 })

const oneTower = <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}) => {
  const m = {
    features: sequential(
      conv2d(64, { kernel: 11, stride: 4, padding: 2 }),
      relu,
      overlappingPool,
      conv2d(192, { kernel: 5, padding: 2 }),
      relu,
      overlappingPool,
      conv2d(384, { kernel: 3, padding: 1 }),
      relu,
      conv2d(256, { kernel: 3, padding: 1 }),
      relu,
      conv2d(256, { kernel: 3, padding: 1 }),
      relu,
      overlappingPool,
    ),
    avgpool: adaptiveAvgPool2d(6),
    classifier: sequential(dropout(), dense(4096), relu, dropout(), dense(4096), relu, dense(numClasses)),
  }
  return module(m, <X>(x: Sym<X>) => m.classifier(flatten(m.avgpool(m.features(x)))))
}

const twoTowers = <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}) => {
  const m = {
    conv1: conv2d(96, { kernel: 11, stride: 4, exact: true }),
    conv2: conv2d(256, { kernel: 5, padding: 2, groups: 2 }),
    conv3: conv2d(384, { kernel: 3, padding: 1 }),
    conv4: conv2d(384, { kernel: 3, padding: 1, groups: 2 }),
    conv5: conv2d(256, { kernel: 3, padding: 1, groups: 2 }),
    fc6: dense(4096),
    fc7: dense(4096),
    fc8: dense(numClasses),
    dropout: dropout(),
  }
  // The paper's alpha of 1e-4 multiplies the sum of the squares, this layer's their mean.
  const responseNorm = localResponseNorm({ size: 5, alpha: 5 * 1e-4, beta: 0.75, k: 2 })
  return module(m, <X>(x: Sym<X>) => {
    const stage1 = overlappingPool(responseNorm(relu(m.conv1(x))))
    const stage2 = overlappingPool(responseNorm(relu(m.conv2(stage1))))
    const stage5 = overlappingPool(relu(m.conv5(relu(m.conv4(relu(m.conv3(stage2)))))))
    const hidden6 = m.dropout(relu(m.fc6(flatten(stage5))))
    const hidden7 = m.dropout(relu(m.fc7(hidden6)))
    return m.fc8(hidden7)
  })
}

/**
 * AlexNet on one tower, `[224, 224, 3]` -> `[1000]`, as torchvision has it. Krizhevsky, arXiv:1404.5997.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('alexnet', { numClasses: 10 })
 * ```
 */
export const alexnet = variant('alexnet', { parameters: 61_100_840, macs: 714_188_480, minInputSize: 63 }, oneTower)

/**
 * AlexNet on two towers, `[227, 227, 3]` -> `[1000]`: grouped convolutions, response normalisation, layers called conv1 to fc8.
 * Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('alexnet_2012')
 * ```
 */
export const alexnetOf2012 = variant(
  'alexnet_2012',
  {
    parameters: 60_965_224,
    macs: 724_406_816,
    inputs: { input: [227, 227, 3] },
    paper: {
      title: 'ImageNet Classification with Deep Convolutional Neural Networks',
      authors: 'Krizhevsky, Sutskever, Hinton',
      year: 2012,
      url: 'https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html',
    },
  },
  twoTowers,
)
