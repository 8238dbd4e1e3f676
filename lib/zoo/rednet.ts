import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  involution,
  type Layer,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'
import { type Block, type Depths, projection, residualStage } from './residual.js'

const variant = defineFamily({
  family: 'rednet',
  task: 'image-classification',
  paper: {
    title: 'Involution: Inverting the Inherence of Convolution for Visual Recognition',
    authors: 'Li, Hu, Wang, Li, She, Zhu, Zhang, Chen',
    year: 2021,
    url: 'https://arxiv.org/abs/2103.06255',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const conv1x1 = (width: number) => conv2d(width, { kernel: 1, bias: false })

const expansion = 4

/** The bottleneck of a residual network with an involution of 7 x 7 in the place of its convolution. */
const bottleneck: Block = Object.assign(
  ({ width, stride, project }: Parameters<Block>[0]): Layer => {
    const m = {
      conv1: conv1x1(width),
      bn1: batchNorm(),
      conv2: involution(width, { kernel: 7, stride }) as Layer,
      bn2: batchNorm(),
      conv3: conv1x1(expansion * width),
      bn3: batchNorm(),
      downsample: project ? projection(expansion * width, stride) : identity,
    }
    return module(m, (x: AnySym) => {
      const narrow = relu(m.bn1(m.conv1(x)))
      const hidden = relu(m.bn2(m.conv2(narrow as AnySym)))
      return relu(add(m.bn3(m.conv3(hidden)), m.downsample(x))) as AnySym
    })
  },
  { expansion },
)

const rednet =
  (depths: Depths) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const conv3x3 = (width: number, stride: number) => convNorm(width, { kernel: 3, stride, activation: relu }) as Layer
    const stem = sequential(conv3x3(32, 2), involution(32, { kernel: 3 }) as Layer, batchNorm(), relu, conv3x3(64, 1))
    const layers = depths.map((depth, i) =>
      residualStage(bottleneck, depth, { width: 2 ** (6 + i), stride: i > 0 ? 2 : 1, project: true }),
    )
    const backbone = { stem, ...Object.fromEntries(layers.map((layer, i) => [`layer${i + 1}`, layer])) }
    const [pool, mean, fc] = [maxPool2d({ kernel: 3, stride: 2, padding: 1 }), globalAvgPool(), dense(numClasses)]
    return module({ backbone, head: { fc } }, (x: AnySym) => {
      const reduced = pool(stem(x) as AnySym) as AnySym
      return fc(flatten(mean(layers.reduce<AnySym>((value, layer) => layer(value) as AnySym, reduced))))
    })
  }

/**
 * RedNet-26: `[224, 224, 3]` -> `[1000]`. Li et al., arXiv:2103.06255.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('rednet26', { numClasses: 10 })
 * ```
 */
export const rednet26 = variant('rednet26', { parameters: 9_233_166, macs: 1_650_831_360 }, rednet([1, 2, 4, 1]))

/** RedNet-38: `[224, 224, 3]` -> `[1000]`. */
export const rednet38 = variant('rednet38', { parameters: 12_386_986, macs: 2_114_056_192 }, rednet([2, 3, 5, 2]))

/** RedNet-50: `[224, 224, 3]` -> `[1000]`. */
export const rednet50 = variant('rednet50', { parameters: 15_540_806, macs: 2_577_281_024 }, rednet([3, 4, 6, 3]))

/** RedNet-101: `[224, 224, 3]` -> `[1000]`. */
export const rednet101 = variant('rednet101', { parameters: 25_652_950, macs: 4_545_986_560 }, rednet([3, 4, 23, 3]))

/** RedNet-152: `[224, 224, 3]` -> `[1000]`. */
export const rednet152 = variant('rednet152', { parameters: 33_984_582, macs: 6_514_692_096 }, rednet([3, 8, 36, 3]))
