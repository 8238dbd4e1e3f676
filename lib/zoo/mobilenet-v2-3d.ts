import { type AnySym, add, batchNorm, type Layer, module, relu6, sequential } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { clipClassifier, clipFacts, clipStem, depthwise3d, normed3d, pointwise3d } from './efficient-3d.js'
import { mobileNetV2Stages } from './inverted-residual.js'

const variant = defineFamily({ family: 'mobilenet_v2_3d', ...clipFacts })

interface BlockOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly expansion: number
  readonly stride: number
}

/** MobileNet v2's, which filters in space and time; its layers lie in one sequence. */
const block = ({ inChannels, outChannels, expansion, stride }: BlockOptions): Layer => {
  const expand = expansion === 1 ? [] : [pointwise3d(inChannels * expansion), batchNorm() as Layer, relu6 as Layer]
  const layers = [...expand, depthwise3d(stride), batchNorm() as Layer, relu6 as Layer, pointwise3d(outChannels)]
  const m = { conv: sequential(...layers, batchNorm() as Layer) as Layer }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym) => (keepsShape ? add(x, m.conv(x)) : m.conv(x)) as AnySym)
}

const blocksOf = (multiplier: number) => {
  const wide = (width: number) => Math.floor(width * multiplier)
  let inChannels = wide(32)
  return mobileNetV2Stages.flatMap(({ expansion, width, depth, stride }) =>
    Array.from({ length: depth }, (_, i) => {
      const outChannels = wide(width)
      const made = block({ inChannels, outChannels, expansion, stride: i > 0 ? 1 : stride })
      inChannels = outChannels
      return made
    }),
  )
}

const mobilenetV23d =
  (multiplier: number) =>
  <const N extends number = 600>({ numClasses = 600 as N }: ClassifierOptions<N> = {}) => {
    const stem = clipStem(Math.floor(32 * multiplier), relu6)
    const features = sequential(stem, ...blocksOf(multiplier), normed3d(pointwise3d(1280), relu6)) as Layer
    return clipClassifier({ features }, features, numClasses)
  }

/**
 * MobileNet v2 that filters in space and time: `[16, 112, 112, 3]` -> `[600]`. Köpüklü et al., arXiv:1904.02422.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobilenet_v2_3d', { numClasses: 27 })
 * ```
 */
export const mobilenetV2_3D = variant('mobilenet_v2_3d', { parameters: 3_122_648, macs: 519_047_808 }, mobilenetV23d(1))

/** The same with a fifth of the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const mobilenetV2_3D020 = variant(
  'mobilenet_v2_3d_020',
  { parameters: 964_110, macs: 54_903_164 },
  mobilenetV23d(0.2),
)

/** The same with 0.45 of the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const mobilenetV2_3D045 = variant(
  'mobilenet_v2_3d_045',
  { parameters: 1_399_834, macs: 157_963_292 },
  mobilenetV23d(0.45),
)

/** The same with 0.7 of the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const mobilenetV2_3D070 = variant(
  'mobilenet_v2_3d_070',
  { parameters: 2_049_942, macs: 295_696_572 },
  mobilenetV23d(0.7),
)
