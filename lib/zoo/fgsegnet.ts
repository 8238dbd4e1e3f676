import {
  type AnySym,
  add,
  concat,
  conv2d,
  globalAvgPool,
  identity,
  instanceNorm,
  maxPool2d,
  module,
  multiply,
  relu,
  resize,
  sigmoid,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'fgsegnet',
  task: 'background-subtraction',
  paper: {
    title: 'Learning Multi-scale Features for Foreground Segmentation',
    authors: 'Lim, Keles',
    year: 2018,
    url: 'https://arxiv.org/abs/1808.01477',
  },
  inputs: { input: [240, 320, 3] },
  minInputSize: 4,
  inputMultiple: 4,
  preprocessing: { preset: 'unit', fit: 'fill', scale: 1 },
})

const width = 64

const conv3x3 = (outChannels: number, dilation = 1) => conv2d(outChannels, { kernel: 3, padding: dilation, dilation })
const halve = maxPool2d({ kernel: 2 })
const double = resize({ scaleFactor: 2 })

/** A group of VGG-16's convolutions. */
const encode = (outChannels: number, count: number) => {
  const convs = Array.from({ length: count }, () => conv3x3(outChannels))
  const named = convs.map((conv, i) => [`conv${i + 1}`, conv])
  return module({ down_block: Object.fromEntries(named) }, (x: AnySym) =>
    convs.reduce((value, conv) => relu(conv(value)), x),
  )
}

/** The paper's pooling of features: each dilated convolution sees what the one before made. */
const pyramid = () => {
  const wide = [4, 8, 16].map((dilation) => ({ conv2d: conv3x3(width, dilation) }))
  const first = { conv2d: conv2d(width, { kernel: 1 }) }
  const second = { conv2d: conv3x3(width) }
  const named = [first, second, ...wide].map((block, i) => [`fpm_block_${i + 1}`, block])
  const norm = instanceNorm()
  return module(Object.fromEntries(named), (x: AnySym) => {
    const found = [first.conv2d(x), second.conv2d(x)]
    for (const { conv2d } of wide) found.push(conv2d(relu(concat(x, found.at(-1) as AnySym))))
    return relu(norm(concat(...found)))
  })
}

const convNorm = () => {
  const m = { conv2d: conv3x3(width) }
  const norm = instanceNorm()
  return module(m, (x: AnySym) => relu(norm(m.conv2d(x))))
}

/** Weighs the channels by the means of the encoder's, then doubles the size. `project` brings those to as many channels. */
const decode = ({ project = false } = {}) => {
  const m = { conv_block: convNorm(), conv1d_block: { conv1d: project ? conv2d(width, { kernel: 1 }) : identity } }
  const mean = globalAvgPool()
  return module(m, (x: AnySym, skip: AnySym) => {
    const features = m.conv_block(x)
    return double(add(features, multiply(features, mean(m.conv1d_block.conv1d(skip))) as AnySym))
  })
}

/**
 * FgSegNet v2: `[240, 320, 3]` -> the foreground `[240, 320, 1]`, from 0 to 1. Lim and Keles, arXiv:1808.01477.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('fgsegnet_v2', { inputSize: [480, 640] })
 * ```
 */
export const fgsegnetV2 = variant('fgsegnet_v2', { parameters: 9_225_153, macs: 53_536_358_400 }, () => {
  const m = {
    enc1: encode(64, 2),
    enc2: encode(128, 2),
    enc3: encode(256, 3),
    enc4: encode(512, 3),
    fpm: pyramid(),
    dec3: decode(),
    dec2: decode({ project: true }),
    dec1: { conv_block: convNorm() },
    out: { out: { conv2d: conv2d(1, { kernel: 1 }) } },
  }
  return module(m, (x: AnySym) => {
    const e1 = m.enc1(x)
    const e2 = m.enc2(halve(e1))
    const deep = m.fpm(m.enc4(m.enc3(halve(e2))))
    return sigmoid(m.out.out.conv2d(m.dec1.conv_block(m.dec2(m.dec3(deep, e1), e2))))
  })
})
