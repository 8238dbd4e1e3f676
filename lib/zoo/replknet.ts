import { defineFamily } from './architecture.js'
import { replknet } from './replknet-body.js'

const variant = defineFamily({
  family: 'replknet',
  task: 'image-classification',
  paper: {
    title: 'Scaling Up Your Kernels to 31x31: Revisiting Large Kernel Design in CNNs',
    authors: 'Ding, Zhang, Zhou, Han, Ding, Sun',
    year: 2022,
    url: 'https://arxiv.org/abs/2203.06717',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const depths = [2, 2, 18, 2] as const
const largest = { kernels: [31, 29, 27, 13], smallKernel: 5, depths } as const

/**
 * RepLKNet-31B: `[224, 224, 3]` -> `[1000]`. Ding et al., arXiv:2203.06717.
 *
 * The small kernels are computed as part of the large ones; `reparameterize` merges them for good.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('replknet31b', { numClasses: 10 })
 * ```
 */
export const replknet31b = variant(
  'replknet31b',
  { parameters: 79_864_168, macs: 15_431_298_048 },
  replknet({ ...largest, widths: [128, 256, 512, 1024] }),
)

/** RepLKNet-31L: `[384, 384, 3]` -> `[1000]`. */
export const replknet31l = variant(
  'replknet31l',
  { inputs: { input: [384, 384, 3] }, parameters: 172_671_016, macs: 96_332_255_232 },
  replknet({ ...largest, widths: [192, 384, 768, 1536] }),
)

/** RepLKNet-XL: `[320, 320, 3]` -> `[1000]`. */
export const replknetXl = variant(
  'replknet_xl',
  { inputs: { input: [320, 320, 3] }, parameters: 335_435_752, macs: 128_730_316_800 },
  replknet({ kernels: [27, 27, 27, 13], depths, widths: [256, 512, 1024, 2048], widening: 1.5 }),
)
