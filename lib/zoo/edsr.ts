import {
  type AnySym,
  add,
  affine,
  broadcastAdd,
  constant,
  conv2d,
  module,
  pixelShuffle,
  relu,
  sequential,
  subtract,
} from '../layers/index.js'
import { Tensor } from '../tensor.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'edsr',
  task: 'super-resolution',
  paper: {
    title: 'Enhanced Deep Residual Networks for Single Image Super-Resolution',
    authors: 'Lim, Son, Kim, Nah, Lee',
    year: 2017,
    url: 'https://arxiv.org/abs/1707.02921',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 1,
  fixedChannels: true,
  preprocessing: 'unit',
})

/** Of the pictures of DIV2K, from 0 to 1. */
const meanColour = new Tensor(new Float32Array([0.4488, 0.4371, 0.404]), [3])

const conv3x3 = (width: number) => conv2d(width, { kernel: 3, padding: 1 })

/** Two convolutions without normalisation; the sum takes `share` of what they find. */
const residualBlock = (width: number, share: number) => {
  const m = { conv1: conv3x3(width), conv2: conv3x3(width) }
  const scaled = affine({ scale: share })
  return module(m, (x: AnySym) => add(x, scaled(m.conv2(relu(m.conv1(x))))))
}

interface Form {
  readonly width: number
  readonly depth: number
  readonly share: number
  /** The pixel range that the body works in. */
  readonly range: number
}

/** What each step enlarges by. */
const steps = { 2: [2], 3: [3], 4: [2, 2] } as const

const edsr =
  (scale: keyof typeof steps, { width, depth, share, range }: Form) =>
  () => {
    const m = {
      conv_first: conv3x3(width),
      body: sequential(...Array.from({ length: depth }, () => residualBlock(width, share))),
      conv_after_body: conv3x3(width),
      upsample: sequential(...steps[scale].flatMap((step) => [conv3x3(width * step ** 2), pixelShuffle(step)])),
      conv_last: conv3x3(3),
    }
    const mean = constant(meanColour)
    return module(m, (x: AnySym) => {
      const first = m.conv_first(affine({ scale: range })(subtract(x, mean(x))))
      const features = add(m.conv_after_body(m.body(first)), first)
      return broadcastAdd(affine({ scale: 1 / range })(m.conv_last(m.upsample(features))), mean(x))
    })
  }

const large = { width: 256, depth: 32, share: 0.1, range: 255 }
const baseline = { width: 64, depth: 16, share: 1, range: 255 }
const small = { width: 32, depth: 4, share: 0.1, range: 1 }

/** EDSR, which doubles the size of a picture: `[32, 32, 3]` -> `[64, 64, 3]`. Lim et al., arXiv:1707.02921. */
export const edsrLargeX2 = variant('edsr_l_x2', { parameters: 40_729_603, macs: 41_709_993_984 }, edsr(2, large))

/** EDSR that triples the size: `[32, 32, 3]` -> `[96, 96, 3]`. */
export const edsrLargeX3 = variant('edsr_l_x3', { parameters: 43_680_003, macs: 44_765_282_304 }, edsr(3, large))

/** EDSR that quadruples the size: `[32, 32, 3]` -> `[128, 128, 3]`. */
export const edsrLargeX4 = variant('edsr_l_x4', { parameters: 43_089_923, macs: 51_458_605_056 }, edsr(4, large))

/**
 * EDSR's baseline of 16 blocks and 64 channels, which doubles the size: `[32, 32, 3]` -> `[64, 64, 3]`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('edsr_baseline_x2', { inputSize: [240, 320] })
 * net.outputs.output // [480, 640, 3]
 * ```
 */
export const edsrBaselineX2 = variant(
  'edsr_baseline_x2',
  { parameters: 1_369_859, macs: 1_405_550_592 },
  edsr(2, baseline),
)

/** EDSR's baseline that triples the size: `[32, 32, 3]` -> `[96, 96, 3]`. */
export const edsrBaselineX3 = variant(
  'edsr_baseline_x3',
  { parameters: 1_554_499, macs: 1_603_141_632 },
  edsr(3, baseline),
)

/** EDSR's baseline that quadruples the size: `[32, 32, 3]` -> `[128, 128, 3]`. */
export const edsrBaselineX4 = variant(
  'edsr_baseline_x4',
  { parameters: 1_517_571, macs: 2_030_764_032 },
  edsr(4, baseline),
)

/** A small EDSR of 4 blocks and 32 channels that triples the size: `[32, 32, 3]` -> `[96, 96, 3]`. */
export const edsrSmallX3 = variant('edsr_x3', { parameters: 168_227, macs: 178_716_672 }, edsr(3, small))
