import { type AnySym, efficientChannelAttention, type Layer, module } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { excite } from './blocks.js'
import {
  type Conv,
  type NormalizerFree,
  normalizerFree,
  withGelu,
  withScaledGelu,
  withSilu,
} from './normalizer-free.js'
import type { Depths } from './residual.js'

const variant = defineFamily({
  family: 'nfnet',
  task: 'image-classification',
  paper: {
    title: 'High-Performance Large-Scale Image Recognition Without Normalization',
    authors: 'Brock, De, Smith, Simonyan',
    year: 2021,
    url: 'https://arxiv.org/abs/2102.06171',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 0.9, interpolation: 'bicubic' },
})

/** Four 3 x 3 convolutions. */
const deepStem = (conv: Conv, activation: Layer) => {
  const m = {
    conv1: conv(16, 3, { stride: 2 }),
    conv2: conv(32, 3),
    conv3: conv(64, 3),
    conv4: conv(128, 3, { stride: 2 }),
  }
  return module(m, (x: AnySym) => m.conv4(activation(m.conv3(activation(m.conv2(activation(m.conv1(x))))))))
}

const nfnet = { stem: deepStem, widths: [256, 512, 1536, 1536], isDouble: true } as const

/** The first has 1, 2, 6 and 3 blocks; every next one has as many more. */
const depthsOf = (number: number): Depths => {
  const times = number + 1
  return [times, 2 * times, 6 * times, 3 * times]
}

const nfnetF = (number: number, style: Partial<NormalizerFree> = {}) =>
  normalizerFree({
    ...nfnet,
    ...withGelu,
    ...style,
    depths: depthsOf(number),
    narrowing: 1 / 2,
    groupWidth: 128,
    attention: excite(1 / 2),
    lastWidth: 3072,
  })

/**
 * NFNet-F0: `[192, 192, 3]` -> `[1000]`. Brock et al., arXiv:2102.06171.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('nfnet_f0', { numClasses: 10 })
 * ```
 */
export const nfnetF0 = variant(
  'nfnet_f0',
  { inputs: { input: [192, 192, 3] }, parameters: 71_489_272, macs: 6_977_003_520 },
  nfnetF(0),
)

/** NFNet-F1: `[224, 224, 3]` -> `[1000]`. */
export const nfnetF1 = variant('nfnet_f1', { parameters: 132_634_232, macs: 17_437_921_280 }, nfnetF(1))

/** NFNet-F2: `[256, 256, 3]` -> `[1000]`. */
export const nfnetF2 = variant(
  'nfnet_f2',
  { inputs: { input: [256, 256, 3] }, parameters: 193_779_192, macs: 33_139_318_784 },
  nfnetF(2),
)

/** NFNet-F3: `[320, 320, 3]` -> `[1000]`. */
export const nfnetF3 = variant(
  'nfnet_f3',
  { inputs: { input: [320, 320, 3] }, parameters: 254_924_152, macs: 67_944_292_352 },
  nfnetF(3),
)

/** NFNet-F4: `[384, 384, 3]` -> `[1000]`. */
export const nfnetF4 = variant(
  'nfnet_f4',
  { inputs: { input: [384, 384, 3] }, parameters: 316_069_112, macs: 121_122_250_752 },
  nfnetF(4),
)

/** NFNet-F5: `[416, 416, 3]` -> `[1000]`. */
export const nfnetF5 = variant(
  'nfnet_f5',
  { inputs: { input: [416, 416, 3] }, parameters: 377_214_072, macs: 169_498_382_336 },
  nfnetF(5),
)

/** NFNet-F6: `[448, 448, 3]` -> `[1000]`. */
export const nfnetF6 = variant(
  'nfnet_f6',
  { inputs: { input: [448, 448, 3] }, parameters: 438_359_032, macs: 228_292_861_952 },
  nfnetF(6),
)

/** NFNet-F7: `[480, 480, 3]` -> `[1000]`. */
export const nfnetF7 = variant(
  'nfnet_f7',
  { inputs: { input: [480, 480, 3] }, parameters: 499_503_992, macs: 298_476_539_904 },
  nfnetF(7),
)

/** What the authors' weights want, and timm's own do without. */
const authors = { ...withScaledGelu, isLearned: true, padsEnd: true } as const

/** NFNet-F0 as its authors' weights want it: `[192, 192, 3]` -> `[1000]`. */
export const dmNfnetF0 = variant(
  'dm_nfnet_f0',
  { inputs: { input: [192, 192, 3] }, parameters: 71_489_284, macs: 6_977_003_520, preprocessing: { fit: 'fill' } },
  nfnetF(0, authors),
)

/** The authors' NFNet-F1: `[224, 224, 3]` -> `[1000]`. */
export const dmNfnetF1 = variant(
  'dm_nfnet_f1',
  { parameters: 132_634_256, macs: 17_437_921_280, preprocessing: { crop: 0.91, fit: 'fill' } },
  nfnetF(1, authors),
)

/** The authors' NFNet-F2: `[256, 256, 3]` -> `[1000]`. */
export const dmNfnetF2 = variant(
  'dm_nfnet_f2',
  {
    inputs: { input: [256, 256, 3] },
    parameters: 193_779_228,
    macs: 33_139_318_784,
    preprocessing: { crop: 0.92, fit: 'fill' },
  },
  nfnetF(2, authors),
)

/** The authors' NFNet-F3: `[320, 320, 3]` -> `[1000]`. */
export const dmNfnetF3 = variant(
  'dm_nfnet_f3',
  {
    inputs: { input: [320, 320, 3] },
    parameters: 254_924_200,
    macs: 67_944_292_352,
    preprocessing: { crop: 0.94, fit: 'fill' },
  },
  nfnetF(3, authors),
)

/** The authors' NFNet-F4: `[384, 384, 3]` -> `[1000]`. */
export const dmNfnetF4 = variant(
  'dm_nfnet_f4',
  {
    inputs: { input: [384, 384, 3] },
    parameters: 316_069_172,
    macs: 121_122_250_752,
    preprocessing: { crop: 0.951, fit: 'fill' },
  },
  nfnetF(4, authors),
)

/** The authors' NFNet-F5: `[416, 416, 3]` -> `[1000]`. */
export const dmNfnetF5 = variant(
  'dm_nfnet_f5',
  {
    inputs: { input: [416, 416, 3] },
    parameters: 377_214_144,
    macs: 169_498_382_336,
    preprocessing: { crop: 0.954, fit: 'fill' },
  },
  nfnetF(5, authors),
)

/** The authors' NFNet-F6: `[448, 448, 3]` -> `[1000]`. */
export const dmNfnetF6 = variant(
  'dm_nfnet_f6',
  {
    inputs: { input: [448, 448, 3] },
    parameters: 438_359_116,
    macs: 228_292_861_952,
    preprocessing: { crop: 0.956, fit: 'fill' },
  },
  nfnetF(6, authors),
)

/** timm's lighter networks. */
const nfnetL = (number: number, attention: (channels: number) => Layer, lastWidth: number) =>
  normalizerFree({
    ...nfnet,
    ...withSilu,
    depths: depthsOf(number),
    narrowing: 1 / 4,
    groupWidth: 64,
    attention,
    lastWidth,
  })

/** NFNet-L0: `[224, 224, 3]` -> `[1000]`. */
export const nfnetL0 = variant(
  'nfnet_l0',
  { parameters: 35_074_488, macs: 4_255_094_784 },
  nfnetL(0, excite(1 / 4), 2304),
)

/** NFNet-L0 with efficient channel attention: `[224, 224, 3]` -> `[1000]`. */
export const ecaNfnetL0 = variant(
  'eca_nfnet_l0',
  { parameters: 24_143_924, macs: 4_244_258_560 },
  nfnetL(0, efficientChannelAttention, 2304),
)

/** NFNet-L1 with efficient channel attention: `[256, 256, 3]` -> `[1000]`. */
export const ecaNfnetL1 = variant(
  'eca_nfnet_l1',
  { inputs: { input: [256, 256, 3] }, parameters: 41_407_728, macs: 9_428_610_560 },
  nfnetL(1, efficientChannelAttention, 3072),
)

/** NFNet-L2 with efficient channel attention: `[320, 320, 3]` -> `[1000]`. */
export const ecaNfnetL2 = variant(
  'eca_nfnet_l2',
  { inputs: { input: [320, 320, 3] }, parameters: 56_722_348, macs: 20_682_773_760 },
  nfnetL(2, efficientChannelAttention, 3072),
)

/** NFNet-L3 with efficient channel attention: `[352, 352, 3]` -> `[1000]`. */
export const ecaNfnetL3 = variant(
  'eca_nfnet_l3',
  { inputs: { input: [352, 352, 3] }, parameters: 72_036_968, macs: 32_227_830_784 },
  nfnetL(3, efficientChannelAttention, 3072),
)
