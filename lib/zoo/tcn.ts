import { type AnySym, add, conv1d, dropout, identity, module, relu, sequential } from '../layers/index.js'
import { positiveInteger, positiveIntegers } from '../layers/options.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'tcn',
  task: 'sequence-modeling',
  paper: {
    title: 'An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling',
    authors: 'Bai, Kolter, Koltun',
    year: 2018,
    url: 'https://arxiv.org/abs/1803.01271',
  },
  inputs: { input: [256, 8] },
  minInputSize: 1,
})

export interface TcnOptions {
  /** Channels of each level; its convolutions are dilated by 2 to the power of its number. */
  readonly widths?: readonly number[]
  /** Elements of a kernel; 3 by default. */
  readonly kernel?: number
}

interface LevelOptions {
  readonly inChannels: number | undefined
  readonly width: number
  readonly kernel: number
  readonly dilation: number
  /** Whether the weights are stored as directions and lengths. */
  readonly weightNorm: boolean
}

/** Two causal convolutions, and a shortcut past them. */
const level = ({ inChannels, width, kernel, dilation, weightNorm }: LevelOptions) => {
  const causal = () => conv1d(width, { kernel, dilation, padding: 'causal', weightNorm })
  const m = {
    conv1: causal(),
    dropout1: dropout({ p: 0.2 }),
    conv2: causal(),
    dropout2: dropout({ p: 0.2 }),
    downsample: inChannels === width ? identity : conv1d(width, { kernel: 1 }),
  }
  return module(m, (x: AnySym) => {
    const hidden = m.dropout1(relu(m.conv1(x)))
    return relu(add(m.dropout2(relu(m.conv2(hidden))), m.downsample(x)))
  })
}

const tcnOf =
  (weightNorm: boolean) =>
  ({ widths = [32, 32, 64, 64], kernel = 3 }: TcnOptions = {}) => {
    const levels = widths.map((width, i) =>
      level({ inChannels: widths[i - 1], width, kernel, dilation: 2 ** i, weightNorm }),
    )
    const m = { network: sequential(...levels) }
    return module(m, (x: AnySym) => m.network(x))
  }

const checks = { widths: positiveIntegers, kernel: positiveInteger }

/**
 * Temporal convolutional network: `[256, 8]` -> `[256, 64]`. Bai et al., arXiv:1803.01271.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('tcn', { inputSize: 1000 })
 * ```
 */
export const tcn = variant('tcn', { parameters: 56_160, macs: 14_155_776 }, tcnOf(true), checks)

/** The same with its weights already normalised: `[256, 8]` -> `[256, 64]`. */
export const tcnPlain = variant('tcn_plain', { parameters: 55_776, macs: 14_155_776 }, tcnOf(false), checks)
