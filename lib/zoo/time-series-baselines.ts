import {
  type AnySym,
  add,
  batchNorm,
  conv1d,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'time_series_baselines',
  task: 'time-series-classification',
  paper: {
    title: 'Time Series Classification from Scratch with Deep Neural Networks: A Strong Baseline',
    authors: 'Wang, Yan, Oates',
    year: 2016,
    url: 'https://arxiv.org/abs/1611.06455',
  },
  inputs: { input: [256, 1] },
  minInputSize: 1,
  numClasses: 5,
})

const convBlock = (width: number, kernel: number) =>
  sequential(conv1d(width, { kernel, padding: 'same' }), batchNorm()) as Layer

/** Three convolutions of 8, 5 and 3 steps. */
const three = (widths: readonly [number, number, number]) => ({
  convblock1: convBlock(widths[0], 8),
  convblock2: convBlock(widths[1], 5),
  convblock3: convBlock(widths[2], 3),
})

const residualBlock = (width: number, projects: boolean): Layer => {
  const m = {
    ...three([width, width, width]),
    shortcut: projects ? (sequential(conv1d(width, { kernel: 1 }), batchNorm()) as Layer) : batchNorm(),
  }
  return module(m, (x: AnySym) => {
    const hidden = relu(m.convblock2(relu(m.convblock1(x))))
    return relu(add(m.convblock3(hidden), m.shortcut(x)) as AnySym)
  })
}

/**
 * Fully convolutional network for series: `[256, 1]` -> `[5]`. Wang et al., arXiv:1611.06455.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ts_fcn', { numClasses: 3, inputSize: 512 })
 * ```
 */
export const tsFcn = variant(
  'ts_fcn',
  { parameters: 265_349, macs: 67_371_648 },
  <const N extends number = 5>({ numClasses = 5 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = { ...three([128, 256, 128]), gap: globalAvgPool(), fc: dense(numClasses) }
    return module(m, (x: AnySym) => {
      const features = relu(m.convblock3(relu(m.convblock2(relu(m.convblock1(x))))))
      return m.fc(flatten(m.gap(features)))
    })
  },
)

/** Residual network for series: `[256, 1]` -> `[5]`. */
export const tsResnet = variant(
  'ts_resnet',
  { parameters: 504_645, macs: 128_074_368 },
  <const N extends number = 5>({ numClasses = 5 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      resblock1: residualBlock(64, true),
      resblock2: residualBlock(128, true),
      resblock3: residualBlock(128, false),
      gap: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => m.fc(flatten(m.gap(m.resblock3(m.resblock2(m.resblock1(x)))))))
  },
)
