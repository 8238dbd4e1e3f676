import { type AnySym, add, conv2d, module, relu, sequential } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'vdsr',
  task: 'super-resolution',
  paper: {
    title: 'Accurate Image Super-Resolution Using Very Deep Convolutional Networks',
    authors: 'Kim, Lee, Lee',
    year: 2015,
    url: 'https://arxiv.org/abs/1511.04587',
  },
  inputs: { input: [48, 48, 1] },
  minInputSize: 1,
  fixedChannels: true,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

const conv3x3 = (width: number) => conv2d(width, { kernel: 3, padding: 1, bias: false })

const convRelu = () => {
  const m = { conv: conv3x3(64) }
  return module(m, (x: AnySym) => relu(m.conv(x)))
}

/**
 * VDSR, 20 convolutions that find what an enlarged luminance image lacks: `[48, 48, 1]` -> `[48, 48, 1]`. Kim et al., arXiv:1511.04587.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('vdsr', { inputSize: [480, 640] })
 * ```
 */
export const vdsr = variant('vdsr', { parameters: 664_704, macs: 1_531_478_016 }, () => {
  const m = {
    input: conv3x3(64),
    residual_layer: sequential(...Array.from({ length: 18 }, convRelu)),
    output: conv3x3(1),
  }
  return module(m, (x: AnySym) => add(m.output(m.residual_layer(relu(m.input(x)))), x))
})
