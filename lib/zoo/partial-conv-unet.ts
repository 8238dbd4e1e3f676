import {
  type AnySym,
  batchNorm,
  concat,
  constant,
  identity,
  type Layer,
  leakyRelu,
  module,
  multiply,
  partialConv2d,
  relu,
  resize,
} from '../layers/index.js'
import { Tensor } from '../tensor.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'partial_conv_unet',
  task: 'inpainting',
  paper: {
    title: 'Image Inpainting for Irregular Holes Using Partial Convolutions',
    authors: 'Liu, Reda, Shih, Wang, Tao, Catanzaro',
    year: 2018,
    url: 'https://arxiv.org/abs/1804.07723',
  },
  inputs: { image: [512, 512, 3], mask: [512, 512, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  fixedChannels: true,
  preprocessing: { crop: 1 },
})

/** Features and what of them is known. */
interface Masked {
  readonly output: AnySym
  readonly mask: AnySym
}

interface StageOptions {
  readonly kernel?: number
  readonly stride?: number
  /** After the convolution, which then has no bias; none by default. */
  readonly norm?: Layer
  readonly activation: Layer
}

const stage = (width: number, { kernel = 3, stride = 1, norm, activation }: StageOptions) => {
  const bias = norm === undefined && activation === identity
  const padding = (kernel - 1) / 2
  const input_conv = partialConv2d(width, { kernel, stride, padding, bias, rescale: 'mean' })
  const m = { conv: { input_conv }, ...(norm ? { bn: norm } : {}) }
  return module(m, ({ output, mask }: Masked): Masked => {
    const masked = input_conv(output, mask)
    return { output: activation((m.bn ?? identity)(masked.output as AnySym)), mask: masked.mask as AnySym }
  })
}

/** A mask of one channel as one of many. */
const spread = (mask: AnySym, channels: number): AnySym =>
  multiply(mask, constant(new Tensor(new Float32Array(channels).fill(1), [channels]))(mask)) as AnySym

const doubled = resize({ scaleFactor: 2 }) as Layer

/** What came from below, doubled, beside what the encoder had at that size. */
const join = (below: Masked, beside: Masked): Masked => {
  const channels = (x: AnySym) => x.shape[2] as number
  const masks = [spread(doubled(below.mask), channels(below.output)), spread(beside.mask, channels(beside.output))]
  return { output: concat(doubled(below.output), beside.output) as AnySym, mask: concat(...masks) as AnySym }
}

const encoders = [
  { width: 64, kernel: 7 },
  { width: 128, kernel: 5 },
  { width: 256, kernel: 5 },
  { width: 512, kernel: 3 },
  { width: 512, kernel: 3 },
]

/**
 * Partial convolutions in a U-Net of five levels: `image` `[512, 512, 3]` and `mask` `[512, 512, 3]`, 1 where the image is known ->
 * `output` `[512, 512, 3]` and `mask` `[512, 512, 1]`. Liu et al., arXiv:1804.07723; in the form that divides by the number of known
 * values only.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('pconv_unet5', { inputSize: 256 })
 * ```
 */
export const pconvUnet5 = variant('pconv_unet5', { parameters: 11_619_924, macs: 36_188_717_056 }, () => {
  const decoder = (width: number) => stage(width, { norm: batchNorm(), activation: leakyRelu({ negativeSlope: 0.2 }) })
  const enc = encoders.map(({ width, kernel }, i) =>
    stage(width, { kernel, stride: 2, ...(i > 0 ? { norm: batchNorm() } : {}), activation: relu }),
  )
  const dec = [512, 256, 128, 64].map(decoder)
  const last = stage(3, { activation: identity })
  const named = (prefix: string, layers: readonly unknown[], at: (i: number) => number) =>
    Object.fromEntries(layers.map((layer, i) => [`${prefix}_${at(i)}`, layer]))
  const m = { ...named('enc', enc, (i) => i + 1), ...named('dec', [...dec, last], (i) => 5 - i) }
  return module(m, ({ image, mask }: { readonly image: AnySym; readonly mask: AnySym }) => {
    const levels: Masked[] = [{ output: image, mask }]
    for (const encode of enc) levels.push(encode(levels.at(-1) as Masked))
    return [...dec, last].reduce(
      (below, decode, i) => decode(join(below, levels[4 - i] as Masked)),
      levels[5] as Masked,
    )
  })
})
