import {
  type AnySym,
  avgPool2d,
  conv2d,
  dense,
  flatten,
  type Layer,
  maxPool2d,
  module,
  relu,
  tanh,
} from '../layers/index.js'
import { positiveIntegers } from '../layers/options.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'lenet',
  task: 'image-classification',
  paper: {
    title: 'Gradient-Based Learning Applied to Document Recognition',
    authors: 'LeCun, Bottou, Bengio, Haffner',
    year: 1998,
    url: 'https://doi.org/10.1109/5.726791',
  },
  inputs: { input: [28, 28, 1] },
  numClasses: 10,
  preprocessing: 'digits',
})

type Widths = readonly [conv1: number, conv2: number, fc1: number, fc2: number]

export interface LeNet5Options<N extends number = number> extends ClassifierOptions<N> {
  /** Output channels of the two convolutions and of the two hidden dense layers; `[6, 16, 120, 84]` by default. */
  readonly channels?: Widths | undefined
}

interface Form {
  readonly padding: number
  readonly activation: typeof relu
  readonly pool: Layer
}

const leNet5 =
  ({ padding, activation, pool }: Form) =>
  <const N extends number = 10>({
    numClasses = 10 as N,
    channels = [6, 16, 120, 84],
  }: LeNet5Options<N> = {}): Classifier<N> => {
    const [conv1, conv2, fc1, fc2] = channels
    const m = {
      conv1: conv2d(conv1, { kernel: 5, padding }),
      conv2: conv2d(conv2, { kernel: 5 }),
      fc1: dense(fc1),
      fc2: dense(fc2),
      fc3: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stage1 = pool(activation(m.conv1(x)))
      const stage2 = pool(activation(m.conv2(stage1)))
      const hidden = activation(m.fc2(activation(m.fc1(flatten(stage2)))))
      return m.fc3(hidden)
    })
  }

const checks = { channels: (name: string, value: unknown) => positiveIntegers(name, value, 4) }

/**
 * LeNet-5 as it is written today, `[28, 28, 1]` -> `[10]`: padded by 2, ReLU, max pooling. LeCun et al., 1998.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('lenet5')
 * ```
 */
export const lenet5 = variant(
  'lenet5',
  { parameters: 61_706, macs: 416_520 },
  leNet5({ padding: 2, activation: relu, pool: maxPool2d({ kernel: 2 }) }),
  checks,
)

/**
 * LeNet-5 in the measures of the paper, `[32, 32, 1]` -> `[10]`: tanh and mean pooling. LeCun et al., 1998.
 *
 * Where the paper connects conv2 in part, scales every pooled map and ends in radial basis functions, this has full
 * connections, plain means and a dense layer.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('lenet5_1998')
 * ```
 */
export const lenet5Of1998 = variant(
  'lenet5_1998',
  { parameters: 61_706, macs: 416_520, inputs: { input: [32, 32, 1] } },
  leNet5({ padding: 0, activation: tanh, pool: avgPool2d({ kernel: 2 }) }),
  checks,
)
