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
  family: 'repvgg',
  task: 'image-classification',
  paper: {
    title: 'RepVGG: Making VGG-style ConvNets Great Again',
    authors: 'Ding, Zhang, Ma, Han, Ding, Sun',
    year: 2021,
    url: 'https://arxiv.org/abs/2101.03697',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

interface BlockOptions {
  readonly stride?: number
  readonly groups?: number
  readonly isExcited?: boolean
}

/** A 3 x 3 and a 1 x 1 convolution side by side, and the input where it has the same shape. */
const block = (inChannels: number, width: number, { stride = 1, groups = 1, isExcited = false }: BlockOptions): Layer =>
  parallelBranches(
    { conv_1x1: branch(width, { kernel: 1, stride, groups }), conv_kxk: branch(width, { kernel: 3, stride, groups }) },
    {
      hasIdentity: inChannels === width && stride === 1,
      ...(isExcited ? { attention: squeezeExcite(width) as Layer } : {}),
    },
  )

type PerStage = readonly [number, number, number, number]

interface Configuration {
  readonly depths: PerStage
  /** Times 64, 128, 256 and 512 channels. */
  readonly widening: PerStage
  /** Of every second block; 1 by default. */
  readonly groups?: number
  readonly isExcited?: boolean
}

const repvgg =
  ({ depths, widening, groups = 1, isExcited = false }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const widths = widening.map((factor, i) => factor * 2 ** (6 + i))
    const first = Math.min(64, widths[0] as number)
    const stages = widths.map((width, stage) =>
      sequential(
        block(widths[stage - 1] ?? first, width, { stride: 2, isExcited }),
        ...Array.from({ length: (depths[stage] as number) - 1 }, (_, i) =>
          block(width, width, { groups: i % 2 === 0 ? groups : 1, isExcited }),
        ),
      ),
    )
    const fc = dense(numClasses)
    const m = { stem: block(3, first, { stride: 2, isExcited }), stages: sequential(...stages), head: { fc } }
    const mean = globalAvgPool()
    return module(m, (x: AnySym) => fc(flatten(mean(m.stages(m.stem(x)) as AnySym))))
  }

/**
 * RepVGG-A0: `[224, 224, 3]` -> `[1000]`. Ding et al., arXiv:2101.03697.
 *
 * The branches are computed as one convolution; `reparameterize` merges them for good.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('repvgg_a0', { numClasses: 10 })
 * ```
 */
export const repvggA0 = variant(
  'repvgg_a0',
  { parameters: 9_108_968, macs: 1_512_581_120 },
  repvgg({ depths: [2, 4, 14, 1], widening: [0.75, 0.75, 0.75, 2.5] }),
)

/** RepVGG-A1: `[224, 224, 3]` -> `[1000]`. */
export const repvggA1 = variant(
  'repvgg_a1',
  { parameters: 14_092_264, macs: 2_626_488_320 },
  repvgg({ depths: [2, 4, 14, 1], widening: [1, 1, 1, 2.5] }),
)

/** RepVGG-A2: `[224, 224, 3]` -> `[1000]`. */
export const repvggA2 = variant(
  'repvgg_a2',
  { parameters: 28_210_600, macs: 5_685_345_280 },
  repvgg({ depths: [2, 4, 14, 1], widening: [1.5, 1.5, 1.5, 2.75] }),
)

/** RepVGG-B0: `[224, 224, 3]` -> `[1000]`. */
export const repvggB0 = variant(
  'repvgg_b0',
  { parameters: 15_817_960, macs: 3_397_191_680 },
  repvgg({ depths: [4, 6, 16, 1], widening: [1, 1, 1, 2.5] }),
)

/** RepVGG-B1: `[224, 224, 3]` -> `[1000]`. */
export const repvggB1 = variant(
  'repvgg_b1',
  { parameters: 57_415_016, macs: 13_128_089_600 },
  repvgg({ depths: [4, 6, 16, 1], widening: [2, 2, 2, 4] }),
)

/** RepVGG-B1g2: `[224, 224, 3]` -> `[1000]`. */
export const repvggB1G2 = variant(
  'repvgg_b1g2',
  { parameters: 45_782_376, macs: 9_788_375_040 },
  repvgg({ depths: [4, 6, 16, 1], widening: [2, 2, 2, 4], groups: 2 }),
)

/** RepVGG-B1g4: `[224, 224, 3]` -> `[1000]`. */
export const repvggB1G4 = variant(
  'repvgg_b1g4',
  { parameters: 39_966_056, macs: 8_118_517_760 },
  repvgg({ depths: [4, 6, 16, 1], widening: [2, 2, 2, 4], groups: 4 }),
)

/** RepVGG-B2: `[224, 224, 3]` -> `[1000]`. */
export const repvggB2 = variant(
  'repvgg_b2',
  { parameters: 89_022_376, macs: 20_418_170_880 },
  repvgg({ depths: [4, 6, 16, 1], widening: [2.5, 2.5, 2.5, 5] }),
)

/** RepVGG-B2g2: `[224, 224, 3]` -> `[1000]`. */
export const repvggB2G2 = variant(
  'repvgg_b2g2',
  { parameters: 70_846_376, macs: 15_199_866_880 },
  repvgg({ depths: [4, 6, 16, 1], widening: [2.5, 2.5, 2.5, 5], groups: 2 }),
)

/** RepVGG-B2g4: `[224, 224, 3]` -> `[1000]`. */
export const repvggB2G4 = variant(
  'repvgg_b2g4',
  { parameters: 61_758_376, macs: 12_590_714_880 },
  repvgg({ depths: [4, 6, 16, 1], widening: [2.5, 2.5, 2.5, 5], groups: 4 }),
)

/** RepVGG-B3: `[224, 224, 3]` -> `[1000]`. */
export const repvggB3 = variant(
  'repvgg_b3',
  { parameters: 123_085_288, macs: 29_120_696_320 },
  repvgg({ depths: [4, 6, 16, 1], widening: [3, 3, 3, 5] }),
)

/** RepVGG-B3g2: `[224, 224, 3]` -> `[1000]`. */
export const repvggB3G2 = variant(
  'repvgg_b3g2',
  { parameters: 96_911_848, macs: 21_606_338_560 },
  repvgg({ depths: [4, 6, 16, 1], widening: [3, 3, 3, 5], groups: 2 }),
)

/** RepVGG-B3g4: `[224, 224, 3]` -> `[1000]`. */
export const repvggB3G4 = variant(
  'repvgg_b3g4',
  { parameters: 83_825_128, macs: 17_849_159_680 },
  repvgg({ depths: [4, 6, 16, 1], widening: [3, 3, 3, 5], groups: 4 }),
)

/** RepVGG-D2 with squeeze and excitation: `[320, 320, 3]` -> `[1000]`. */
export const repvggD2se = variant(
  'repvgg_d2se',
  { inputs: { input: [320, 320, 3] }, parameters: 133_334_836, macs: 74_437_325_312, preprocessing: { crop: 1 } },
  repvgg({ depths: [8, 14, 24, 1], widening: [2.5, 2.5, 2.5, 5], isExcited: true }),
)
