import { type AnySym, batchNorm, type Layer, module, relu, sequential } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { clipClassifier, clipFacts, clipStem, depthwise3d, pointwise3d } from './efficient-3d.js'

const variant = defineFamily({ family: 'mobilenet_3d', ...clipFacts })

/** A depthwise convolution of space and time, then one by 1 x 1 x 1. */
const block = (width: number, stride: number): Layer => {
  const m = {
    conv1: depthwise3d(stride),
    bn1: batchNorm(),
    conv2: pointwise3d(width),
    bn2: batchNorm(),
  }
  return module(m, (x: AnySym) => relu(m.bn2(m.conv2(relu(m.bn1(m.conv1(x)))))) as AnySym)
}

/** Channels and strides of the blocks, MobileNet v1's without its last halving. */
const lines = [
  { width: 64, stride: 2 },
  { width: 128, stride: 2 },
  { width: 128, stride: 1 },
  { width: 256, stride: 2 },
  { width: 256, stride: 1 },
  { width: 512, stride: 2 },
  ...Array.from({ length: 5 }, () => ({ width: 512, stride: 1 })),
  { width: 1024, stride: 1 },
  { width: 1024, stride: 1 },
]

const mobilenet3d =
  (multiplier: number) =>
  <const N extends number = 600>({ numClasses = 600 as N }: ClassifierOptions<N> = {}) => {
    const wide = (width: number) => Math.floor(width * multiplier)
    const blocks = lines.map(({ width, stride }) => block(wide(width), stride))
    const features: Layer = sequential(clipStem(wide(32), relu), ...blocks)
    return clipClassifier({ features }, features, numClasses)
  }

/**
 * MobileNet with depthwise convolutions of space and time: `[16, 112, 112, 3]` -> `[600]`. Köpüklü et al., arXiv:1904.02422.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenet_3d', { numClasses: 27 })
 * ```
 */
export const mobilenet3D = variant('mobilenet_3d', { parameters: 3_912_984, macs: 233_030_912 }, mobilenet3d(1))

/** The same with half of the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const mobilenet3D050 = variant('mobilenet_3d_050', { parameters: 1_171_896, macs: 94_020_224 }, mobilenet3d(0.5))

/** The same with 1.5 times the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const mobilenet3D150 = variant(
  'mobilenet_3d_150',
  { parameters: 8_223_864, macs: 417_032_064 },
  mobilenet3d(1.5),
)

/** The same with twice the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const mobilenet3D200 = variant('mobilenet_3d_200', { parameters: 14_104_536, macs: 646_023_680 }, mobilenet3d(2))
