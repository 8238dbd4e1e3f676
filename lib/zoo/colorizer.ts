import {
  type AnySym,
  affine,
  batchNorm,
  conv2d,
  convTranspose2d,
  module,
  relu,
  resize,
  sequential,
  softmax,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'colorizer',
  task: 'image-to-image',
  paper: {
    title: 'Colorful Image Colorization',
    authors: 'Zhang, Isola, Efros',
    year: 2016,
    url: 'https://arxiv.org/abs/1603.08511',
  },
  inputs: { input: [256, 256, 1] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', fit: 'fill', channelOrder: 'grey', scale: 100 / 255 },
})

/** Quantised colours that the network chooses among. */
const colors = 313

const conv = (width: number, { stride = 1, dilation = 1 } = {}) =>
  [conv2d(width, { kernel: 3, stride, padding: dilation, dilation }), relu] as const

/** Convolutions, the last of which may halve the size, and one norm behind them. */
const group = (width: number, depth: number, { stride = 1, dilation = 1 } = {}) =>
  sequential(
    ...Array.from({ length: depth - 1 }, () => conv(width, { dilation })).flat(),
    ...conv(width, { stride, dilation }),
    batchNorm(),
  )

/**
 * The colouriser of 2016: lightness `[256, 256, 1]` from 0 to 100 -> the a and b of CIE Lab `[256, 256, 2]`. Zhang et al., arXiv:1603.08511.
 *
 * Sizes that 8 does not divide come out as the next multiple of 8.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('colorizer_eccv16', { inputSize: [480, 640] })
 * ```
 */
export const colorizerEccv16 = variant('colorizer_eccv16', { parameters: 32_236_011, macs: 41_774_686_208 }, () => {
  const m = {
    model1: group(64, 2, { stride: 2 }),
    model2: group(128, 2, { stride: 2 }),
    model3: group(256, 3, { stride: 2 }),
    model4: group(512, 3),
    model5: group(512, 3, { dilation: 2 }),
    model6: group(512, 3, { dilation: 2 }),
    model7: group(512, 3),
    model8: sequential(
      convTranspose2d(256, { kernel: 4, stride: 2, padding: 1 }),
      relu,
      ...conv(256),
      ...conv(256),
      conv2d(colors, { kernel: 1 }),
    ),
    model_out: conv2d(2, { kernel: 1, bias: false }),
  }
  const centred = affine({ scale: 1 / 100, shift: -50 / 100 })
  const enlarge = resize({ scaleFactor: 4, mode: 'bilinear' })
  const toLab = affine({ scale: 110 })
  return module(m, (x: AnySym) => {
    const features = m.model4(m.model3(m.model2(m.model1(centred(x)))))
    const odds = m.model8(m.model7(m.model6(m.model5(features))))
    return toLab(enlarge(m.model_out(softmax(odds))))
  })
})
