import {
  type AnySym,
  batchNorm,
  conv2d,
  flatten,
  globalAvgPool,
  groupNorm,
  identity,
  type Layer,
  maxPool2d,
  module,
  pad,
  relu,
  type Sym,
  sequential,
  stdConv2d,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { preactivated } from './pre-activation.js'
import { averageBefore, type Depths } from './residual.js'

const variant = defineFamily({
  family: 'resnet_v2',
  task: 'image-classification',
  paper: {
    title: 'Identity Mappings in Deep Residual Networks',
    authors: 'He, Zhang, Ren, Sun',
    year: 2016,
    url: 'https://arxiv.org/abs/1603.05027',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { preset: 'inception', interpolation: 'bicubic' },
})

const bigTransfer = {
  family: 'bit',
  paper: {
    title: 'Big Transfer (BiT): General Visual Representation Learning',
    authors: 'Kolesnikov, Beyer, Zhai, Puigcerver, Yung, Gelly, Houlsby',
    year: 2019,
    url: 'https://arxiv.org/abs/1912.11370',
  },
} as const

/** What a network is made of. */
interface Parts {
  /** Without bias; keeps the size, but for its stride. */
  readonly conv: (width: number, kernel: number, stride?: number) => Layer
  readonly norm: () => Layer
  /** What the edge of the picture is filled with before its largest pixels are taken: zeros, or nothing at all. */
  readonly pool: () => Readonly<Record<string, Layer>>
}

const batchNormalized: Parts = {
  conv: (width, kernel, stride = 1) => conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false }),
  norm: () => batchNorm(),
  pool: () => ({ pool: maxPool2d({ kernel: 3, stride: 2, padding: 1 }) }),
}

const weightStandardized: Parts = {
  conv: (width, kernel, stride = 1) =>
    stdConv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false, eps: 1e-8 }),
  norm: () => groupNorm(32),
  pool: () => ({
    pad: pad(1) as Layer,
    pool: maxPool2d({ kernel: 3, stride: 2 }),
  }),
}

interface Configuration {
  readonly depths: Depths
  /** Blocks of two 3 x 3 convolutions instead of bottlenecks. */
  readonly isBasic?: boolean
  /** Channels, in parts of ResNet's; 1 by default. */
  readonly widening?: number
  /** Batch norms by default. */
  readonly parts?: Parts
  /** Channels of the first two of three convolutions that stand for the 7 x 7 one; shortcuts average then. */
  readonly deepStem?: readonly [number, number]
}

/** Its children, one after the other. */
const chained = (children: Readonly<Record<string, Layer>>): Layer =>
  module(children, (x: AnySym) => Object.values(children).reduce((value, layer) => layer(value), x))

const stem = ({ conv, norm, pool }: Parts, { widening = 1, deepStem }: Configuration) => {
  const width = 64 * widening
  if (!deepStem) return chained({ conv: conv(width, 7, 2), ...pool() })
  const [first, second] = deepStem
  return chained({
    conv1: conv(first, 3, 2),
    norm1: norm(),
    act1: relu,
    conv2: conv(second, 3),
    norm2: norm(),
    act2: relu,
    conv3: conv(width, 3),
    ...pool(),
  })
}

interface BlockOptions {
  readonly width: number
  readonly isBasic: boolean
  readonly stride: number
  readonly project: boolean
  readonly averages: boolean
}

const block = ({ conv, norm }: Parts, { width, isBasic, stride, project, averages }: BlockOptions) => {
  const inner = width / 4
  const convs = isBasic
    ? [conv(width, 3, stride), conv(width, 3)]
    : [conv(inner, 1), conv(inner, 3, stride), conv(width, 1)]
  const steps = convs.map((layer) => ({ norm: norm(), conv: layer }))
  const downsample = { pool: averages ? averageBefore(stride) : identity, conv: conv(width, 1, averages ? 1 : stride) }
  const numbered = steps.flatMap((step, i) => [
    [`norm${i + 1}`, step.norm],
    [`conv${i + 1}`, step.conv],
  ])
  const children = { ...Object.fromEntries(numbered), ...(project && { downsample }) }
  return module(children, preactivated(steps, project ? (x) => downsample.conv(downsample.pool(x)) : undefined))
}

const stage = (index: number, parts: Parts, { depths, isBasic = false, widening = 1, deepStem }: Configuration) => {
  const width = (isBasic ? 64 : 256) * widening * 2 ** index
  const options = { width, isBasic, averages: deepStem !== undefined, stride: 1, project: false }
  const first = { ...options, stride: index > 0 ? 2 : 1, project: index > 0 || !isBasic }
  const others = Array.from({ length: (depths[index] as number) - 1 }, () => block(parts, options))
  return chained({ blocks: sequential(block(parts, first), ...others) })
}

const resnetV2 =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { depths, parts = batchNormalized } = configuration
    const classify: Layer = conv2d(numClasses, { kernel: 1 })
    const head = { global_pool: globalAvgPool(), fc: classify }
    const m = {
      stem: stem(parts, configuration),
      stages: sequential(...depths.map((_, index) => stage(index, parts, configuration))),
      norm: parts.norm(),
      head,
    }
    return module(m, (x: AnySym) => {
      const features = relu(m.norm(m.stages(m.stem(x))))
      return flatten(head.fc(head.global_pool(features))) as Sym<[N]>
    })
  }

/**
 * ResNet-50 with norms and activations before its convolutions: `[224, 224, 3]` -> `[1000]`. He et al., arXiv:1603.05027.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnetv2_50', { numClasses: 10 })
 * ```
 */
export const resnetv2_50 = variant(
  'resnetv2_50',
  { parameters: 25_549_352, macs: 4_089_184_256, preprocessing: { crop: 0.95 } },
  resnetV2({ depths: [3, 4, 6, 3] }),
)

/** ResNet-18 v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_18 = variant(
  'resnetv2_18',
  { parameters: 11_687_720, macs: 1_814_073_344, preprocessing: { crop: 0.9 } },
  resnetV2({ depths: [2, 2, 2, 2], isBasic: true }),
)

/** ResNet-34 v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_34 = variant(
  'resnetv2_34',
  { parameters: 21_795_880, macs: 3_663_761_408, preprocessing: { crop: 0.9 } },
  resnetV2({ depths: [3, 4, 6, 3], isBasic: true }),
)

/** ResNet-101 v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_101 = variant(
  'resnetv2_101',
  { parameters: 44_541_480, macs: 7_801_405_440, preprocessing: { crop: 0.95 } },
  resnetV2({ depths: [3, 4, 23, 3] }),
)

/** ResNet-152 v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_152 = variant(
  'resnetv2_152',
  { parameters: 60_185_128, macs: 11_513_626_624 },
  resnetV2({ depths: [3, 8, 36, 3] }),
)

/** ResNet-18-D v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_18d = variant(
  'resnetv2_18d',
  { parameters: 11_706_952, macs: 2_053_713_920, preprocessing: { crop: 0.9 } },
  resnetV2({ depths: [2, 2, 2, 2], isBasic: true, deepStem: [32, 32] }),
)

/** ResNet-34-D v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_34d = variant(
  'resnetv2_34d',
  { parameters: 21_815_112, macs: 3_903_401_984, preprocessing: { crop: 0.9 } },
  resnetV2({ depths: [3, 4, 6, 3], isBasic: true, deepStem: [32, 32] }),
)

/** ResNet-50-D v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_50d = variant(
  'resnetv2_50d',
  { parameters: 25_568_584, macs: 4_328_824_832 },
  resnetV2({ depths: [3, 4, 6, 3], deepStem: [32, 32] }),
)

/** ResNet-101-D v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_101d = variant(
  'resnetv2_101d',
  { parameters: 44_560_712, macs: 8_041_046_016 },
  resnetV2({ depths: [3, 4, 23, 3], deepStem: [32, 32] }),
)

/** ResNet-152-D v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_152d = variant(
  'resnetv2_152d',
  { parameters: 60_204_360, macs: 11_753_267_200 },
  resnetV2({ depths: [3, 8, 36, 3], deepStem: [32, 32] }),
)

/** ResNet-50-T v2: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_50t = variant(
  'resnetv2_50t',
  { parameters: 25_566_048, macs: 4_297_213_952 },
  resnetV2({ depths: [3, 4, 6, 3], deepStem: [24, 32] }),
)

/**
 * BiT ResNet-50: `[224, 224, 3]` -> `[1000]`. Kolesnikov et al., arXiv:1912.11370.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnetv2_50x1_bit', { numClasses: 10 })
 * ```
 */
export const resnetv2_50x1Bit = variant(
  'resnetv2_50x1_bit',
  { ...bigTransfer, parameters: 25_549_352, macs: 4_089_184_256 },
  resnetV2({ depths: [3, 4, 6, 3], parts: weightStandardized }),
)

/** BiT ResNet-50 with three times the channels: `[448, 448, 3]` -> `[1000]`. */
export const resnetv2_50x3Bit = variant(
  'resnetv2_50x3_bit',
  {
    ...bigTransfer,
    inputs: { input: [448, 448, 3] },
    parameters: 217_319_080,
    macs: 144_310_714_368,
    preprocessing: { crop: 1, interpolation: 'bilinear' },
  },
  resnetV2({ depths: [3, 4, 6, 3], widening: 3, parts: weightStandardized }),
)

/** BiT ResNet-101: `[448, 448, 3]` -> `[1000]`. */
export const resnetv2_101x1Bit = variant(
  'resnetv2_101x1_bit',
  {
    ...bigTransfer,
    inputs: { input: [448, 448, 3] },
    parameters: 44_541_480,
    macs: 31_199_477_760,
    preprocessing: { crop: 1, interpolation: 'bilinear' },
  },
  resnetV2({ depths: [3, 4, 23, 3], parts: weightStandardized }),
)

/** BiT ResNet-101 with three times the channels: `[448, 448, 3]` -> `[1000]`. */
export const resnetv2_101x3Bit = variant(
  'resnetv2_101x3_bit',
  {
    ...bigTransfer,
    inputs: { input: [448, 448, 3] },
    parameters: 387_934_888,
    macs: 277_950_676_992,
    preprocessing: { crop: 1, interpolation: 'bilinear' },
  },
  resnetV2({ depths: [3, 4, 23, 3], widening: 3, parts: weightStandardized }),
)

/** BiT ResNet-152 with twice the channels: `[224, 224, 3]` -> `[1000]`. */
export const resnetv2_152x2Bit = variant(
  'resnetv2_152x2_bit',
  { ...bigTransfer, parameters: 236_335_208, macs: 45_814_382_592 },
  resnetV2({ depths: [3, 8, 36, 3], widening: 2, parts: weightStandardized }),
)

/** BiT ResNet-152 with four times the channels: `[480, 480, 3]` -> `[1000]`. */
export const resnetv2_152x4Bit = variant(
  'resnetv2_152x4_bit',
  {
    ...bigTransfer,
    inputs: { input: [480, 480, 3] },
    parameters: 936_533_224,
    macs: 839_254_016_000,
    preprocessing: { crop: 1, interpolation: 'bilinear' },
  },
  resnetV2({ depths: [3, 8, 36, 3], widening: 4, parts: weightStandardized }),
)
