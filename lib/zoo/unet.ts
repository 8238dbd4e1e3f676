import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  convTranspose2d,
  maxPool2d,
  module,
  pad,
  relu,
  resize,
  sequential,
  slice,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'unet',
  task: 'semantic-segmentation',
  paper: {
    title: 'U-Net: Convolutional Networks for Biomedical Image Segmentation',
    authors: 'Ronneberger, Fischer, Brox',
    year: 2015,
    url: 'https://arxiv.org/abs/1505.04597',
  },
  inputs: { input: [256, 256, 3] },
  minInputSize: 16,
  numClasses: 2,
  preprocessing: { preset: 'unit', fit: 'fill', interpolation: 'bicubic' },
})

const convNorm = (width: number) => [conv2d(width, { kernel: 3, padding: 1, bias: false }), batchNorm(), relu]

const doubleConv = (width: number, hidden = width) => {
  const m = { double_conv: sequential(...convNorm(hidden), ...convNorm(width)) }
  return module(m, (x: AnySym) => m.double_conv(x))
}

const down = (width: number) => {
  const m = { maxpool_conv: sequential(maxPool2d({ kernel: 2 }), doubleConv(width)) }
  return module(m, (x: AnySym) => m.maxpool_conv(x))
}

/** Surrounds `x` by zeros until it is as large as `target`. */
const padTo = (target: AnySym, x: AnySym): AnySym => {
  const [height, width] = target.shape.map((size, axis) => size - (x.shape[axis] as number)) as [number, number]
  const [top, left] = [Math.floor(height / 2), Math.floor(width / 2)]
  return pad({ top, bottom: height - top, left, right: width - left })(x)
}

interface UpOptions {
  readonly width: number
  /** Channels of what comes from below. */
  readonly inChannels: number
  readonly bilinear: boolean
}

/** Doubles the size and goes on with what the way down had at that size. */
const up = ({ width, inChannels, bilinear }: UpOptions) => {
  const enlarge = resize({ scaleFactor: 2, mode: 'bilinear', alignCorners: true })
  const m = {
    up: bilinear ? enlarge : convTranspose2d(inChannels / 2, { kernel: 2, stride: 2 }),
    conv: bilinear ? doubleConv(width, inChannels) : doubleConv(width),
  }
  return module(m, (x: AnySym, skip: AnySym) => m.conv(concat(skip, padTo(skip, m.up(x)))))
}

const unetOf =
  (bilinear: boolean) =>
  <const N extends number = 2>({ numClasses = 2 as N }: ClassifierOptions<N> = {}) => {
    const share = bilinear ? 2 : 1
    const upTo = (width: number, inChannels: number) => up({ width, inChannels, bilinear })
    const m = {
      inc: doubleConv(64),
      down1: down(128),
      down2: down(256),
      down3: down(512),
      down4: down(1024 / share),
      up1: upTo(512 / share, 1024 / share),
      up2: upTo(256 / share, 512 / share),
      up3: upTo(128 / share, 256 / share),
      up4: upTo(64, 128 / share),
      outc: { conv: conv2d(numClasses, { kernel: 1 }) },
    }
    return module(m, (x: AnySym) => {
      const x1 = m.inc(x)
      const x2 = m.down1(x1)
      const x3 = m.down2(x2)
      const x4 = m.down3(x3)
      const fine = m.up1(m.down4(x4), x4)
      return m.outc.conv(m.up4(m.up3(m.up2(fine, x3), x2), x1))
    })
  }

/**
 * U-Net with batch norm and convolutions that keep the size: `[256, 256, 3]` -> `[256, 256, 2]`. Ronneberger et al., arXiv:1505.04597.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('unet', { numClasses: 5, inputSize: [480, 640] })
 * net.outputs.output // [480, 640, 5]
 * ```
 */
export const unet = variant('unet', { parameters: 31_037_698, macs: 48_171_581_440 }, unetOf(false))

/** U-Net that enlarges by bilinear interpolation, not by transposed convolutions: `[256, 256, 3]` -> `[256, 256, 2]`. */
export const unetBilinear = variant('unet_bilinear', { parameters: 17_263_042, macs: 39_984_300_032 }, unetOf(true))

const validConvs = (width: number) => sequential(conv2d(width, { kernel: 3 }), relu, conv2d(width, { kernel: 3 }), relu)

/** The middle of `x`, as large as `target`. */
const cropTo = (target: AnySym, x: AnySym): AnySym =>
  [0, 1].reduce((value, axis) => {
    const size = target.shape[axis] as number
    const start = Math.floor(((value.shape[axis] as number) - size) / 2)
    return slice(value, { axis, start, end: start + size }) as AnySym
  }, x)

const widths = [64, 128, 256, 512]

/**
 * U-Net as published, without padding and norms: `[572, 572, 1]` -> the middle `[388, 388, 2]`. Ronneberger et al., arXiv:1505.04597.
 *
 * Its sizes must be those that every pooling halves, such as 572 and less or more by multiples of 16.
 */
export const unetValid = variant(
  'unet_valid',
  {
    inputs: { input: [572, 572, 1] },
    minInputSize: 188,
    parameters: 31_030_658,
    macs: 150_428_424_448,
    preprocessing: { channelOrder: 'grey' },
  },
  <const N extends number = 2>({ numClasses = 2 as N }: ClassifierOptions<N> = {}) => {
    const levels = widths.map((width) => ({
      down: validConvs(width),
      up: convTranspose2d(width, { kernel: 2, stride: 2 }),
      conv: validConvs(width),
    }))
    const deepest = validConvs(1024)
    const out = conv2d(numClasses, { kernel: 1 })
    const named = levels.map(({ down, up, conv }, i) => ({
      [`down${i + 1}`]: down,
      [`up${i + 1}`]: up,
      [`conv${i + 1}`]: conv,
    }))
    const halve = maxPool2d({ kernel: 2 })
    const through = levels.reduceRight<(x: AnySym) => AnySym>(
      (within, { down, up, conv }) =>
        (x) => {
          const fine = down(x)
          const coarse = up(within(halve(fine)))
          return conv(concat(cropTo(coarse, fine), coarse))
        },
      deepest,
    )
    return module(Object.assign({ down5: deepest, out }, ...named), (x: AnySym) => out(through(x)))
  },
)
