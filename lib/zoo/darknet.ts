import {
  type AnySym,
  add,
  chunk,
  concat,
  dense,
  flatten,
  globalAvgPool,
  leakyRelu,
  module,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'
import { darknet53Depths } from './darknet-body.js'

const variant = defineFamily({
  family: 'darknet',
  task: 'image-classification',
  paper: {
    title: 'YOLOv3: An Incremental Improvement',
    authors: 'Redmon, Farhadi',
    year: 2018,
    url: 'https://arxiv.org/abs/1804.02767',
  },
  inputs: { input: [256, 256, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 0.887 },
})

const activation = leakyRelu({ negativeSlope: 0.01 })
const conv = (width: number, kernel: number, stride = 1) => convNorm(width, { kernel, stride, activation })

/** Reduces by 1 x 1, restores by 3 x 3, adds the input. */
const darkBlock = (width: number, hidden: number) => {
  const m = { conv1: conv(hidden, 1), conv2: conv(width, 3) }
  return module(m, (x: AnySym) => add(m.conv2(m.conv1(x)), x))
}

interface StageOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly depth: number
}

const darkStage = ({ outChannels, depth }: StageOptions) => {
  const m = {
    conv_down: conv(outChannels, 3, 2),
    blocks: sequential(...Array.from({ length: depth }, () => darkBlock(outChannels, outChannels / 2))),
  }
  return module(m, (x: AnySym) => m.blocks(m.conv_down(x)))
}

/** One half of the channels goes through the blocks, the other past them; the first stage is twice as wide inside. */
const crossStage = ({ inChannels, outChannels, depth }: StageOptions) => {
  const isFirst = inChannels === stemWidth
  const half = isFirst ? outChannels : outChannels / 2
  const m = {
    conv_down: conv(outChannels, 3, 2),
    conv_exp: conv(2 * half, 1),
    blocks: sequential(...Array.from({ length: depth }, () => darkBlock(half, isFirst ? half / 2 : half))),
    conv_transition_b: conv(half, 1),
    conv_transition: conv(outChannels, 1),
  }
  return module(m, (x: AnySym) => {
    const [past, through] = chunk(m.conv_exp(m.conv_down(x)), 2)
    return m.conv_transition(concat(past, m.conv_transition_b(m.blocks(through))))
  })
}

const stemWidth = 32

const darknet53Of =
  (stage: (options: StageOptions) => (x: AnySym) => AnySym) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      stem: { conv1: conv(stemWidth, 3) },
      stages: sequential(
        ...darknet53Depths.map((depth, i) =>
          stage({ inChannels: stemWidth * 2 ** i, outChannels: stemWidth * 2 ** (i + 1), depth }),
        ),
      ),
      head: { global_pool: globalAvgPool(), fc: dense(numClasses) },
    }
    return module(m, (x: AnySym) => m.head.fc(flatten(m.head.global_pool(m.stages(m.stem.conv1(x))))))
  }

/**
 * Darknet-53: `[256, 256, 3]` -> `[1000]`. Redmon and Farhadi, arXiv:1804.02767.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('darknet53', { numClasses: 10 })
 * ```
 */
export const darknet53 = variant(
  'darknet53',
  { parameters: 41_609_928, macs: 9_285_115_904, preprocessing: { interpolation: 'bicubic' } },
  darknet53Of(darkStage),
)

/**
 * Darknet-53 with cross-stage partial connections: `[256, 256, 3]` -> `[1000]`. Wang et al., arXiv:1911.11929.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('cspdarknet53', { numClasses: 10 })
 * ```
 */
export const cspdarknet53 = variant(
  'cspdarknet53',
  {
    paper: {
      title: 'CSPNet: A New Backbone that can Enhance Learning Capability of CNN',
      authors: 'Wang, Liao, Yeh, Wu, Chen, Hsieh',
      year: 2019,
      url: 'https://arxiv.org/abs/1911.11929',
    },
    parameters: 27_642_184,
    macs: 6_533_652_480,
  },
  darknet53Of(crossStage),
)
