import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  identity,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'xception',
  task: 'image-classification',
  paper: {
    title: 'Xception: Deep Learning with Depthwise Separable Convolutions',
    authors: 'Chollet',
    year: 2016,
    url: 'https://arxiv.org/abs/1610.02357',
  },
  inputs: { input: [299, 299, 3] },
  minInputSize: 7,
  numClasses: 1000,
  preprocessing: { preset: 'inception', crop: 0.8975, interpolation: 'bicubic' },
})

const separable = (width: number) => {
  const m = {
    conv1: depthwiseConv2d({ kernel: 3, padding: 1, bias: false }),
    pointwise: conv2d(width, { kernel: 1, bias: false }),
  }
  return module(m, (x: AnySym) => m.pointwise(m.conv1(x)))
}

interface FlowOptions {
  /** Output channels of each separable convolution. */
  readonly widths: readonly number[]
  /** Halves the size, and brings the shortcut to the same shape. */
  readonly reduces: boolean
  readonly startsWithRelu?: boolean
}

/** Separable convolutions, each behind a ReLU, around which a shortcut leads. */
const flow = ({ widths, reduces, startsWithRelu = true }: FlowOptions) => {
  const layers = widths.flatMap((width) => [relu, separable(width), batchNorm()])
  const pool = reduces ? [maxPool2d({ kernel: 3, stride: 2, padding: 1 })] : []
  const m = {
    ...(reduces && {
      skip: conv2d(widths.at(-1) as number, { kernel: 1, stride: 2, bias: false }),
      skipbn: batchNorm(),
    }),
    rep: sequential(...(startsWithRelu ? layers : layers.slice(1)), ...pool),
  }
  const shortcut = (x: AnySym) => (m.skip && m.skipbn ? m.skipbn(m.skip(x)) : identity(x))
  return module(m, (x: AnySym) => add(m.rep(x), shortcut(x)))
}

const middle = 728

/**
 * Xception: `[299, 299, 3]` -> `[1000]`. Chollet, arXiv:1610.02357.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('xception', { numClasses: 10 })
 * ```
 */
export const xception = variant(
  'xception',
  { parameters: 22_855_952, macs: 8_357_403_496 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const blocks = [
      flow({ widths: [128, 128], reduces: true, startsWithRelu: false }),
      flow({ widths: [256, 256], reduces: true }),
      flow({ widths: [middle, middle], reduces: true }),
      ...Array.from({ length: 8 }, () => flow({ widths: [middle, middle, middle], reduces: false })),
      flow({ widths: [middle, 1024], reduces: true }),
    ]
    const m = {
      conv1: conv2d(32, { kernel: 3, stride: 2, bias: false }),
      bn1: batchNorm(),
      conv2: conv2d(64, { kernel: 3, bias: false }),
      bn2: batchNorm(),
      ...Object.fromEntries(blocks.map((block, i) => [`block${i + 1}`, block])),
      conv3: separable(1536),
      bn3: batchNorm(),
      conv4: separable(2048),
      bn4: batchNorm(),
      global_pool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stem = relu(m.bn2(m.conv2(relu(m.bn1(m.conv1(x))))))
      const features = blocks.reduce<AnySym>((value, block) => block(value), stem)
      const last = relu(m.bn4(m.conv4(relu(m.bn3(m.conv3(features))))))
      return m.fc(flatten(m.global_pool(last)))
    })
  },
)
