import {
  type AnySym,
  conv1d,
  dense,
  dropout,
  flatten,
  identity,
  maxPool1d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'char_cnn',
  task: 'text-classification',
  paper: {
    title: 'Character-level Convolutional Networks for Text Classification',
    authors: 'Zhang, Zhao, LeCun',
    year: 2015,
    url: 'https://arxiv.org/abs/1509.01626',
  },
  inputs: { input: [1014, 70] },
  numClasses: 4,
})

interface Configuration {
  /** Channels of every convolution. */
  readonly width: number
  /** Length of the two hidden vectors. */
  readonly hidden: number
  /** Between the dense layers. */
  readonly activation: (x: AnySym) => AnySym
}

/** The paper's tables 1 and 2: six convolutions over characters, each one of 70, and three dense layers. */
const charCnn =
  ({ width, hidden, activation }: Configuration) =>
  <const N extends number = 4>({ numClasses = 4 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const conv = (kernel: number) => sequential(conv1d(width, { kernel }), relu)
    const pooled = (kernel: number) => sequential(conv1d(width, { kernel }), relu, maxPool1d({ kernel: 3 }))
    const full = () => sequential(dense(hidden), activation, dropout({ p: 0.5 }))
    const m = {
      conv1: pooled(7),
      conv2: pooled(7),
      conv3: conv(3),
      conv4: conv(3),
      conv5: conv(3),
      conv6: pooled(3),
      fc1: full(),
      fc2: full(),
      fc3: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.conv6(m.conv5(m.conv4(m.conv3(m.conv2(m.conv1(x))))))
      return m.fc3(m.fc2(m.fc1(flatten(features))))
    })
  }

/**
 * Character-level CNN, the small one of the paper: `[1014, 70]` -> `[4]`. Zhang et al., arXiv:1509.01626.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('char_cnn_relu', { numClasses: 2 })
 * ```
 */
export const charCnnRelu = variant(
  'char_cnn_relu',
  { parameters: 11_339_780, macs: 370_372_608 },
  charCnn({ width: 256, hidden: 1024, activation: relu }),
)

/** The small one with nothing between its dense layers, as a common PyTorch port has it: `[1014, 70]` -> `[4]`. */
export const charCnnLinear = variant(
  'char_cnn',
  { parameters: 11_339_780, macs: 370_372_608 },
  charCnn({ width: 256, hidden: 1024, activation: identity }),
)

/** The large one of the paper: `[1014, 70]` -> `[4]`. */
export const charCnnLarge = variant(
  'char_cnn_large_relu',
  { parameters: 95_940_612, macs: 4_324_696_064 },
  charCnn({ width: 1024, hidden: 2048, activation: relu }),
)
