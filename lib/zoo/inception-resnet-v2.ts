import {
  type AnySym,
  add,
  affine,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import {
  column,
  concatOf,
  conv1x1,
  conv3x3,
  conv5x5,
  convNormRelu,
  halve,
  halving3x3,
  inceptionV4Facts,
  type Layer,
  repeat,
  row,
  sideBySide,
  smoothWith,
} from './inception-blocks.js'

const variant = defineFamily({ family: 'inception_resnet_v2', ...inceptionV4Facts })

interface ResidualOptions {
  readonly width: number
  /** Times what the branches find, so that training stays stable. */
  readonly scale: number
  readonly branches: Readonly<Record<string, Layer>>
  readonly activation?: Layer
}

/** Adds to its input, scaled, what its branches find, brought to the same `width` by 1 x 1. */
const residual = ({ width, scale, branches, activation = relu }: ResidualOptions) => {
  const find = sideBySide(branches)
  const widen = conv2d(width, { kernel: 1 })
  const scaled = affine({ scale })
  return module({ ...branches, conv2d: widen }, (x: AnySym) => activation(add(scaled(widen(find(x))), x)))
}

/** As in Inception v4's first module. */
const mixed5b = () =>
  concatOf({
    branch0: conv1x1(96),
    branch1: sequential(conv1x1(48), conv5x5(64)),
    branch2: sequential(conv1x1(64), conv3x3(96), conv3x3(96)),
    branch3: sequential(smoothWith({ countIncludePad: false }), conv1x1(64)),
  })

/** The paper's figure 16, on maps of 35 x 35. */
const block35 = () =>
  residual({
    width: 320,
    scale: 0.17,
    branches: {
      branch0: conv1x1(32),
      branch1: sequential(conv1x1(32), conv3x3(32)),
      branch2: sequential(conv1x1(32), conv3x3(48), conv3x3(64)),
    },
  })

const mixed6a = () =>
  concatOf({
    branch0: halving3x3(384),
    branch1: sequential(conv1x1(256), conv3x3(256), halving3x3(384)),
    branch2: halve,
  })

/** The paper's figure 17, on maps of 17 x 17. */
const block17 = () =>
  residual({
    width: 1088,
    scale: 0.1,
    branches: { branch0: conv1x1(192), branch1: sequential(conv1x1(128), row(160, 7), column(192, 7)) },
  })

/** The paper's figure 18. */
const mixed7a = () =>
  concatOf({
    branch0: sequential(conv1x1(256), halving3x3(384)),
    branch1: sequential(conv1x1(256), halving3x3(288)),
    branch2: sequential(conv1x1(256), conv3x3(288), halving3x3(320)),
    branch3: halve,
  })

/** The paper's figure 19, on maps of 8 x 8. */
const block8 = ({ scale, activation = relu }: { readonly scale: number; readonly activation?: Layer }) =>
  residual({
    width: 2080,
    scale,
    branches: { branch0: conv1x1(192), branch1: sequential(conv1x1(192), row(224, 3), column(256, 3)) },
    activation,
  })

/**
 * Inception-ResNet v2: `[299, 299, 3]` -> `[1000]`. Szegedy et al., arXiv:1602.07261.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('inception_resnet_v2', { numClasses: 10 })
 * ```
 */
export const inceptionResnetV2 = variant(
  'inception_resnet_v2',
  { parameters: 55_843_464, macs: 13_155_794_016, preprocessing: { crop: 0.8975, interpolation: 'bicubic' } },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv2d_1a: halving3x3(32),
      conv2d_2a: convNormRelu(32, { kernel: 3 }),
      conv2d_2b: conv3x3(64),
      conv2d_3b: conv1x1(80),
      conv2d_4a: convNormRelu(192, { kernel: 3 }),
      mixed_5b: mixed5b(),
      repeat: sequential(...repeat(10, block35)),
      mixed_6a: mixed6a(),
      repeat_1: sequential(...repeat(20, block17)),
      mixed_7a: mixed7a(),
      repeat_2: sequential(...repeat(9, () => block8({ scale: 0.2 }))),
      block8: block8({ scale: 1, activation: identity }),
      conv2d_7b: conv1x1(1536),
      global_pool: globalAvgPool(),
      classif: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stem = halve(m.conv2d_2b(m.conv2d_2a(m.conv2d_1a(x))))
      const stage5 = m.repeat(m.mixed_5b(halve(m.conv2d_4a(m.conv2d_3b(stem)))))
      const stage7 = m.repeat_2(m.mixed_7a(m.repeat_1(m.mixed_6a(stage5))))
      return m.classif(flatten(m.global_pool(m.conv2d_7b(m.block8(stage7)))))
    })
  },
)
