import { type AnySym, concat, dense, dropout, flatten, globalAvgPool, module } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import {
  column,
  conv1x1,
  conv3x3,
  conv5x5,
  convNormRelu,
  halve,
  halving3x3,
  row,
  smoothWith,
} from './inception-blocks.js'

const variant = defineFamily({
  family: 'inception_v3',
  task: 'image-classification',
  paper: {
    title: 'Rethinking the Inception Architecture for Computer Vision',
    authors: 'Szegedy, Vanhoucke, Ioffe, Shlens, Wojna',
    year: 2015,
    url: 'https://arxiv.org/abs/1512.00567',
  },
  inputs: { input: [299, 299, 3] },
  minInputSize: 75,
  numClasses: 1000,
  preprocessing: { preset: 'inception', resize: 342 },
})

const smooth = smoothWith({ countIncludePad: true })

/** The paper's figure 5: a 5 x 5 kernel, and two of 3 x 3 in a row. */
const inceptionA = (pooled: number) => {
  const m = {
    branch1x1: conv1x1(64),
    branch5x5_1: conv1x1(48),
    branch5x5_2: conv5x5(64),
    branch3x3dbl_1: conv1x1(64),
    branch3x3dbl_2: conv3x3(96),
    branch3x3dbl_3: conv3x3(96),
    branch_pool: conv1x1(pooled),
  }
  return module(m, (x: AnySym) => {
    const one = m.branch1x1(x)
    const five = m.branch5x5_2(m.branch5x5_1(x))
    const double = m.branch3x3dbl_3(m.branch3x3dbl_2(m.branch3x3dbl_1(x)))
    return concat(one, five, double, m.branch_pool(smooth(x)))
  })
}

/** The paper's figure 10: halves the size by convolving and by pooling, side by side. */
const reductionA = () => {
  const m = {
    branch3x3: halving3x3(384),
    branch3x3dbl_1: conv1x1(64),
    branch3x3dbl_2: conv3x3(96),
    branch3x3dbl_3: halving3x3(96),
  }
  return module(m, (x: AnySym) => {
    const single = m.branch3x3(x)
    const double = m.branch3x3dbl_3(m.branch3x3dbl_2(m.branch3x3dbl_1(x)))
    return concat(single, double, halve(x))
  })
}

/** The paper's figure 6: kernels of 7 x 7, cut into rows and columns, of `width` channels. */
const inceptionB = (width: number) => {
  const m = {
    branch1x1: conv1x1(192),
    branch7x7_1: conv1x1(width),
    branch7x7_2: row(width, 7),
    branch7x7_3: column(192, 7),
    branch7x7dbl_1: conv1x1(width),
    branch7x7dbl_2: column(width, 7),
    branch7x7dbl_3: row(width, 7),
    branch7x7dbl_4: column(width, 7),
    branch7x7dbl_5: row(192, 7),
    branch_pool: conv1x1(192),
  }
  return module(m, (x: AnySym) => {
    const one = m.branch1x1(x)
    const single = m.branch7x7_3(m.branch7x7_2(m.branch7x7_1(x)))
    const first = m.branch7x7dbl_3(m.branch7x7dbl_2(m.branch7x7dbl_1(x)))
    const double = m.branch7x7dbl_5(m.branch7x7dbl_4(first))
    return concat(one, single, double, m.branch_pool(smooth(x)))
  })
}

const reductionB = () => {
  const m = {
    branch3x3_1: conv1x1(192),
    branch3x3_2: halving3x3(320),
    branch7x7x3_1: conv1x1(192),
    branch7x7x3_2: row(192, 7),
    branch7x7x3_3: column(192, 7),
    branch7x7x3_4: halving3x3(192),
  }
  return module(m, (x: AnySym) => {
    const three = m.branch3x3_2(m.branch3x3_1(x))
    const seven = m.branch7x7x3_4(m.branch7x7x3_3(m.branch7x7x3_2(m.branch7x7x3_1(x))))
    return concat(three, seven, halve(x))
  })
}

/** The paper's figure 7: rows and columns side by side, which widens the coarsest maps. */
const inceptionC = () => {
  const m = {
    branch1x1: conv1x1(320),
    branch3x3_1: conv1x1(384),
    branch3x3_2a: row(384, 3),
    branch3x3_2b: column(384, 3),
    branch3x3dbl_1: conv1x1(448),
    branch3x3dbl_2: conv3x3(384),
    branch3x3dbl_3a: row(384, 3),
    branch3x3dbl_3b: column(384, 3),
    branch_pool: conv1x1(192),
  }
  return module(m, (x: AnySym) => {
    const one = m.branch1x1(x)
    const reduced = m.branch3x3_1(x)
    const single = [m.branch3x3_2a(reduced), m.branch3x3_2b(reduced)]
    const deeper = m.branch3x3dbl_2(m.branch3x3dbl_1(x))
    const double = [m.branch3x3dbl_3a(deeper), m.branch3x3dbl_3b(deeper)]
    return concat(one, ...single, ...double, m.branch_pool(smooth(x)))
  })
}

/**
 * Inception v3 without the auxiliary classifier, `[299, 299, 3]` -> `[1000]`. Szegedy et al., arXiv:1512.00567.
 *
 * Its published weights want colours from -1 to 1, `{ mean: 0.5, std: 0.5 }`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('inception_v3', { numClasses: 10 })
 * ```
 */
export const inceptionV3 = variant(
  'inception_v3',
  { parameters: 23_834_568, macs: 5_713_216_096 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      Conv2d_1a_3x3: halving3x3(32),
      Conv2d_2a_3x3: convNormRelu(32, { kernel: 3 }),
      Conv2d_2b_3x3: conv3x3(64),
      Conv2d_3b_1x1: conv1x1(80),
      Conv2d_4a_3x3: convNormRelu(192, { kernel: 3 }),
      Mixed_5b: inceptionA(32),
      Mixed_5c: inceptionA(64),
      Mixed_5d: inceptionA(64),
      Mixed_6a: reductionA(),
      Mixed_6b: inceptionB(128),
      Mixed_6c: inceptionB(160),
      Mixed_6d: inceptionB(160),
      Mixed_6e: inceptionB(192),
      Mixed_7a: reductionB(),
      Mixed_7b: inceptionC(),
      Mixed_7c: inceptionC(),
      avgpool: globalAvgPool(),
      dropout: dropout(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stem = halve(m.Conv2d_2b_3x3(m.Conv2d_2a_3x3(m.Conv2d_1a_3x3(x))))
      const stage4 = halve(m.Conv2d_4a_3x3(m.Conv2d_3b_1x1(stem)))
      const stage5 = m.Mixed_5d(m.Mixed_5c(m.Mixed_5b(stage4)))
      const stage6 = m.Mixed_6e(m.Mixed_6d(m.Mixed_6c(m.Mixed_6b(m.Mixed_6a(stage5)))))
      const stage7 = m.Mixed_7c(m.Mixed_7b(m.Mixed_7a(stage6)))
      return m.fc(m.dropout(flatten(m.avgpool(stage7))))
    })
  },
)
