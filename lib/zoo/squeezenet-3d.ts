import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv3d,
  dropout,
  flatten,
  globalAvgPool,
  type Layer,
  maxPool3d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { clipFacts } from './efficient-3d.js'

const variant = defineFamily({ family: 'squeezenet_3d', ...clipFacts })

const norm = () => batchNorm() as Layer

/** Few channels by 1 x 1 x 1, then `expand` channels each by kernels of 1 and of 3; every second one adds its input. */
const fire = (squeeze: number, expand: number, bypass = false): Layer => {
  const m = {
    squeeze: conv3d(squeeze, { kernel: 1 }) as Layer,
    squeeze_bn: norm(),
    expand1x1: conv3d(expand, { kernel: 1 }) as Layer,
    expand1x1_bn: norm(),
    expand3x3: conv3d(expand, { kernel: 3, padding: 1 }) as Layer,
    expand3x3_bn: norm(),
  }
  return module(m, (x: AnySym) => {
    const squeezed = relu(m.squeeze_bn(m.squeeze(x)))
    const y = concat(m.expand1x1_bn(m.expand1x1(squeezed)), m.expand3x3_bn(m.expand3x3(squeezed))) as AnySym
    return relu(bypass ? add(y, x) : y) as AnySym
  })
}

const pool = maxPool3d({ kernel: 3, stride: 2, padding: 1 }) as Layer

/**
 * SqueezeNet 1.1 over clips, with batch norms: `[16, 112, 112, 3]` -> `[600]`. Köpüklü et al., arXiv:1904.02422.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('squeezenet_3d', { numClasses: 27 })
 * ```
 */
export const squeezenet3D = variant(
  'squeezenet_3d',
  { parameters: 2_145_560, macs: 902_606_848 },
  <const N extends number = 600>({ numClasses = 600 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(
        conv3d(64, { kernel: 3, stride: [1, 2, 2], padding: 1 }) as Layer,
        norm(),
        relu as Layer,
        pool,
        fire(16, 64),
        fire(16, 64, true),
        pool,
        fire(32, 128),
        fire(32, 128, true),
        pool,
        fire(48, 192),
        fire(48, 192, true),
        pool,
        fire(64, 256),
        fire(64, 256, true),
      ) as Layer,
      classifier: sequential(dropout(), conv3d(numClasses as number, { kernel: 1 }), relu, globalAvgPool()) as Layer,
    }
    return module(m, (x: AnySym) => flatten(m.classifier(m.features(x)))) as Classifier<N>
  },
)
