import {
  type AnySym,
  add,
  concat,
  conv2d,
  leakyRelu,
  module,
  multiply,
  resize,
  sequential,
  sigmoid,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'pan',
  task: 'super-resolution',
  paper: {
    title: 'Efficient Image Super-Resolution Using Pixel Attention',
    authors: 'Zhao, Kong, He, Qiao, Dong',
    year: 2020,
    url: 'https://arxiv.org/abs/2010.01073',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 1,
  fixedChannels: true,
  preprocessing: 'unit',
})

const trunkWidth = 40
const upsampledWidth = 24
const depth = 16

const activation = leakyRelu({ negativeSlope: 0.2 })
const conv1x1 = (width: number, bias = false) => conv2d(width, { kernel: 1, bias })
const conv3x3 = (width: number, bias = false) => conv2d(width, { kernel: 3, padding: 1, bias })

/** Multiplies every element by a factor from 0 to 1 that the pixel's channels give. */
const pixelAttention = (width: number) => {
  const m = { conv: conv1x1(width, true) }
  return module(m, (x: AnySym) => multiply(x, sigmoid(m.conv(x))) as AnySym)
}

/** A convolution whose result the pixels of its input weigh, and another one. */
const attentiveConv = (width: number) => {
  const m = { k2: conv1x1(width, true), k3: conv3x3(width), k4: conv3x3(width) }
  return module(m, (x: AnySym) => m.k4(multiply(m.k3(x), sigmoid(m.k2(x))) as AnySym))
}

/** The paper's self-calibrated block: one half by a convolution, the other by an attentive one, added to the input. */
const selfCalibrated = () => {
  const half = trunkWidth / 2
  const m = {
    conv1_a: conv1x1(half),
    conv1_b: conv1x1(half),
    k1: sequential(conv3x3(half)),
    PAConv: attentiveConv(half),
    conv3: conv1x1(trunkWidth),
  }
  return module(m, (x: AnySym) => {
    const plain = activation(m.k1(activation(m.conv1_a(x))))
    const attentive = activation(m.PAConv(activation(m.conv1_b(x))))
    return add(m.conv3(concat(plain, attentive)), x)
  })
}

/** What each step enlarges by. */
const steps = { 2: [2], 3: [3], 4: [2, 2] } as const

/** Enlarges by copying pixels, then lets two convolutions and pixel attention between them correct them. */
const upsampling = (step: number) => ({
  enlarge: resize({ scaleFactor: step }),
  upconv: conv3x3(upsampledWidth, true),
  attention: pixelAttention(upsampledWidth),
  refine: conv3x3(upsampledWidth, true),
})

const pan = (scale: keyof typeof steps) => () => {
  const upsamplings = steps[scale].map(upsampling)
  const m = {
    conv_first: conv3x3(trunkWidth, true),
    SCPA_trunk: sequential(...Array.from({ length: depth }, selfCalibrated)),
    trunk_conv: conv3x3(trunkWidth, true),
    conv_last: conv3x3(3, true),
  }
  const named = upsamplings.map(({ upconv, attention, refine }, i) => ({
    [`upconv${i + 1}`]: upconv,
    [`att${i + 1}`]: attention,
    [`HRconv${i + 1}`]: refine,
  }))
  const enlarged = resize({ scaleFactor: scale, mode: 'bilinear' })
  return module(Object.assign({}, m, ...named), (x: AnySym) => {
    const first = m.conv_first(x)
    const trunk = add(first, m.trunk_conv(m.SCPA_trunk(first)))
    const upsampled = upsamplings.reduce<AnySym>(
      (features, { enlarge, upconv, attention, refine }) =>
        activation(refine(activation(attention(upconv(enlarge(features)))))),
      trunk,
    )
    return add(m.conv_last(upsampled), enlarged(x))
  })
}

/**
 * PAN, which doubles the size of a picture: `[32, 32, 3]` -> `[64, 64, 3]`. Zhao et al., arXiv:2010.01073.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('pan_x2', { inputSize: [240, 320] })
 * net.outputs.output // [480, 640, 3]
 * ```
 */
export const panX2 = variant('pan_x2', { parameters: 261_403, macs: 313_417_728 }, pan(2))

/** PAN that triples the size: `[32, 32, 3]` -> `[96, 96, 3]`. */
export const panX3 = variant('pan_x3', { parameters: 261_403, macs: 390_463_488 }, pan(3))

/** PAN that quadruples the size, in two steps: `[32, 32, 3]` -> `[128, 128, 3]`. */
export const panX4 = variant('pan_x4', { parameters: 272_419, macs: 500_686_848 }, pan(4))
