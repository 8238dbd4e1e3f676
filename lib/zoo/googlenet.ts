import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'googlenet',
  task: 'image-classification',
  paper: {
    title: 'Going Deeper with Convolutions',
    authors: 'Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich',
    year: 2014,
    url: 'https://arxiv.org/abs/1409.4842',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 15,
  numClasses: 1000,
  preprocessing: 'inception',
})

/** Keeps the size, up to the stride. */
const convNormRelu = (width: number, kernel: number, stride = 1) => {
  const padding = (kernel - 1) / 2
  const m = { conv: conv2d(width, { kernel, stride, padding, bias: false }), bn: batchNorm({ eps: 0.001 }) }
  return module(m, (x: AnySym) => relu(m.bn(m.conv(x))))
}

const pool = maxPool2d({ kernel: 3, stride: 2, ceil: true })
const lastPool = maxPool2d({ kernel: 2, ceil: true })

/** Output channels of the four branches; a pair is the 1 x 1 reduction before the 3 x 3 kernel, then that kernel. */
interface InceptionWidths {
  readonly one: number
  readonly three: readonly [reduced: number, width: number]
  readonly five: readonly [reduced: number, width: number]
  readonly pooled: number
}

/** Four views of one input side by side. As in the published weights, the branch that the paper calls 5 x 5 has a 3 x 3 kernel. */
const inception = ({ one, three, five, pooled }: InceptionWidths) => {
  const m = {
    branch1: convNormRelu(one, 1),
    branch2: sequential(convNormRelu(three[0], 1), convNormRelu(three[1], 3)),
    branch3: sequential(convNormRelu(five[0], 1), convNormRelu(five[1], 3)),
    branch4: sequential(maxPool2d({ kernel: 3, stride: 1, padding: 1 }), convNormRelu(pooled, 1)),
  }
  return module(m, (x: AnySym) => concat(m.branch1(x), m.branch2(x), m.branch3(x), m.branch4(x)))
}

/**
 * GoogLeNet (Inception v1) with batch norm and without auxiliary classifiers, `[224, 224, 3]` -> `[1000]`. Szegedy et al., arXiv:1409.4842.
 *
 * torchvision's weights for it want colours from -1 to 1, `{ mean: 0.5, std: 0.5 }`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('googlenet')
 * ```
 */
export const googlenet = variant(
  'googlenet',
  { parameters: 6_624_904, macs: 1_498_376_192 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: convNormRelu(64, 7, 2),
      conv2: convNormRelu(64, 1),
      conv3: convNormRelu(192, 3),
      inception3a: inception({ one: 64, three: [96, 128], five: [16, 32], pooled: 32 }),
      inception3b: inception({ one: 128, three: [128, 192], five: [32, 96], pooled: 64 }),
      inception4a: inception({ one: 192, three: [96, 208], five: [16, 48], pooled: 64 }),
      inception4b: inception({ one: 160, three: [112, 224], five: [24, 64], pooled: 64 }),
      inception4c: inception({ one: 128, three: [128, 256], five: [24, 64], pooled: 64 }),
      inception4d: inception({ one: 112, three: [144, 288], five: [32, 64], pooled: 64 }),
      inception4e: inception({ one: 256, three: [160, 320], five: [32, 128], pooled: 128 }),
      inception5a: inception({ one: 256, three: [160, 320], five: [32, 128], pooled: 128 }),
      inception5b: inception({ one: 384, three: [192, 384], five: [48, 128], pooled: 128 }),
      avgpool: globalAvgPool(),
      dropout: dropout({ p: 0.2 }),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stem = pool(m.conv3(m.conv2(pool(m.conv1(x)))))
      const stage3 = m.inception3b(m.inception3a(stem))
      const stage4 = m.inception4e(m.inception4d(m.inception4c(m.inception4b(m.inception4a(pool(stage3))))))
      const stage5 = m.inception5b(m.inception5a(lastPool(stage4)))
      return m.fc(m.dropout(flatten(m.avgpool(stage5))))
    })
  },
)
