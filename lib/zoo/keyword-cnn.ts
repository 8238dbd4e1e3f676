import {
  type AnySym,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  maxPool2d,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'keyword_cnn',
  task: 'audio-classification',
  paper: {
    title: 'Convolutional Neural Networks for Small-footprint Keyword Spotting',
    authors: 'Sainath, Parada',
    year: 2015,
    url: 'https://www.isca-archive.org/interspeech_2015/sainath15b_interspeech.html',
  },
  inputs: { input: [32, 40, 1] },
  numClasses: 4,
})

/** Without an activation: it stands for a matrix of low rank. */
const lowRank = () => dense(32) as Layer

/**
 * Wake-word CNN `cnn-trad-fpool3`: 32 frames of 40 mel energies `[32, 40, 1]` -> `[4]`. Sainath and Parada, Interspeech 2015.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('cnn_trad_fpool3', { numClasses: 2 })
 * ```
 */
export const cnnTradFpool3 = variant(
  'cnn_trad_fpool3',
  { parameters: 244_516, macs: 9_705_984 },
  <const N extends number = 4>({ numClasses = 4 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: conv2d(64, { kernel: [20, 8] }) as Layer,
      pool: maxPool2d({ kernel: [1, 3] }) as Layer,
      conv2: conv2d(64, { kernel: [10, 4] }) as Layer,
      lin: lowRank(),
      dnn: dense(128) as Layer,
      output: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = relu(m.conv2(m.pool(relu(m.conv1(x)))))
      return m.output(relu(m.dnn(m.lin(flatten(features)))))
    }) as Classifier<N>
  },
)

interface OneConvolution {
  readonly width: number
  /** Steps between frequencies; 1 by default. */
  readonly stride?: number
  /** Frequencies that are pooled; 1 by default. */
  readonly pool?: number
}

/** One convolution over all frames. */
const oneConvolution =
  ({ width, stride = 1, pool = 1 }: OneConvolution) =>
  <const N extends number = 4>({ numClasses = 4 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: conv2d(width, { kernel: [32, 8], stride: [1, stride] }) as Layer,
      pool: pool > 1 ? (maxPool2d({ kernel: [1, pool] }) as Layer) : identity,
      lin: lowRank(),
      dnn1: dense(128) as Layer,
      dnn2: dense(128) as Layer,
      output: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const reduced = m.lin(flatten(m.pool(relu(m.conv1(x)))))
      return m.output(relu(m.dnn2(relu(m.dnn1(reduced)))))
    }) as Classifier<N>
  }

/** Wake-word CNN `cnn-one-fpool3`, one convolution and pooling of frequencies: `[32, 40, 1]` -> `[4]`. */
export const cnnOneFpool3 = variant(
  'cnn_one_fpool3',
  { parameters: 54_170, macs: 496_192 },
  oneConvolution({ width: 54, pool: 3 }),
)

/** Wake-word CNN `cnn-one-fstride4`, one convolution that steps over frequencies: `[32, 40, 1]` -> `[4]`. */
export const cnnOneFstride4 = variant(
  'cnn_one_fstride4',
  { parameters: 122_654, macs: 503_104 },
  oneConvolution({ width: 186, stride: 4 }),
)

/** Wake-word CNN `cnn-one-fstride8`, with longer steps and more channels: `[32, 40, 1]` -> `[4]`. */
export const cnnOneFstride8 = variant(
  'cnn_one_fstride8',
  { parameters: 161_396, macs: 504_832 },
  oneConvolution({ width: 336, stride: 8 }),
)

const dsVariant = defineFamily({
  family: 'ds_cnn',
  task: 'audio-classification',
  paper: {
    title: 'Hello Edge: Keyword Spotting on Microcontrollers',
    authors: 'Zhang, Suda, Lai, Chandra',
    year: 2017,
    url: 'https://arxiv.org/abs/1711.07128',
  },
  inputs: { input: [49, 10, 1] },
  minInputSize: 1,
  numClasses: 12,
})

interface DsConfiguration {
  readonly width: number
  /** Of the first convolution. */
  readonly stride: readonly [time: number, frequency: number]
  /** Of the first depthwise convolution. */
  readonly depthwiseStride: number
  /** Depthwise separable blocks. */
  readonly depth: number
}

const dsCnn =
  ({ width, stride, depthwiseStride, depth }: DsConfiguration) =>
  <const N extends number = 12>({ numClasses = 12 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const block = (step: number) => ({
      dw_conv: depthwiseConv2d({ kernel: 3, stride: step, padding: 'same' }) as Layer,
      dw_bn: batchNorm() as Layer,
      pw_conv: conv2d(width, { kernel: 1 }) as Layer,
      pw_bn: batchNorm() as Layer,
    })
    const m = {
      conv_1: conv2d(width, { kernel: [10, 4], stride, padding: 'same' }) as Layer,
      bn_1: batchNorm() as Layer,
      blocks: Array.from({ length: depth }, (_, i) => block(i === 0 ? depthwiseStride : 1)),
      fc1: dense(numClasses),
    }
    const mean = globalAvgPool()
    return module(m, (x: AnySym) => {
      const first = relu(m.bn_1(m.conv_1(x)))
      const features = m.blocks.reduce(
        (value, { dw_conv, dw_bn, pw_conv, pw_bn }) => relu(pw_bn(pw_conv(relu(dw_bn(dw_conv(value)))))),
        first,
      )
      return m.fc1(flatten(mean(features)))
    }) as Classifier<N>
  }

/**
 * DS-CNN-S: 49 frames of 10 cepstral coefficients `[49, 10, 1]` -> `[12]`. Zhang et al., arXiv:1711.07128.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ds_cnn_s', { numClasses: 2 })
 * ```
 */
export const dsCnnS = dsVariant(
  'ds_cnn_s',
  { parameters: 23_756, macs: 2_656_768 },
  dsCnn({ width: 64, stride: [2, 2], depthwiseStride: 1, depth: 4 }),
)

/** DS-CNN-M: `[49, 10, 1]` -> `[12]`. */
export const dsCnnM = dsVariant(
  'ds_cnn_m',
  { parameters: 138_128, macs: 9_816_384 },
  dsCnn({ width: 172, stride: [2, 1], depthwiseStride: 2, depth: 4 }),
)

/** DS-CNN-L: `[49, 10, 1]` -> `[12]`. */
export const dsCnnL = dsVariant(
  'ds_cnn_l',
  { parameters: 416_772, macs: 28_327_812 },
  dsCnn({ width: 276, stride: [2, 1], depthwiseStride: 2, depth: 5 }),
)
