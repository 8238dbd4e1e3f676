import {
  type AnySym,
  add,
  avgPool2d,
  batchNorm,
  channelShuffle,
  concat,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  maxPool2d,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { stagesOfUnits } from './blocks.js'

const variant = defineFamily({
  family: 'shufflenet_v1',
  task: 'image-classification',
  paper: {
    title: 'ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices',
    authors: 'Zhang, Zhou, Lin, Sun',
    year: 2017,
    url: 'https://arxiv.org/abs/1707.01083',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

interface UnitOptions {
  readonly inChannels: number
  readonly outChannels: number
  /** Of the 1 x 1 convolutions. */
  readonly groups: number
  /** Of the very first one, whose input is narrow. */
  readonly firstGroups: number
  readonly stride: 1 | 2
}

const grouped = (width: number, groups: number) => conv2d(width, { kernel: 1, groups, bias: false })

/** The paper's figure 2: at stride 1 the input is added, at stride 2 its means stand behind the result. */
const unit = ({ inChannels, outChannels, groups, firstGroups, stride }: UnitOptions) => {
  const reduced = Math.floor(outChannels / 4)
  const m = {
    compress_conv1: grouped(reduced, firstGroups),
    compress_bn1: batchNorm(),
    c_shuffle: channelShuffle(groups),
    dw_conv2: depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false }),
    dw_bn2: batchNorm(),
    expand_conv3: grouped(stride === 2 ? outChannels - inChannels : outChannels, groups),
    expand_bn3: batchNorm(),
    avgpool: avgPool2d({ kernel: 3, stride: 2, padding: 1 }),
  }
  return module(m, (x: AnySym) => {
    const shuffled = m.c_shuffle(relu(m.compress_bn1(m.compress_conv1(x)))) as AnySym
    const y = m.expand_bn3(m.expand_conv3(m.dw_bn2(m.dw_conv2(shuffled))))
    return relu(stride === 2 ? concat(y, m.avgpool(x)) : add(y, x))
  })
}

const depths = [4, 8, 4]

interface Configuration {
  readonly groups: number
  /** Channels of the first of three stages; each next one has twice as many. */
  readonly firstWidth: number
  /** The paper's scale factor of all channels. */
  readonly scale?: number
  /** Channels of the first convolution; 24 times the scale by default. */
  readonly stemWidth?: number
}

const shufflenetV1 =
  ({ groups, firstWidth, scale = 1, stemWidth = 24 * scale }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    let inChannels = stemWidth
    const stem = { conv: conv2d(inChannels, { kernel: 3, stride: 2, padding: 1, bias: false }), bn: batchNorm() }
    const pool = maxPool2d({ kernel: 3, stride: 2, padding: 1 })
    const stages = depths.map((depth, stage) =>
      Array.from({ length: depth }, (_, i) => {
        const outChannels = firstWidth * 2 ** stage * scale
        const firstGroups = stage === 0 && i === 0 ? 1 : groups
        const made = unit({ inChannels, outChannels, groups, firstGroups, stride: i === 0 ? 2 : 1 })
        inChannels = outChannels
        return made
      }),
    )
    const children = {
      init_block: module(stem, (x: AnySym) => pool(relu(stem.bn(stem.conv(x))))),
      ...stagesOfUnits(stages),
    }
    const m = {
      features: module(children, (x: AnySym) =>
        stages.flat().reduce<AnySym>((value, layer) => layer(value), children.init_block(x)),
      ),
      pool: globalAvgPool(),
      output: dense(numClasses),
    }
    return module(m, (x: AnySym) => m.output(flatten(m.pool(m.features(x)))))
  }

/**
 * ShuffleNet v1 with 1 group: `[224, 224, 3]` -> `[1000]`. Zhang et al., arXiv:1707.01083.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('shufflenet_g1_w1', { numClasses: 10 })
 * ```
 */
export const shufflenetV1_g1_w1 = variant(
  'shufflenet_g1_w1',
  { parameters: 1_531_936, macs: 143_078_976 },
  shufflenetV1({ groups: 1, firstWidth: 144 }),
)

/** ShuffleNet v1 with 2 groups: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g2_w1 = variant(
  'shufflenet_g2_w1',
  { parameters: 1_733_848, macs: 140_836_512 },
  shufflenetV1({ groups: 2, firstWidth: 200 }),
)

/** ShuffleNet v1 with 3 groups: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g3_w1 = variant(
  'shufflenet_g3_w1',
  { parameters: 1_865_728, macs: 137_460_672 },
  shufflenetV1({ groups: 3, firstWidth: 240 }),
)

/** ShuffleNet v1 with 4 groups: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g4_w1 = variant(
  'shufflenet_g4_w1',
  { parameters: 1_968_344, macs: 134_339_776 },
  shufflenetV1({ groups: 4, firstWidth: 272 }),
)

/** ShuffleNet v1 with 8 groups: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g8_w1 = variant(
  'shufflenet_g8_w1',
  { parameters: 2_434_768, macs: 138_365_952 },
  shufflenetV1({ groups: 8, firstWidth: 384 }),
)

/** ShuffleNet v1 with 3 groups and 1.5 times the channels behind the first convolution: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g3_w3d2 = variant(
  'shufflenet_g3_w3d2',
  { parameters: 3_442_168, macs: 292_443_552 },
  shufflenetV1({ groups: 3, firstWidth: 240, scale: 1.5, stemWidth: 24 }),
)

/** ShuffleNet v1 with 3 groups and twice the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g3_w2 = variant(
  'shufflenet_g3_w2',
  { parameters: 5_450_776, macs: 524_045_184 },
  shufflenetV1({ groups: 3, firstWidth: 240, scale: 2 }),
)

/** ShuffleNet v1 with 1 group and three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g1_w3d4 = variant(
  'shufflenet_g1_w3d4',
  { parameters: 975_214, macs: 82_542_672 },
  shufflenetV1({ groups: 1, firstWidth: 144, scale: 0.75 }),
)

/** ShuffleNet v1 with 3 groups and three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g3_w3d4 = variant(
  'shufflenet_g3_w3d4',
  { parameters: 1_238_266, macs: 79_740_144 },
  shufflenetV1({ groups: 3, firstWidth: 240, scale: 0.75 }),
)

/** ShuffleNet v1 with 1 group and half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g1_wd2 = variant(
  'shufflenet_g1_wd2',
  { parameters: 534_484, macs: 38_517_408 },
  shufflenetV1({ groups: 1, firstWidth: 144, scale: 0.5 }),
)

/** ShuffleNet v1 with 3 groups and half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g3_wd2 = variant(
  'shufflenet_g3_wd2',
  { parameters: 718_324, macs: 37_589_856 },
  shufflenetV1({ groups: 3, firstWidth: 240, scale: 0.5 }),
)

/** ShuffleNet v1 with 1 group and a quarter of the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g1_wd4 = variant(
  'shufflenet_g1_wd4',
  { parameters: 209_746, macs: 11_003_184 },
  shufflenetV1({ groups: 1, firstWidth: 144, scale: 0.25 }),
)

/** ShuffleNet v1 with 3 groups and a quarter of the channels: `[224, 224, 3]` -> `[1000]`. */
export const shufflenetV1_g3_wd4 = variant(
  'shufflenet_g3_wd4',
  { parameters: 305_902, macs: 11_009_808 },
  shufflenetV1({ groups: 3, firstWidth: 240, scale: 0.25 }),
)
