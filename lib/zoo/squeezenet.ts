import {
  type AnySym,
  add,
  concat,
  conv2d,
  dropout,
  flatten,
  globalAvgPool,
  type Layer,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'squeezenet',
  task: 'image-classification',
  paper: {
    title: 'SqueezeNet: AlexNet-Level Accuracy with 50x Fewer Parameters and <0.5MB Model Size',
    authors: 'Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer',
    year: 2016,
    url: 'https://arxiv.org/abs/1602.07360',
  },
  inputs: { input: [224, 224, 3] },
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const pool = maxPool2d({ kernel: 3, stride: 2, ceil: true })

/**
 * Few channels by 1 x 1, then `expand` channels each by 1 x 1 and by 3 x 3, side by side; with a bypass the input, which has as many
 * channels as the two together, is added.
 */
const fire = (squeeze: number, expand: number, hasBypass = false) => {
  const m = {
    squeeze: conv2d(squeeze, { kernel: 1 }),
    expand1x1: conv2d(expand, { kernel: 1 }),
    expand3x3: conv2d(expand, { kernel: 3, padding: 1 }),
  }
  return module(m, (x: AnySym) => {
    const squeezed = relu(m.squeeze(x))
    const y = concat(relu(m.expand1x1(squeezed)), relu(m.expand3x3(squeezed)))
    return hasBypass ? add(y, x) : y
  })
}

/** Convolves to one map per class and averages it, without a dense layer. */
const squeezenet =
  (features: () => Layer) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: features(),
      classifier: sequential(dropout(), conv2d(numClasses as number, { kernel: 1 }), relu, globalAvgPool()),
    }
    return module(m, (x: AnySym) => flatten(m.classifier(m.features(x)))) as Classifier<N>
  }

const features1_0 = (hasBypass: boolean) => () =>
  sequential(
    conv2d(96, { kernel: 7, stride: 2 }),
    relu,
    pool,
    fire(16, 64),
    fire(16, 64, hasBypass),
    fire(32, 128),
    pool,
    fire(32, 128, hasBypass),
    fire(48, 192),
    fire(48, 192, hasBypass),
    fire(64, 256),
    pool,
    fire(64, 256, hasBypass),
  )

const features1_1 = (hasBypass: boolean) => () =>
  sequential(
    conv2d(64, { kernel: 3, stride: 2 }),
    relu,
    pool,
    fire(16, 64),
    fire(16, 64, hasBypass),
    pool,
    fire(32, 128),
    fire(32, 128, hasBypass),
    pool,
    fire(48, 192),
    fire(48, 192, hasBypass),
    fire(64, 256),
    fire(64, 256, hasBypass),
  )

/**
 * SqueezeNet 1.0, `[224, 224, 3]` -> `[1000]`. Iandola et al., arXiv:1602.07360.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('squeezenet1_0')
 * ```
 */
export const squeezenet1_0 = variant(
  'squeezenet1_0',
  { parameters: 1_248_424, macs: 818_924_576, minInputSize: 21 },
  squeezenet(features1_0(false)),
)

/**
 * SqueezeNet 1.1, `[224, 224, 3]` -> `[1000]`: a smaller first kernel and earlier pooling at 2.4 times less work.
 * https://github.com/forresti/SqueezeNet/tree/master/SqueezeNet_v1.1
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('squeezenet1_1')
 * ```
 */
export const squeezenet1_1 = variant(
  'squeezenet1_1',
  { parameters: 1_235_496, macs: 349_151_936, minInputSize: 17 },
  squeezenet(features1_1(false)),
)

/**
 * SqueezeNet 1.0 with the paper's simple bypass: `[224, 224, 3]` -> `[1000]`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('squeezeresnet_v1_0')
 * ```
 */
export const squeezeresnetV1_0 = variant(
  'squeezeresnet_v1_0',
  { parameters: 1_248_424, macs: 818_924_576, minInputSize: 21 },
  squeezenet(features1_0(true)),
)

/** SqueezeNet 1.1 with simple bypass: `[224, 224, 3]` -> `[1000]`. */
export const squeezeresnetV1_1 = variant(
  'squeezeresnet_v1_1',
  { parameters: 1_235_496, macs: 349_151_936, minInputSize: 17 },
  squeezenet(features1_1(true)),
)
