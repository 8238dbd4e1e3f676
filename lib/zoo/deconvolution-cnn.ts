import { type AnySym, conv2d, module, tanh } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'deconvolution_cnn',
  task: 'image-restoration',
  paper: {
    title: 'Deep Convolutional Neural Network for Image Deconvolution',
    authors: 'Xu, Ren, Liu, Jia',
    year: 2014,
    url: 'https://papers.nips.cc/paper/5485-deep-convolutional-neural-network-for-image-deconvolution',
  },
  inputs: { input: [64, 64, 1] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

const conv = (width: number, kernel: readonly [height: number, width: number]) =>
  conv2d(width, { kernel, padding: 'same' })

/** The inverse of a blur as rows, then columns: long kernels of one dimension. */
const deconvolution = () => ({ dcnn1: conv(38, [1, 121]), dcnn2: conv(38, [121, 1]), dcnn3: conv(1, [1, 1]) })

const sharpen = (m: ReturnType<typeof deconvolution>, x: AnySym) => m.dcnn3(tanh(m.dcnn2(tanh(m.dcnn1(x)))))

/**
 * DCNN, which undoes a blur by separable kernels of 121: `[64, 64, 1]` -> `[64, 64, 1]`. Xu et al., NIPS 2014.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('dcnn_deconv', { inputSize: [480, 640] })
 * ```
 */
export const deconvolutionCnn = variant('dcnn_deconv', { parameters: 179_437, macs: 734_658_560 }, () => {
  const m = deconvolution()
  return module(m, (x: AnySym) => sharpen(m, x))
})

/** DCNN and the convolutions that remove what outliers leave: `[64, 64, 1]` -> `output` and `sharpened`, both `[64, 64, 1]`. */
export const outlierDeconvolutionCnn = variant('odcnn_deconv', { parameters: 606_446, macs: 2_479_489_024 }, () => {
  const m = {
    ...deconvolution(),
    odcnn1: conv(512, [16, 16]),
    odcnn2: conv(512, [1, 1]),
    odcnn3: conv(1, [8, 8]),
  }
  return module(m, (x: AnySym) => {
    const sharpened = sharpen(m, x)
    return { output: m.odcnn3(tanh(m.odcnn2(tanh(m.odcnn1(sharpened))))), sharpened }
  })
})
