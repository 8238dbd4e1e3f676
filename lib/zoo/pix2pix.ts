import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  convTranspose2d,
  leakyRelu,
  module,
  relu,
  sequential,
  tanh,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'pix2pix',
  task: 'image-to-image',
  paper: {
    title: 'Image-to-Image Translation with Conditional Adversarial Networks',
    authors: 'Isola, Zhu, Zhou, Efros',
    year: 2016,
    url: 'https://arxiv.org/abs/1611.07004',
  },
  inputs: { input: [256, 256, 3] },
  preprocessing: { preset: 'unit', fit: 'fill', interpolation: 'bicubic', mean: 0.5, std: 0.5 },
})

const activation = leakyRelu({ negativeSlope: 0.2 })

const halved = (width: number, { bias = false, stride = 2 } = {}) =>
  conv2d(width, { kernel: 4, stride, padding: 1, bias })
const doubled = (width: number, { bias = false } = {}) =>
  convTranspose2d(width, { kernel: 4, stride: 2, padding: 1, bias })

type Layer = (x: AnySym) => AnySym

/** Halves the size to `width` channels, applies what is `within`, doubles it to `outChannels`, and puts that behind its input. */
const skipBlock = (width: number, outChannels: number, within: Layer | undefined): Layer => {
  const middle = within === undefined ? [] : [batchNorm(), within]
  const m = {
    model: sequential(activation, halved(width), ...middle, relu, doubled(outChannels), batchNorm()),
  }
  return module(m, (x: AnySym) => concat(x, m.model(x)))
}

const width = 64

/** Channels after each halving but the first: they double three times. */
const widthAt = (halvings: number): number => width * 2 ** Math.min(halvings - 1, 3)

const unetOf = (halvings: number) => () => {
  let within: Layer | undefined
  for (let i = halvings; i > 1; i--) within = skipBlock(widthAt(i), widthAt(i - 1), within)
  const outermost = { model: sequential(halved(width), within as Layer, relu, doubled(3, { bias: true }), tanh) }
  const m = { model: module(outermost, (x: AnySym) => outermost.model(x)) }
  return module(m, (x: AnySym) => m.model(x))
}

/** The generator for pictures of 128: `[128, 128, 3]` -> `[128, 128, 3]`, from -1 to 1. Isola et al., arXiv:1611.07004. */
export const pix2pixUnet128 = variant(
  'pix2pix_unet128',
  {
    inputs: { input: [128, 128, 3] },
    minInputSize: 128,
    inputMultiple: 128,
    parameters: 41_828_995,
    macs: 1_505_755_136,
  },
  unetOf(7),
)

/**
 * The published generator: `[256, 256, 3]` -> `[256, 256, 3]`, from -1 to 1. Isola et al., arXiv:1611.07004.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('pix2pix_unet256', { inputSize: 512 })
 * ```
 */
export const pix2pixUnet256 = variant(
  'pix2pix_unet256',
  { minInputSize: 256, inputMultiple: 256, parameters: 54_413_955, macs: 6_048_186_368 },
  unetOf(8),
)

/** The discriminator that judges patches of 70 x 70: a picture and its translation `[256, 256, 6]` -> `[30, 30, 1]`, logits. */
export const patchGan70 = variant(
  'patchgan70',
  {
    inputs: { input: [256, 256, 6] },
    minInputSize: 24,
    parameters: 2_768_705,
    macs: 3_197_140_992,
  },
  () => {
    const normed = (width: number, stride: number) => [halved(width, { stride }), batchNorm(), activation]
    const m = {
      model: sequential(
        halved(64, { bias: true }),
        activation,
        ...normed(128, 2),
        ...normed(256, 2),
        ...normed(512, 1),
        halved(1, { bias: true, stride: 1 }),
      ),
    }
    return module(m, (x: AnySym) => m.model(x))
  },
)
