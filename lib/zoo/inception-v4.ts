import { type AnySym, concat, dense, flatten, globalAvgPool, module, sequential } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import {
  column,
  concatOf,
  conv1x1,
  conv3x3,
  convNormRelu,
  halve,
  halving3x3,
  inceptionV4Facts,
  repeat,
  row,
  smoothWith,
} from './inception-blocks.js'

const variant = defineFamily({ family: 'inception_v4', ...inceptionV4Facts })

const smooth = smoothWith({ countIncludePad: false })
const unpadded3x3 = (width: number) => convNormRelu(width, { kernel: 3 })

const poolThenConv = () => concatOf({ maxpool: halve, conv: halving3x3(96) })

const convThenPool = () => concatOf({ conv: halving3x3(192), maxpool: halve })

/** The part of the stem with a branch of 7 x 7. */
const stemOfRows = () =>
  concatOf({
    branch0: sequential(conv1x1(64), unpadded3x3(96)),
    branch1: sequential(conv1x1(64), row(64, 7), column(64, 7), unpadded3x3(96)),
  })

/** The paper's figure 4. */
const inceptionA = () =>
  concatOf({
    branch0: conv1x1(96),
    branch1: sequential(conv1x1(64), conv3x3(96)),
    branch2: sequential(conv1x1(64), conv3x3(96), conv3x3(96)),
    branch3: sequential(smooth, conv1x1(96)),
  })

/** The paper's figure 7. */
const reductionA = () =>
  concatOf({
    branch0: halving3x3(384),
    branch1: sequential(conv1x1(192), conv3x3(224), halving3x3(256)),
    branch2: halve,
  })

/** The paper's figure 5. */
const inceptionB = () =>
  concatOf({
    branch0: conv1x1(384),
    branch1: sequential(conv1x1(192), row(224, 7), column(256, 7)),
    branch2: sequential(conv1x1(192), column(192, 7), row(224, 7), column(224, 7), row(256, 7)),
    branch3: sequential(smooth, conv1x1(128)),
  })

/** The paper's figure 8. */
const reductionB = () =>
  concatOf({
    branch0: sequential(conv1x1(192), halving3x3(192)),
    branch1: sequential(conv1x1(256), row(256, 7), column(320, 7), halving3x3(320)),
    branch2: halve,
  })

/** The paper's figure 6: two branches end in a row and a column side by side. */
const inceptionC = () => {
  const m = {
    branch0: conv1x1(256),
    branch1_0: conv1x1(384),
    branch1_1a: row(256, 3),
    branch1_1b: column(256, 3),
    branch2_0: conv1x1(384),
    branch2_1: column(448, 3),
    branch2_2: row(512, 3),
    branch2_3a: row(256, 3),
    branch2_3b: column(256, 3),
    branch3: sequential(smooth, conv1x1(256)),
  }
  return module(m, (x: AnySym) => {
    const short = m.branch1_0(x)
    const long = m.branch2_2(m.branch2_1(m.branch2_0(x)))
    const ends = [m.branch1_1a(short), m.branch1_1b(short), m.branch2_3a(long), m.branch2_3b(long)]
    return concat(m.branch0(x), ...ends, m.branch3(x))
  })
}

/**
 * Inception v4: `[299, 299, 3]` -> `[1000]`. Szegedy et al., arXiv:1602.07261.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('inception_v4', { numClasses: 10 })
 * ```
 */
export const inceptionV4 = variant(
  'inception_v4',
  { parameters: 42_679_816, macs: 12_253_974_624, preprocessing: { interpolation: 'bicubic' } },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(
        halving3x3(32),
        unpadded3x3(32),
        conv3x3(64),
        poolThenConv(),
        stemOfRows(),
        convThenPool(),
        ...repeat(4, inceptionA),
        reductionA(),
        ...repeat(7, inceptionB),
        reductionB(),
        ...repeat(3, inceptionC),
      ),
      global_pool: globalAvgPool(),
      last_linear: dense(numClasses),
    }
    return module(m, (x: AnySym) => m.last_linear(flatten(m.global_pool(m.features(x)))))
  },
)
