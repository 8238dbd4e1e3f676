import { type AnySym, add, conv2d, instanceNorm, module, pad, relu, resize } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'fast_neural_style',
  task: 'image-to-image',
  paper: {
    title: 'Perceptual Losses for Real-Time Style Transfer and Super-Resolution',
    authors: 'Johnson, Alahi, Fei-Fei',
    year: 2016,
    url: 'https://arxiv.org/abs/1603.08155',
  },
  inputs: { input: [256, 256, 3] },
  minInputSize: 5,
  preprocessing: { preset: 'unit', scale: 1 },
})

const double = resize({ scaleFactor: 2 })
const norm = () => instanceNorm({ affine: true })

/** A convolution over the picture with mirrored margins, twice as large when `enlarged`. */
const conv = (width: number, kernel: number, { stride = 1, enlarged = false } = {}) => {
  const mirror = pad((kernel - 1) / 2, { mode: 'reflect' })
  const m = { conv2d: conv2d(width, { kernel, stride }) }
  return module(m, (x: AnySym) => m.conv2d(mirror(enlarged ? double(x) : x)))
}

const residual = (width: number) => {
  const m = { conv1: conv(width, 3), in1: norm(), conv2: conv(width, 3), in2: norm() }
  return module(m, (x: AnySym) => add(m.in2(m.conv2(relu(m.in1(m.conv1(x))))), x))
}

/**
 * The network that paints a picture in the style it was trained for: `[256, 256, 3]` -> `[256, 256, 3]`. Johnson et al., arXiv:1603.08155.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('fast_neural_style', { inputSize: [480, 640] })
 * ```
 */
export const fastNeuralStyle = variant('fast_neural_style', { parameters: 1_679_235, macs: 10_078_912_512 }, () => {
  const m = {
    conv1: conv(32, 9),
    in1: norm(),
    conv2: conv(64, 3, { stride: 2 }),
    in2: norm(),
    conv3: conv(128, 3, { stride: 2 }),
    in3: norm(),
    res1: residual(128),
    res2: residual(128),
    res3: residual(128),
    res4: residual(128),
    res5: residual(128),
    deconv1: conv(64, 3, { enlarged: true }),
    in4: norm(),
    deconv2: conv(32, 3, { enlarged: true }),
    in5: norm(),
    deconv3: conv(3, 9),
  }
  return module(m, (x: AnySym) => {
    const first = relu(m.in1(m.conv1(x)))
    const reduced = relu(m.in3(m.conv3(relu(m.in2(m.conv2(first))))))
    const painted = m.res5(m.res4(m.res3(m.res2(m.res1(reduced)))))
    const restored = relu(m.in5(m.deconv2(relu(m.in4(m.deconv1(painted))))))
    return m.deconv3(restored)
  })
})
