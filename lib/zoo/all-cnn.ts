import { type AnySym, conv2d, flatten, globalAvgPool, module, relu, type Sym } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'all_cnn',
  task: 'image-classification',
  paper: {
    title: 'Striving for Simplicity: The All Convolutional Net',
    authors: 'Springenberg, Dosovitskiy, Brox, Riedmiller',
    year: 2014,
    url: 'https://arxiv.org/abs/1412.6806',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 9,
  numClasses: 10,
  preprocessing: 'cifar10',
})

interface Row {
  readonly width: number
  readonly kernel: number
  readonly stride?: number
}

const row = ({ width, kernel, stride = 1 }: Row) => conv2d(width, { kernel, stride, padding: (kernel - 1) / 2 })

/** The paper's tables 1 and 2, with a convolution of stride 2 in place of each pool. */
const rowsOfA: readonly Row[] = [
  { width: 96, kernel: 5 },
  { width: 96, kernel: 3, stride: 2 },
  { width: 192, kernel: 5 },
  { width: 192, kernel: 3, stride: 2 },
]

const rowsOfB: readonly Row[] = [
  { width: 96, kernel: 5 },
  { width: 96, kernel: 1 },
  { width: 96, kernel: 3, stride: 2 },
  { width: 192, kernel: 5 },
  { width: 192, kernel: 1 },
  { width: 192, kernel: 3, stride: 2 },
]

const rowsOfC: readonly Row[] = [
  { width: 96, kernel: 3 },
  { width: 96, kernel: 3 },
  { width: 96, kernel: 3, stride: 2 },
  { width: 192, kernel: 3 },
  { width: 192, kernel: 3 },
  { width: 192, kernel: 3, stride: 2 },
]

/** Behind the rows comes a 3 x 3 convolution without padding, two of 1 x 1, and the mean of every class's map. */
const allCnn =
  (rows: readonly Row[]) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const convolutions = [...rows.map(row), conv2d(192, { kernel: 3 }), conv2d(192, { kernel: 1 })]
    const m = {
      ...Object.fromEntries(convolutions.map((conv, i) => [`conv${i + 1}`, conv])),
      class_conv: conv2d(numClasses as number, { kernel: 1 }),
      pool: globalAvgPool(),
    }
    return module(m, (x: AnySym) => {
      const features = convolutions.reduce<AnySym>((value, conv) => relu(conv(value)), x)
      return flatten(m.pool(relu(m.class_conv(features)))) as Sym<[N]>
    })
  }

/**
 * All-CNN-A for CIFAR-10: `[32, 32, 3]` -> `[10]`. Springenberg et al., arXiv:1412.6806.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('allcnn_a', { numClasses: 100 })
 * ```
 */
export const allCnnA = variant('allcnn_a', { parameters: 1_254_250, macs: 181_145_088 }, allCnn(rowsOfA))

/** All-CNN-B for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const allCnnB = variant('allcnn_b', { parameters: 1_300_618, macs: 200_019_456 }, allCnn(rowsOfB))

/** All-CNN-C for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const allCnnC = variant('allcnn_c', { parameters: 1_369_738, macs: 270_798_336 }, allCnn(rowsOfC))
