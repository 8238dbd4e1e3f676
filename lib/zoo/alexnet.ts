import {
  adaptiveAvgPool2d,
  conv2d,
  dense,
  dropout,
  flatten,
  module,
  relu,
  type Sym,
  sequential,
} from '../layers/index.js'
import { overlappingPool, towerConvs, towerMaps } from './alexnet-2012-body.js'
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
    ...towerConvs(),
    fc6: dense(4096),
    fc7: dense(4096),
    fc8: dense(numClasses),
    dropout: dropout(),
  }
  return module(m, <X>(x: Sym<X>) => {
    const [, , , , map5] = towerMaps(m, x)
    const hidden6 = m.dropout(relu(m.fc6(flatten(overlappingPool(map5)))))
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
