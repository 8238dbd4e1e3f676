import { type AnySym, conv2d, module, relu } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'srcnn',
  task: 'super-resolution',
  paper: {
    title: 'Image Super-Resolution Using Deep Convolutional Networks',
    authors: 'Dong, Loy, He, Tang',
    year: 2014,
    url: 'https://arxiv.org/abs/1501.00092',
  },
  inputs: { input: [48, 48, 1] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

/** The kernels of the paper's three steps: extracts patches, maps them, reconstructs. */
const srcnn = (kernels: readonly [extract: number, map: number, reconstruct: number]) => () => {
  const m = {
    conv1: conv2d(64, { kernel: kernels[0], padding: 'same' }),
    conv2: conv2d(32, { kernel: kernels[1], padding: 'same' }),
    conv3: conv2d(1, { kernel: kernels[2], padding: 'same' }),
  }
  return module(m, (x: AnySym) => m.conv3(relu(m.conv2(relu(m.conv1(x))))))
}

/**
 * SRCNN 9-5-5, which sharpens a luminance image that was enlarged before: `[48, 48, 1]` -> `[48, 48, 1]`. Dong et al., arXiv:1501.00092.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('srcnn', { inputSize: [480, 640] })
 * ```
 */
export const srcnn955 = variant('srcnn', { parameters: 57_281, macs: 131_751_936 }, srcnn([9, 5, 5]))

/** SRCNN 9-3-5: `[48, 48, 1]` -> `[48, 48, 1]`. */
export const srcnn935 = variant('srcnn_935', { parameters: 24_513, macs: 56_254_464 }, srcnn([9, 3, 5]))

/** SRCNN 9-1-5: `[48, 48, 1]` -> `[48, 48, 1]`. */
export const srcnn915 = variant('srcnn_915', { parameters: 8_129, macs: 18_505_728 }, srcnn([9, 1, 5]))
