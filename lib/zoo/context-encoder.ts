import {
  type AnySym,
  batchNorm,
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
  family: 'context_encoder',
  task: 'inpainting',
  paper: {
    title: 'Context Encoders: Feature Learning by Inpainting',
    authors: 'Pathak, Krahenbuhl, Donahue, Darrell, Efros',
    year: 2016,
    url: 'https://arxiv.org/abs/1604.07379',
  },
  inputs: { input: [128, 128, 3] },
  minInputSize: 128,
  preprocessing: { preset: 'unit', mean: 0.5, std: 0.5 },
})

const activation = leakyRelu({ negativeSlope: 0.2 })

/** Halves, or with `stride` 1 joins the last 4 x 4 places to one. */
const conv = (width: number, stride = 2) => conv2d(width, { kernel: 4, stride, padding: stride - 1, bias: false })
const deconv = (width: number, stride = 2) =>
  convTranspose2d(width, { kernel: 4, stride, padding: stride - 1, bias: false })

const encoded = [64, 128, 256, 512]
const bottleneck = 4000
const decoded = [256, 128, 64]

/**
 * Context encoder: `[128, 128, 3]` with a hole -> the centre `[64, 64, 3]`, from -1 to 1. Pathak et al., arXiv:1604.07379.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('context_encoder')
 * ```
 */
export const contextEncoder = variant('context_encoder', { parameters: 71_124_544, macs: 349_700_096 }, () => {
  const m = {
    main: sequential(
      conv(64),
      activation,
      ...encoded.flatMap((width) => [conv(width), batchNorm(), activation]),
      conv(bottleneck, 1),
      batchNorm(),
      activation,
      deconv(512, 1),
      batchNorm(),
      relu,
      ...decoded.flatMap((width) => [deconv(width), batchNorm(), relu]),
      deconv(3),
      tanh,
    ),
  }
  return module(m, (x: AnySym) => m.main(x))
})
