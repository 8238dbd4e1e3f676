import { type AnySym, batchNorm, conv2d, module, relu, sequential, subtract } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'dncnn',
  task: 'image-restoration',
  paper: {
    title: 'Beyond a Gaussian Denoiser: Residual Learning of Deep CNN for Image Denoising',
    authors: 'Zhang, Zuo, Chen, Meng, Zhang',
    year: 2016,
    url: 'https://arxiv.org/abs/1608.03981',
  },
  inputs: { input: [64, 64, 1] },
  minInputSize: 1,
  fixedChannels: true,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

const conv = (width: number, dilation = 1) => conv2d(width, { kernel: 3, padding: dilation, dilation })

/** Subtracts the noise that `layers` find. */
const denoiser = (layers: readonly ((x: AnySym) => AnySym)[]) => {
  const m = { model: sequential(...layers) }
  return module(m, (x: AnySym) => subtract(x, m.model(x)) as AnySym)
}

const normed = () => [conv(64), batchNorm({ eps: 1e-4 }), relu] as const

const dncnnOf = (depth: number, channels: number) => () =>
  denoiser([conv(64), relu, ...Array.from({ length: depth - 2 }, normed).flat(), conv(channels)])

const color = { inputs: { input: [64, 64, 3] }, preprocessing: { channelOrder: 'rgb' } } as const

/**
 * DnCNN-S, 17 convolutions against noise of one strength: `[64, 64, 1]` -> `[64, 64, 1]`. Zhang et al., arXiv:1608.03981.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('dncnn', { inputSize: [480, 640] })
 * ```
 */
export const dncnn = variant('dncnn', { parameters: 557_057, macs: 2_269_642_752 }, dncnnOf(17, 1))

/** DnCNN-B, 20 convolutions against noise of unknown strength: `[64, 64, 1]` -> `[64, 64, 1]`. */
export const dncnnBlind = variant('dncnn_b', { parameters: 668_225, macs: 2_722_627_584 }, dncnnOf(20, 1))

/** CDnCNN-B for colours: `[64, 64, 3]` -> `[64, 64, 3]`. */
export const dncnnColor = variant('cdncnn_b', { ...color, parameters: 670_531, macs: 2_732_064_768 }, dncnnOf(20, 3))

/** How far apart the kernel elements of IRCNN's convolutions are. */
const dilations = [1, 2, 3, 4, 3, 2]

const ircnnOf = (channels: number) => () =>
  denoiser([...dilations.flatMap((dilation) => [conv(64, dilation), relu]), conv(channels)])

const ircnnFacts = {
  family: 'ircnn',
  paper: {
    title: 'Learning Deep CNN Denoiser Prior for Image Restoration',
    authors: 'Zhang, Zuo, Gu, Zhang',
    year: 2017,
    url: 'https://arxiv.org/abs/1704.03264',
  },
} as const

/**
 * IRCNN's denoiser, 7 dilated convolutions: `[64, 64, 1]` -> `[64, 64, 1]`. Zhang et al., arXiv:1704.03264.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ircnn', { inputSize: [480, 640] })
 * ```
 */
export const ircnn = variant('ircnn', { ...ircnnFacts, parameters: 185_857, macs: 759_693_312 }, ircnnOf(1))

/** IRCNN's denoiser for colours: `[64, 64, 3]` -> `[64, 64, 3]`. */
export const ircnnColor = variant(
  'ircnn_color',
  { ...ircnnFacts, ...color, parameters: 188_163, macs: 769_130_496 },
  ircnnOf(3),
)
