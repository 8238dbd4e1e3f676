import {
  type AnySym,
  affine,
  avgPool2d,
  constant,
  conv2d,
  dense,
  dropout,
  flatten,
  maxPool2d,
  module,
  multiply,
  pow,
  relu,
  type Sym,
} from '../layers/index.js'
import { Tensor } from '../tensor.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'deepcontour',
  task: 'edge-detection',
  paper: {
    title: 'DeepContour: A Deep Convolutional Feature Learned by Positive-sharing Loss for Contour Detection',
    authors: 'Shen, Wang, Wang, Bai, Zhang',
    year: 2015,
    url: 'https://openaccess.thecvf.com/content_cvpr_2015/papers/Shen_DeepContour_A_Deep_2015_CVPR_paper.pdf',
  },
  inputs: { input: [45, 45, 3] },
  numClasses: 51,
  preprocessing: { preset: 'unit', channelOrder: 'bgr', scale: 1 },
})

const conv = (width: number) => conv2d(width, { kernel: 5, padding: 2 })

/** Rounds up, as Caffe's pooling does. */
const pool = maxPool2d({ kernel: 3, stride: 2, ceil: true })

const meanAround = avgPool2d({ kernel: 3, stride: 1, padding: 1 })
const alpha = affine({ scale: 5e-5, shift: 1 })
const exponent = constant(new Tensor(new Float32Array([-0.75]), [1]))

/** Response normalisation by the neighbours of a pixel in its own channel; zeros around the map count. */
const responseNorm = (x: AnySym): AnySym =>
  multiply(x, pow(alpha(meanAround(multiply(x, x) as AnySym)), exponent(x)) as AnySym)

/** What {@link deepcontour} says of the patch around a pixel. */
export interface DeepContourOutputs<N extends number> {
  /** The feature that the paper's structured forest finds contours by. */
  readonly features: Sym<[128]>
  /** Scores, before softmax, of no contour and of 50 shapes of contours. */
  readonly logits: Sym<[N]>
}

/**
 * DeepContour, of the patch around a pixel: `[45, 45, 3]`, blue first, from 0 to 255 without the mean patch of the authors ->
 * `features` `[128]`, which the paper trains a structured forest with, and `logits` `[51]`, by which they are learned: no contour, and 50
 * shapes of contours. Shen et al., CVPR 2015.
 *
 * Layers and classes are those of the authors' Caffe model. The paper's figure differs: it draws maps of 10 and 4 pixels where Caffe's
 * pooling, which rounds up, gives 11 and 5, and 101 classes, `numClasses` here.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('deepcontour')
 * ```
 */
export const deepcontour = variant(
  'deepcontour',
  { parameters: 394_915, macs: 37_930_464 },
  <const N extends number = 51>({ numClasses = 51 as N }: ClassifierOptions<N> = {}) => {
    const m = {
      conv1: conv(32),
      conv2: conv(48),
      conv3: conv(64),
      conv4: conv(128),
      ip1: dense(128),
      drop_ip1: dropout(),
      ip2: dense(numClasses),
    }
    return module(m, (x: AnySym): DeepContourOutputs<N> => {
      const normed = [m.conv1, m.conv2, m.conv3].reduce((map, layer) => pool(responseNorm(relu(layer(map)))), x)
      const features = m.drop_ip1(relu(m.ip1(flatten(pool(relu(m.conv4(normed)))))))
      return { features, logits: m.ip2(features) }
    })
  },
)
