import {
  type AnySym,
  batchNorm,
  channelShuffle,
  chunk,
  concat,
  type Layer,
  maxPool3d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { clipClassifier, clipFacts, clipStem, depthwise3d, normed3d, pointwise3d } from './efficient-3d.js'

const variant = defineFamily({ family: 'shufflenet_v2_3d', ...clipFacts })

const shuffle = channelShuffle(2)

const norm = () => batchNorm() as Layer

/** Filters in space and time, and changes the channels after that. */
const filter = (width: number, stride: number) =>
  [depthwise3d(stride), norm(), pointwise3d(width), norm(), relu as Layer] as const

const branch = (width: number, stride: number) =>
  sequential(pointwise3d(width), norm(), relu as Layer, ...filter(width, stride)) as Layer

/** ShuffleNet v2's: half of the channels go through a branch, or where it halves the size all of them through two. */
const unit = (width: number, halves: boolean): Layer => {
  if (halves) {
    const m = { banch1: sequential(...filter(width / 2, 2)) as Layer, banch2: branch(width / 2, 2) }
    return module(m, (x: AnySym) => shuffle(concat(m.banch1(x), m.banch2(x)) as AnySym) as AnySym)
  }
  const m = { banch2: branch(width / 2, 1) }
  return module(m, (x: AnySym) => {
    const [kept, changed] = chunk(x, 2)
    return shuffle(concat(kept, m.banch2(changed)) as AnySym) as AnySym
  })
}

const depths = [4, 8, 4] as const

/** Channels of the three stages and of the last convolution. */
type Widths = readonly [number, number, number, number]

const shufflenetV23d =
  ([...widths]: Widths) =>
  <const N extends number = 600>({ numClasses = 600 as N }: ClassifierOptions<N> = {}) => {
    const units = depths.flatMap((depth, stage) =>
      Array.from({ length: depth }, (_, i) => unit(widths[stage] as number, i === 0)),
    )
    const m = {
      conv1: clipStem(24, relu),
      maxpool: maxPool3d({ kernel: 3, stride: 2, padding: 1 }) as Layer,
      features: sequential(...units) as Layer,
      conv_last: normed3d(pointwise3d(widths[3]), relu),
    }
    const features = (x: AnySym) => m.conv_last(m.features(m.maxpool(m.conv1(x))))
    return clipClassifier(m, features, numClasses)
  }

/**
 * ShuffleNet v2 that filters in space and time: `[16, 112, 112, 3]` -> `[600]`. Köpüklü et al., arXiv:1904.02422.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('shufflenet_v2_3d', { numClasses: 27 })
 * ```
 */
export const shufflenetV2_3D = variant(
  'shufflenet_v2_3d',
  { parameters: 1_914_180, macs: 186_537_592 },
  shufflenetV23d([116, 232, 464, 1024]),
)

/** The same with a quarter of the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const shufflenetV2_3D025 = variant(
  'shufflenet_v2_3d_025',
  { parameters: 829_656, macs: 110_465_344 },
  shufflenetV23d([32, 64, 128, 1024]),
)

/** The same with 1.5 times the channels: `[16, 112, 112, 3]` -> `[600]`. */
export const shufflenetV2_3D150 = variant(
  'shufflenet_v2_3d_150',
  { parameters: 3_161_880, macs: 280_860_832 },
  shufflenetV23d([176, 352, 704, 1024]),
)

/** The same with twice the channels, 224 in the first stage: `[16, 112, 112, 3]` -> `[600]`. */
export const shufflenetV2_3D200 = variant(
  'shufflenet_v2_3d_200',
  { parameters: 6_639_816, macs: 424_908_640 },
  shufflenetV23d([224, 488, 976, 2048]),
)
