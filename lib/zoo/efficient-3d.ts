/** What the networks over clips share that carry a network of pictures into 3-D. Köpüklü et al., arXiv:1904.02422. */

import {
  type AnySym,
  batchNorm,
  conv3d,
  dense,
  depthwiseConv3d,
  dropout,
  flatten,
  globalAvgPool,
  type Layer,
  module,
  sequential,
} from '../layers/index.js'
import type { Classifier } from './architecture.js'

/** The facts that the families share. */
export const clipFacts = {
  task: 'video-classification',
  paper: {
    title: 'Resource Efficient 3D Convolutional Neural Networks',
    authors: 'Köpüklü, Kose, Gunduz, Rigoll',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.02422',
  },
  inputs: { input: [16, 112, 112, 3] },
  minInputSize: 1,
  numClasses: 600,
  preprocessing: { preset: 'unit', scale: 1, mean: [114.7748, 107.7354, 99.475] },
} as const

export const pointwise3d = (width: number, groups = 1): Layer => conv3d(width, { kernel: 1, groups, bias: false })

/** Filters every channel alone in space and time. */
export const depthwise3d = (stride: number): Layer => depthwiseConv3d({ kernel: 3, stride, padding: 1, bias: false })

/** Batch norm and an activation behind a convolution. */
export const normed3d = (conv: Layer, activation: Layer): Layer => sequential(conv, batchNorm(), activation)

/** Halves the size of the frames and keeps their number. */
export const clipStem = (width: number, activation: Layer): Layer =>
  normed3d(conv3d(width, { kernel: 3, stride: [1, 2, 2], padding: 1, bias: false }), activation)

/** The means of the last channels, and one dense layer; `children` are those of `features`. */
export const clipClassifier = <const N extends number>(
  children: Readonly<Record<string, Layer>>,
  features: Layer,
  numClasses: N,
): Classifier<N> => {
  const [mean, classifier] = [globalAvgPool() as Layer, sequential(dropout({ p: 0.2 }), dense(numClasses))]
  return module({ ...children, avgpool: mean, classifier }, (x: AnySym) =>
    classifier(flatten(mean(features(x)))),
  ) as Classifier<N>
}
