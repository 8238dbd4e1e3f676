import {
  type AnySym,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  module,
  sequential,
  squeezeExcite,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { branch, parallelBranches } from './parallel-branches.js'

const variant = defineFamily({
  family: 'mobileone',
  task: 'image-classification',
  paper: {
    title: 'MobileOne: An Improved One Millisecond Mobile Backbone',
    authors: 'Vasu, Gabriel, Zhu, Tuzel, Ranjan',
    year: 2022,
    url: 'https://arxiv.org/abs/2206.04040',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 0.9 },
})

interface BlockOptions {
  readonly kernel: 1 | 3
  readonly stride?: number
  readonly groups?: number
  /** How many convolutions of `kernel` x `kernel` are side by side. */
  readonly branches: number
  readonly isExcited?: boolean
}

/** Equal convolutions side by side, beside 3 x 3 ones another of 1 x 1, and the input where it has the same shape. */
const block = (inChannels: number, width: number, options: BlockOptions): Layer => {
  const { kernel, stride = 1, groups = 1, branches, isExcited = false } = options
  return parallelBranches(
    {
      conv_kxk: Array.from({ length: branches }, () => branch(width, { kernel, stride, groups })),
      ...(kernel > 1 ? { conv_scale: branch(width, { kernel: 1, stride, groups }) } : {}),
    },
    {
      hasIdentity: inChannels === width && stride === 1,
      ...(isExcited ? { attention: squeezeExcite(width) as Layer } : {}),
    },
  )
}

type PerStage = readonly [number, number, number, number]

interface Configuration {
  /** Times 64, 128, 256 and 512 channels. */
  readonly widening: PerStage
  /** 1 by default. */
  readonly branches?: number
  /** How many of a stage's last pairs have squeeze and excitation; none by default. */
  readonly excited?: PerStage
}

const depths: PerStage = [2, 8, 10, 1]

const mobileone =
  ({ widening, branches = 1, excited = [0, 0, 0, 0] }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const widths = widening.map((factor, i) => factor * 2 ** (6 + i))
    const first = Math.min(64, widths[0] as number)
    /** A depthwise and a pointwise block. */
    const pair = (from: number, to: number, stride: number, isExcited: boolean) => [
      block(from, from, { kernel: 3, stride, groups: from, branches, isExcited }),
      block(from, to, { kernel: 1, branches, isExcited }),
    ]
    const stages = depths.map((depth, stage) => {
      const width = widths[stage] as number
      const pairs = Array.from({ length: depth }, (_, i) =>
        pair(
          i > 0 ? width : (widths[stage - 1] ?? first),
          width,
          i > 0 ? 1 : 2,
          i >= depth - (excited[stage] as number),
        ),
      )
      return sequential(...pairs.flat())
    })
    const fc = dense(numClasses)
    const stem = block(3, first, { kernel: 3, stride: 2, branches: 1 })
    const m = { stem, stages: sequential(...stages), head: { fc } }
    const mean = globalAvgPool()
    return module(m, (x: AnySym) => fc(flatten(mean(m.stages(m.stem(x)) as AnySym))))
  }

/**
 * MobileOne-S0: `[224, 224, 3]` -> `[1000]`. Vasu et al., arXiv:2206.04040.
 *
 * The branches are computed as one convolution; `reparameterize` merges them for good.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mobileone_s0', { numClasses: 10 })
 * ```
 */
export const mobileoneS0 = variant(
  'mobileone_s0',
  { parameters: 5_293_272, macs: 1_051_935_232, preprocessing: { crop: 0.875 } },
  mobileone({ widening: [0.75, 1, 1, 2], branches: 4 }),
)

/** MobileOne-S1: `[224, 224, 3]` -> `[1000]`. */
export const mobileoneS1 = variant(
  'mobileone_s1',
  { parameters: 4_825_192, macs: 830_062_080 },
  mobileone({ widening: [1.5, 1.5, 2, 2.5] }),
)

/** MobileOne-S2: `[224, 224, 3]` -> `[1000]`. */
export const mobileoneS2 = variant(
  'mobileone_s2',
  { parameters: 7_884_648, macs: 1_304_027_392 },
  mobileone({ widening: [1.5, 2, 2.5, 4] }),
)

/** MobileOne-S3: `[224, 224, 3]` -> `[1000]`. */
export const mobileoneS3 = variant(
  'mobileone_s3',
  { parameters: 10_170_600, macs: 1_902_112_768 },
  mobileone({ widening: [2, 2.5, 3, 4] }),
)

/** MobileOne-S4: `[224, 224, 3]` -> `[1000]`. */
export const mobileoneS4 = variant(
  'mobileone_s4',
  { parameters: 14_951_248, macs: 2_986_802_432 },
  mobileone({ widening: [3, 3.5, 3.5, 4], excited: [0, 0, 5, 1] }),
)
