import { type AnySym, conv2d, convTranspose2d, module, prelu, sequential } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'fsrcnn',
  task: 'super-resolution',
  paper: {
    title: 'Accelerating the Super-Resolution Convolutional Neural Network',
    authors: 'Dong, Loy, Tang',
    year: 2016,
    url: 'https://arxiv.org/abs/1608.00367',
  },
  inputs: { input: [32, 32, 1] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', channelOrder: 'grey' },
})

/** The paper's d, s and m: channels of the features, channels after shrinking, and how often those are mapped. */
interface Form {
  readonly features: number
  readonly shrunk: number
  readonly mappings: number
}

const conv = (width: number, kernel: number) => [conv2d(width, { kernel, padding: 'same' }), prelu()] as const

const fsrcnn =
  (scale: number, { features, shrunk, mappings }: Form) =>
  () => {
    const m = {
      first_part: sequential(...conv(features, 5)),
      mid_part: sequential(
        ...conv(shrunk, 1),
        ...Array.from({ length: mappings }, () => conv(shrunk, 3)).flat(),
        ...conv(features, 1),
      ),
      last_part: convTranspose2d(1, { kernel: 9, stride: scale, padding: 4, outputPadding: scale - 1 }),
    }
    return module(m, (x: AnySym) => m.last_part(m.mid_part(m.first_part(x))))
  }

const published = { features: 56, shrunk: 12, mappings: 4 }
const small = { features: 32, shrunk: 5, mappings: 1 }

const publishedCounts = { parameters: 12_809, macs: 12_763_136 }
const smallCounts = { parameters: 4_086, macs: 4_031_488 }

/**
 * FSRCNN(56, 12, 4), which doubles the size of a luminance image: `[32, 32, 1]` -> `[64, 64, 1]`. Dong et al., arXiv:1608.00367.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('fsrcnn_x2', { inputSize: [240, 320] })
 * net.outputs.output // [480, 640, 1]
 * ```
 */
export const fsrcnnX2 = variant('fsrcnn_x2', publishedCounts, fsrcnn(2, published))

/** FSRCNN that triples the size: `[32, 32, 1]` -> `[96, 96, 1]`. */
export const fsrcnnX3 = variant('fsrcnn_x3', publishedCounts, fsrcnn(3, published))

/** FSRCNN that quadruples the size: `[32, 32, 1]` -> `[128, 128, 1]`. */
export const fsrcnnX4 = variant('fsrcnn_x4', publishedCounts, fsrcnn(4, published))

/** FSRCNN-s(32, 5, 1), which doubles the size: `[32, 32, 1]` -> `[64, 64, 1]`. */
export const fsrcnnSmallX2 = variant('fsrcnn_s_x2', smallCounts, fsrcnn(2, small))

/** FSRCNN-s that triples the size: `[32, 32, 1]` -> `[96, 96, 1]`. */
export const fsrcnnSmallX3 = variant('fsrcnn_s_x3', smallCounts, fsrcnn(3, small))

/** FSRCNN-s that quadruples the size: `[32, 32, 1]` -> `[128, 128, 1]`. */
export const fsrcnnSmallX4 = variant('fsrcnn_s_x4', smallCounts, fsrcnn(4, small))
