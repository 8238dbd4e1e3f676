import {
  type AnySym,
  add,
  avgPool3d,
  batchNorm,
  channelShuffle,
  concat,
  type Layer,
  maxPool3d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { clipClassifier, clipFacts, clipStem, depthwise3d, pointwise3d } from './efficient-3d.js'

/** Means of two frames stand beside frames that were halved three times. */
const variant = defineFamily({ family: 'shufflenet_3d', ...clipFacts, minInputSize: 16, inputMultiple: 16 })

const groups = 3

/** The width at which the source does not cut the first convolution into groups. */
const ungroupedWidth = 24

interface UnitOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly halves: boolean
}

/** ShuffleNet's unit: it adds its input, or where it halves the size appends the means of its input. */
const unit = ({ inChannels, outChannels, halves }: UnitOptions): Layer => {
  const m = {
    conv1: pointwise3d(Math.floor(outChannels / 4), inChannels === ungroupedWidth ? 1 : groups),
    bn1: batchNorm() as Layer,
    shuffle: channelShuffle(groups) as Layer,
    conv2: depthwise3d(halves ? 2 : 1),
    bn2: batchNorm() as Layer,
    conv3: pointwise3d(halves ? outChannels - inChannels : outChannels, groups),
    bn3: batchNorm() as Layer,
    shortcut: avgPool3d({ kernel: [2, 3, 3], stride: 2, padding: [0, 1, 1] }) as Layer,
  }
  return module(m, (x: AnySym) => {
    const filtered = m.bn2(m.conv2(m.shuffle(relu(m.bn1(m.conv1(x))))))
    const y = m.bn3(m.conv3(filtered))
    return relu(halves ? concat(y, m.shortcut(x)) : add(y, x)) as AnySym
  })
}

const stage = (inChannels: number, outChannels: number, depth: number) =>
  sequential(
    unit({ inChannels, outChannels, halves: true }),
    ...Array.from({ length: depth - 1 }, () => unit({ inChannels: outChannels, outChannels, halves: false })),
  ) as Layer

const shufflenet3d =
  (multiplier: number) =>
  <const N extends number = 600>({ numClasses = 600 as N }: ClassifierOptions<N> = {}) => {
    const m = {
      conv1: clipStem(24 * multiplier, relu),
      maxpool: maxPool3d({ kernel: 3, stride: 2, padding: 1 }) as Layer,
      layer1: stage(24 * multiplier, 240 * multiplier, 4),
      layer2: stage(240 * multiplier, 480 * multiplier, 8),
      layer3: stage(480 * multiplier, 960 * multiplier, 4),
    }
    const features = (x: AnySym) => m.layer3(m.layer2(m.layer1(m.maxpool(m.conv1(x)))))
    return clipClassifier(m, features, numClasses)
  }

/**
 * ShuffleNet of 3 groups that filters in space and time: `[16, 112, 112, 3]` -> `[600]`. Köpüklü et al., arXiv:1904.02422.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('shufflenet_3d', { numClasses: 27 })
 * ```
 */
export const shufflenet3D = variant('shufflenet_3d', { parameters: 1_521_504, macs: 187_711_104 }, shufflenet3d(1))

/** The same with half of the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const shufflenet3D050 = variant(
  'shufflenet_3d_050',
  { parameters: 545_772, macs: 71_960_832 },
  shufflenet3d(0.5),
)

/** The same with 1.5 times the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const shufflenet3D150 = variant(
  'shufflenet_3d_150',
  { parameters: 2_924_916, macs: 329_187_456 },
  shufflenet3d(1.5),
)

/** The same with twice the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const shufflenet3D200 = variant(
  'shufflenet_3d_200',
  { parameters: 4_758_888, macs: 514_453_248 },
  shufflenet3d(2),
)
