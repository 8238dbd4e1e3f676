import { type AnySym, conv2d, module, pixelShuffle, relu, sequential, tanh } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'espcn',
  task: 'super-resolution',
  paper: {
    title:
      'Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network',
    authors: 'Shi, Caballero, Huszar, Totz, Aitken, Bishop, Rueckert, Wang',
    year: 2016,
    url: 'https://arxiv.org/abs/1609.05158',
  },
  inputs: { input: [32, 32, 1] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

const conv = (width: number, kernel: number) => conv2d(width, { kernel, padding: 'same' })

const espcn = (scale: number) => () => {
  const m = {
    first_part: sequential(conv(64, 5), tanh, conv(32, 3), tanh),
    last_part: sequential(conv(scale ** 2, 3), pixelShuffle(scale)),
  }
  return module(m, (x: AnySym) => m.last_part(m.first_part(x)))
}

/** One convolution more, and ReLU. */
const subPixelSr = (scale: number) => () => {
  const m = { conv1: conv(64, 5), conv2: conv(64, 3), conv3: conv(32, 3), conv4: conv(scale ** 2, 3) }
  return module(m, (x: AnySym) => pixelShuffle(scale)(m.conv4(relu(m.conv3(relu(m.conv2(relu(m.conv1(x)))))))))
}

/** ESPCN, which doubles the size of a luminance image: `[32, 32, 1]` -> `[64, 64, 1]`. Shi et al., arXiv:1609.05158. */
export const espcnX2 = variant('espcn_x2', { parameters: 21_284, macs: 21_692_416 }, espcn(2))

/**
 * ESPCN that triples the size: `[32, 32, 1]` -> `[96, 96, 1]`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('espcn_x3', { inputSize: [240, 320] })
 * net.outputs.output // [720, 960, 1]
 * ```
 */
export const espcnX3 = variant('espcn_x3', { parameters: 22_729, macs: 23_166_976 }, espcn(3))

/** ESPCN that quadruples the size: `[32, 32, 1]` -> `[128, 128, 1]`. */
export const espcnX4 = variant('espcn_x4', { parameters: 24_752, macs: 25_231_360 }, espcn(4))

/** ESPCN as PyTorch's example has it, with four convolutions: `[32, 32, 1]` -> `[96, 96, 1]`. */
export const subPixelSrX3 = variant('sub_pixel_sr_x3', { parameters: 59_657, macs: 60_915_712 }, subPixelSr(3))
