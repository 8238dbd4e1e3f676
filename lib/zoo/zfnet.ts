import {
  type AnySym,
  conv2d,
  dense,
  dropout,
  flatten,
  localResponseNorm,
  maxPool2d,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'zfnet',
  task: 'image-classification',
  paper: {
    title: 'Visualizing and Understanding Convolutional Networks',
    authors: 'Zeiler, Fergus',
    year: 2013,
    url: 'https://arxiv.org/abs/1311.2901',
  },
  inputs: { input: [224, 224, 3] },
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const responseNorm = localResponseNorm({ size: 5, alpha: 1e-4, beta: 0.75, k: 2 })
const pool = maxPool2d({ kernel: 3, stride: 2, ceil: true })

const unit = (conv: (x: AnySym) => AnySym) => module({ conv }, (x: AnySym) => relu(conv(x)))

const hidden = (features: number) => {
  const m = { fc: dense(features), dropout: dropout() }
  return module(m, (x: AnySym) => m.dropout(relu(m.fc(x))))
}

/**
 * ZFNet: `[224, 224, 3]` -> `[1000]`. Zeiler and Fergus, arXiv:1311.2901.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('zfnet', { numClasses: 10 })
 * ```
 */
export const zfnet = variant(
  'zfnet',
  { parameters: 62_357_608, macs: 1_168_032_896 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: {
        stage1: { unit1: unit(conv2d(96, { kernel: 7, stride: 2, padding: 1 })) },
        stage2: { unit1: unit(conv2d(256, { kernel: 5, stride: 2 })) },
        stage3: {
          unit1: unit(conv2d(384, { kernel: 3, padding: 1 })),
          unit2: unit(conv2d(384, { kernel: 3, padding: 1 })),
          unit3: unit(conv2d(256, { kernel: 3, padding: 1 })),
        },
      },
      output: { fc1: hidden(4096), fc2: hidden(4096), fc3: dense(numClasses) },
    }
    const { stage1, stage2, stage3 } = m.features
    return module(m, (x: AnySym) => {
      const coarse = pool(responseNorm(stage2.unit1(pool(responseNorm(stage1.unit1(x))))))
      const features = pool(stage3.unit3(stage3.unit2(stage3.unit1(coarse))))
      return m.output.fc3(m.output.fc2(m.output.fc1(flatten(features))))
    })
  },
)
