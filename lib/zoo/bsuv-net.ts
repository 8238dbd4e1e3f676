import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  convTranspose2d,
  maxPool2d,
  module,
  relu,
  sigmoid,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'bsuv_net',
  task: 'background-subtraction',
  paper: {
    title: 'BSUV-Net: A Fully-Convolutional Neural Network for Background Subtraction of Unseen Videos',
    authors: 'Tezcan, Ishwar, Konrad',
    year: 2019,
    url: 'https://arxiv.org/abs/1907.11371',
  },
  inputs: { input: [224, 224, 12] },
  minInputSize: 16,
  inputMultiple: 16,
  preprocessing: { crop: 1 },
})

const conv3x3 = (width: number) => conv2d(width, { kernel: 3, padding: 1 })
const halve = maxPool2d({ kernel: 2 })

/** Convolutions of VGG-16, each with ReLU and batch norm, in this order. */
const encode = (width: number, count: number) => {
  const layers = Array.from({ length: count }, () => ({ conv: conv3x3(width), bn: batchNorm() }))
  const named = layers.map(({ conv, bn }, i) => ({ [`conv${i + 1}`]: conv, [`bn${i + 1}`]: bn }))
  return module({ down_block: Object.assign({}, ...named) }, (x: AnySym) =>
    layers.reduce((value, { conv, bn }) => bn(relu(conv(value))), x),
  )
}

/** Doubles the size and goes on with what the way down had at that size. */
const decode = (inChannels: number, width: number) => {
  const up = {
    conv2d_transpose: convTranspose2d(inChannels, { kernel: 3, stride: 2, padding: 1, outputPadding: 1 }),
    bn1: batchNorm(),
  }
  const convs = { conv1: conv3x3(width), bn2: batchNorm(), conv2: conv3x3(width), bn3: batchNorm() }
  return module({ up, conv_block: convs }, (x: AnySym, skip: AnySym) => {
    const both = concat(up.bn1(up.conv2d_transpose(x)), skip)
    return convs.bn3(relu(convs.conv2(convs.bn2(relu(convs.conv1(both))))))
  })
}

/**
 * BSUV-Net: the frame, a recent and an empty background, each a picture and a map of moving things, `[224, 224, 12]` -> the
 * foreground `[224, 224, 1]`, from 0 to 1. Tezcan et al., arXiv:1907.11371.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('bsuv_net', { inputSize: [480, 640] })
 * ```
 */
export const bsuvNet = variant('bsuv_net', { parameters: 30_368_705, macs: 49_366_761_472 }, () => {
  const m = {
    enc1: encode(64, 2),
    enc2: encode(128, 2),
    enc3: encode(256, 3),
    enc4: encode(512, 3),
    enc5: encode(512, 3),
    dec4: decode(512, 512),
    dec3: decode(512, 256),
    dec2: decode(256, 128),
    dec1: decode(128, 64),
    out: { out: { conv2d: conv2d(1, { kernel: 1 }) } },
  }
  return module(m, (x: AnySym) => {
    const e1 = m.enc1(x)
    const e2 = m.enc2(halve(e1))
    const e3 = m.enc3(halve(e2))
    const e4 = m.enc4(halve(e3))
    const d4 = m.dec4(m.enc5(halve(e4)), e4)
    const d1 = m.dec1(m.dec2(m.dec3(d4, e3), e2), e1)
    return sigmoid(m.out.out.conv2d(d1))
  })
})
