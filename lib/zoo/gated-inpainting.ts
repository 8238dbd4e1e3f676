import {
  type AnySym,
  affine,
  broadcastAdd,
  concat,
  conv2d,
  identity,
  instanceNorm,
  leakyRelu,
  module,
  multiply,
  pad,
  resize,
  sigmoid,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'gated_inpainting',
  task: 'inpainting',
  paper: {
    title: 'Free-Form Image Inpainting with Gated Convolution',
    authors: 'Yu, Lin, Yang, Shen, Lu, Huang',
    year: 2018,
    url: 'https://arxiv.org/abs/1806.03589',
  },
  inputs: { image: [256, 256, 1], mask: [256, 256, 1] },
  minInputSize: 68,
  inputMultiple: 4,
  fixedChannels: true,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

const width = 64

type Layer = (x: AnySym) => AnySym

interface GatedOptions {
  readonly kernel?: number
  readonly stride?: number
  readonly dilation?: number
  readonly norm?: Layer
  readonly activation?: Layer
}

/** A convolution over the mirrored picture times the sigmoid of another; norm and activation follow. */
const gated = (outChannels: number, options: GatedOptions = {}) => {
  const { kernel = 3, stride = 1, dilation = 1 } = options
  const { norm = instanceNorm(), activation = leakyRelu({ negativeSlope: 0.2 }) } = options
  const mirror = pad(Math.floor((dilation * (kernel - 1)) / 2), { mode: 'reflect' })
  const conv = () => conv2d(outChannels, { kernel, stride, dilation })
  const m = { conv2d: conv(), mask_conv2d: conv() }
  return module(m, (x: AnySym) => {
    const mirrored = mirror(x)
    return activation(norm(multiply(m.conv2d(mirrored), sigmoid(m.mask_conv2d(mirrored))) as AnySym))
  })
}

const doubled = (outChannels: number) => {
  const m = { gated_conv2d: gated(outChannels) }
  const enlarge = resize({ scaleFactor: 2 })
  return module(m, (x: AnySym) => m.gated_conv2d(enlarge(x)))
}

const complement = affine({ scale: -1, shift: 1 })
const dilations = [1, 1, 2, 4, 8, 16, 1, 1]

/**
 * Gated convolutions that fill holes of a grey picture: `image` `[256, 256, 1]` from 0 to 1 and `mask` `[256, 256, 1]`, 1 in the holes ->
 * `[256, 256, 1]`. Yu et al., arXiv:1806.03589.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('gated_inpainting_gray', { inputSize: [480, 640] })
 * ```
 */
export const gatedInpaintingGray = variant(
  'gated_inpainting_gray',
  { parameters: 13_443_458, macs: 86_595_600_384 },
  () => {
    const m = {
      down1: gated(width, { kernel: 7, norm: identity }),
      down2: gated(2 * width, { kernel: 4, stride: 2 }),
      down3: gated(4 * width),
      down4: gated(4 * width, { kernel: 4, stride: 2 }),
      ...Object.fromEntries(dilations.map((dilation, i) => [`b${i + 1}`, gated(4 * width, { dilation })])),
      up1: doubled(2 * width),
      up2: gated(2 * width),
      up3: doubled(width),
      up4: gated(1, { kernel: 7, norm: identity, activation: sigmoid }),
    }
    return module(m, ({ image, mask }: { readonly image: AnySym; readonly mask: AnySym }) => {
      const known = broadcastAdd(multiply(image, complement(mask)), mask) as AnySym
      return Object.values(m).reduce<AnySym>((value, layer) => layer(value), concat(known, mask))
    })
  },
)
