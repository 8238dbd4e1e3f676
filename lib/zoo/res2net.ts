import {
  type AnySym,
  add,
  avgPool2d,
  batchNorm,
  chunk,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'res2net',
  task: 'image-classification',
  paper: {
    title: 'Res2Net: A New Multi-scale Backbone Architecture',
    authors: 'Gao, Cheng, Zhao, Zhang, Yang, Torr',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.01169',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

interface Configuration {
  /** Channels of each part in the first stage. */
  readonly partWidth: number
  /** Parts that a block's channels are cut into. */
  readonly scale: number
  readonly groups?: number
  readonly depths: readonly [number, number, number, number]
}

interface BlockOptions {
  readonly partWidth: number
  readonly scale: number
  readonly groups: number
  readonly outChannels: number
  readonly stride: number
  readonly isFirst: boolean
}

/**
 * All parts but the last are convolved, each after what came out of the part before it was added; the first block of a stage
 * convolves them apart, and pools the last.
 */
const block = ({ partWidth, scale, groups, outChannels, stride, isFirst }: BlockOptions) => {
  const conv3x3 = () => conv2d(partWidth, { kernel: 3, stride, padding: 1, groups, bias: false })
  const m = {
    conv1: conv2d(partWidth * scale, { kernel: 1, bias: false }),
    bn1: batchNorm(),
    convs: Array.from({ length: scale - 1 }, conv3x3),
    bns: Array.from({ length: scale - 1 }, () => batchNorm()),
    pool: isFirst ? avgPool2d({ kernel: 3, stride, padding: 1 }) : identity,
    conv3: conv2d(outChannels, { kernel: 1, bias: false }),
    bn3: batchNorm(),
    downsample: isFirst ? sequential(conv2d(outChannels, { kernel: 1, stride, bias: false }), batchNorm()) : identity,
  }
  return module(m, (x: AnySym) => {
    const parts: readonly AnySym[] = chunk(relu(m.bn1(m.conv1(x))), scale)
    const outputs: AnySym[] = []
    m.convs.forEach((conv, i) => {
      const part = parts[i] as AnySym
      const before = isFirst ? undefined : outputs.at(-1)
      const norm = m.bns[i] as (y: AnySym) => AnySym
      outputs.push(relu(norm(conv(before === undefined ? part : add(part, before)))))
    })
    outputs.push(m.pool(parts.at(-1) as AnySym))
    return relu(add(m.bn3(m.conv3(concat(...outputs))), m.downsample(x)))
  })
}

const stage = ({ partWidth, scale, groups = 1, depths }: Configuration, index: number) => {
  const shape = { partWidth: partWidth * 2 ** index, scale, groups, outChannels: 256 * 2 ** index }
  return sequential(
    block({ ...shape, stride: index > 0 ? 2 : 1, isFirst: true }),
    ...Array.from({ length: (depths[index] as number) - 1 }, () => block({ ...shape, stride: 1, isFirst: false })),
  )
}

const res2net =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: conv2d(64, { kernel: 7, stride: 2, padding: 3, bias: false }),
      bn1: batchNorm(),
      maxpool: maxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      layer1: stage(configuration, 0),
      layer2: stage(configuration, 1),
      layer3: stage(configuration, 2),
      layer4: stage(configuration, 3),
      global_pool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stem = m.maxpool(relu(m.bn1(m.conv1(x))))
      const features = m.layer4(m.layer3(m.layer2(m.layer1(stem))))
      return m.fc(flatten(m.global_pool(features)))
    })
  }

const depths = [3, 4, 6, 3] as const

/**
 * Res2Net-50 with 4 parts of 26 channels: `[224, 224, 3]` -> `[1000]`. Gao et al., arXiv:1904.01169.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('res2net50_26w_4s', { numClasses: 10 })
 * ```
 */
export const res2net50_26w4s = variant(
  'res2net50_26w_4s',
  { parameters: 25_699_120, macs: 4_255_166_464 },
  res2net({ partWidth: 26, scale: 4, depths }),
)

/** Res2Net-50 with 2 parts of 48 channels: `[224, 224, 3]` -> `[1000]`. */
export const res2net50_48w2s = variant(
  'res2net50_48w_2s',
  { parameters: 25_287_304, macs: 4_159_832_064 },
  res2net({ partWidth: 48, scale: 2, depths }),
)

/** Res2Net-50 with 8 parts of 14 channels: `[224, 224, 3]` -> `[1000]`. */
export const res2net50_14w8s = variant(
  'res2net50_14w_8s',
  { parameters: 25_059_816, macs: 4_178_898_944 },
  res2net({ partWidth: 14, scale: 8, depths }),
)

/** Res2Net-50 with 6 parts of 26 channels: `[224, 224, 3]` -> `[1000]`. */
export const res2net50_26w6s = variant(
  'res2net50_26w_6s',
  { parameters: 37_051_448, macs: 6_295_523_328 },
  res2net({ partWidth: 26, scale: 6, depths }),
)

/** Res2Net-50 with 8 parts of 26 channels: `[224, 224, 3]` -> `[1000]`. */
export const res2net50_26w8s = variant(
  'res2net50_26w_8s',
  { parameters: 48_403_776, macs: 8_335_880_192 },
  res2net({ partWidth: 26, scale: 8, depths }),
)

/** Res2Net-101 with 4 parts of 26 channels: `[224, 224, 3]` -> `[1000]`. */
export const res2net101_26w4s = variant(
  'res2net101_26w_4s',
  { parameters: 45_206_688, macs: 8_066_974_464 },
  res2net({ partWidth: 26, scale: 4, depths: [3, 4, 23, 3] }),
)

/** Res2NeXt-50, 4 parts of 32 channels in 8 groups: `[224, 224, 3]` -> `[1000]`. */
export const res2next50 = variant(
  'res2next50',
  { parameters: 24_671_464, macs: 4_172_677_120 },
  res2net({ partWidth: 32, scale: 4, groups: 8, depths }),
)
