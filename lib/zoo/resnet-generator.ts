import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  convTranspose2d,
  instanceNorm,
  module,
  pad,
  relu,
  sequential,
  tanh,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'cyclegan',
  task: 'image-to-image',
  paper: {
    title: 'Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks',
    authors: 'Zhu, Park, Isola, Efros',
    year: 2017,
    url: 'https://arxiv.org/abs/1703.10593',
  },
  inputs: { input: [256, 256, 3] },
  minInputSize: 5,
  preprocessing: { preset: 'unit', fit: 'fill', interpolation: 'bicubic', mean: 0.5, std: 0.5 },
})

type Layer = (x: AnySym) => AnySym

interface Form {
  readonly blocks: number
  readonly norm: () => Layer
  /** Whether the convolutions before norms have a bias. */
  readonly bias: boolean
}

const mirror = (cells: number) => pad(cells, { mode: 'reflect' })

const residual = (width: number, { norm, bias }: Form) => {
  const conv = () => [mirror(1), conv2d(width, { kernel: 3, bias }), norm()]
  const m = { conv_block: sequential(...conv(), relu, ...conv()) }
  return module(m, (x: AnySym) => add(x, m.conv_block(x)))
}

/** Quarters the size, goes through residual blocks, restores it. */
const generator = (form: Form) => () => {
  const { blocks, norm, bias } = form
  const halved = (width: number) => [conv2d(width, { kernel: 3, stride: 2, padding: 1, bias }), norm(), relu]
  const doubled = (width: number) => [
    convTranspose2d(width, { kernel: 3, stride: 2, padding: 1, outputPadding: 1, bias }),
    norm(),
    relu,
  ]
  const m = {
    model: sequential(
      mirror(3),
      conv2d(64, { kernel: 7, bias }),
      norm(),
      relu,
      ...halved(128),
      ...halved(256),
      ...Array.from({ length: blocks }, () => residual(256, form)),
      ...doubled(128),
      ...doubled(64),
      mirror(3),
      conv2d(3, { kernel: 7 }),
      tanh,
    ),
  }
  return module(m, (x: AnySym) => m.model(x))
}

/**
 * CycleGAN's generator of 9 blocks: `[256, 256, 3]` -> `[256, 256, 3]`, from -1 to 1. Zhu et al., arXiv:1703.10593.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('cyclegan_resnet9', { inputSize: 512 })
 * ```
 */
export const cycleganResnet9 = variant(
  'cyclegan_resnet9',
  { parameters: 11_378_179, macs: 49_551_507_456 },
  generator({ blocks: 9, norm: instanceNorm, bias: true }),
)

/** CycleGAN's generator of 6 blocks for small pictures: `[128, 128, 3]` -> `[128, 128, 3]`. */
export const cycleganResnet6 = variant(
  'cyclegan_resnet6',
  { inputs: { input: [128, 128, 3] }, parameters: 7_837_699, macs: 8_763_998_208 },
  generator({ blocks: 6, norm: instanceNorm, bias: true }),
)

/** The same with batch norm, pix2pix's other generator: `[256, 256, 3]` -> `[256, 256, 3]`. */
export const pix2pixResnet9 = variant(
  'pix2pix_resnet9_bn',
  { parameters: 11_383_427, macs: 49_551_507_456 },
  generator({ blocks: 9, norm: batchNorm, bias: false }),
)
