import { type AnySym, conv2d, dense, flatten, maxPool2d, module, relu, reshape, sequential } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'har_cnn',
  task: 'time-series-classification',
  paper: {
    title: 'Deep Learning for Sensor-based Activity Recognition: A Survey',
    authors: 'Wang, Chen, Hao, Peng, Hu',
    year: 2017,
    url: 'https://arxiv.org/abs/1707.03502',
  },
  inputs: { input: [128, 9] },
  numClasses: 6,
})

/** A series as an image of one row, which the source's weights are for. */
const asRow = (x: AnySym): AnySym => reshape([1, ...x.shape])(x)

const stage = (width: number) =>
  sequential(conv2d(width, { kernel: [1, 9] }), relu, maxPool2d({ kernel: [1, 2], stride: [1, 2] }))

/**
 * Human activities from nine channels of motion sensors: `[128, 9]` -> `[6]`. Wang et al., arXiv:1707.03502.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('har_cnn', { numClasses: 4 })
 * ```
 */
export const harCnn = variant(
  'har_cnn',
  { parameters: 2_189_626, macs: 3_436_504 },
  <const N extends number = 6>({ numClasses = 6 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: stage(32),
      conv2: stage(64),
      fc1: sequential(dense(1000), relu),
      fc2: sequential(dense(500), relu),
      fc3: sequential(dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.fc3(m.fc2(m.fc1(flatten(m.conv2(m.conv1(asRow(x))))))))
  },
)
