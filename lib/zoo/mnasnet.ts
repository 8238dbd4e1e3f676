import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool,
  module,
  relu,
  sequential,
  sigmoid,
  squeezeExcite,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, mobileNet, pointwise, invertedResidual as timmInvertedResidual } from './inverted-residual.js'

const variant = defineFamily({
  family: 'mnasnet',
  task: 'image-classification',
  paper: {
    title: 'MnasNet: Platform-Aware Neural Architecture Search for Mobile',
    authors: 'Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le',
    year: 2018,
    url: 'https://arxiv.org/abs/1807.11626',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

/** MnasNet-B1, for a scale of 1: a stage repeats its block; only the first one has the stride. */
const stages = [
  { expansion: 3, kernel: 3, stride: 2, width: 24, depth: 3 },
  { expansion: 3, kernel: 5, stride: 2, width: 40, depth: 3 },
  { expansion: 6, kernel: 5, stride: 2, width: 80, depth: 3 },
  { expansion: 6, kernel: 3, stride: 1, width: 96, depth: 2 },
  { expansion: 6, kernel: 5, stride: 2, width: 192, depth: 4 },
  { expansion: 6, kernel: 3, stride: 1, width: 320, depth: 1 },
] as const

const stemWidth = 32
const separableWidth = 16

interface BlockOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly expansion: number
  readonly kernel: number
  readonly stride: number
}

/** Expands by 1 x 1, filters every channel alone, projects back without an activation; a shortcut where the shape stays. */
const invertedResidual = ({ inChannels, outChannels, expansion, kernel, stride }: BlockOptions) => {
  const m = {
    layers: sequential(
      pointwise(inChannels * expansion),
      batchNorm(),
      relu,
      depthwise(kernel, stride),
      batchNorm(),
      relu,
      pointwise(outChannels),
      batchNorm(),
    ),
  }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym) => (keepsShape ? add(m.layers(x), x) : m.layers(x)))
}

const mnasnet =
  (scale: number) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const scaled = (width: number) => roundToMultiple(width * scale, 8)
    const stacks = stages.map(({ expansion, kernel, stride, width, depth }, stage) =>
      sequential(
        ...Array.from({ length: depth }, (_, i) =>
          invertedResidual({
            inChannels: scaled(i > 0 ? width : (stages[stage - 1]?.width ?? separableWidth)),
            outChannels: scaled(width),
            expansion,
            kernel,
            stride: i > 0 ? 1 : stride,
          }),
        ),
      ),
    )
    const m = {
      layers: sequential(
        ...[conv2d(scaled(stemWidth), { kernel: 3, stride: 2, padding: 1, bias: false }), batchNorm(), relu],
        ...[depthwise(3, 1), batchNorm(), relu],
        ...[pointwise(scaled(separableWidth)), batchNorm()],
        ...stacks,
        ...[pointwise(1280), batchNorm(), relu],
      ),
      avgpool: globalAvgPool(),
      classifier: sequential(dropout({ p: 0.2 }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.layers(x)))))
  }

/**
 * MnasNet-B1 with half of the channels: `[224, 224, 3]` -> `[1000]`. Tan et al., arXiv:1807.11626.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('mnasnet0_5', { numClasses: 10 })
 * ```
 */
export const mnasnet0_5 = variant('mnasnet0_5', { parameters: 2_218_512, macs: 104_455_968 }, mnasnet(0.5))

/** MnasNet-B1 with three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const mnasnet0_75 = variant(
  'mnasnet0_75',
  { parameters: 3_170_208, macs: 215_493_104, preprocessing: { crop: 224 / 232 } },
  mnasnet(0.75),
)

/** MnasNet-B1: `[224, 224, 3]` -> `[1000]`. */
export const mnasnet1_0 = variant('mnasnet1_0', { parameters: 4_383_312, macs: 314_415_872 }, mnasnet(1))

/** MnasNet-B1 with 1.3 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const mnasnet1_3 = variant(
  'mnasnet1_3',
  { parameters: 6_282_256, macs: 526_362_432, preprocessing: { crop: 224 / 232 } },
  mnasnet(1.3),
)

/** A stage repeats its block; only the first one has the stride. */
interface TimmStage {
  readonly expansion: number
  readonly kernel: number
  readonly stride: number
  readonly width: number
  readonly depth: number
  /** Whether its blocks weigh their channels by squeeze and excitation; false by default. */
  readonly gated?: boolean
}

/** MnasNet-A1, for a scale of 1, under the names of timm; a block of no expansion filters the channels that it gets. */
const stagesA1: readonly TimmStage[] = [
  { expansion: 1, kernel: 3, stride: 1, width: 16, depth: 1 },
  { expansion: 6, kernel: 3, stride: 2, width: 24, depth: 2 },
  { expansion: 3, kernel: 5, stride: 2, width: 40, depth: 3, gated: true },
  { expansion: 6, kernel: 3, stride: 2, width: 80, depth: 4 },
  { expansion: 6, kernel: 3, stride: 1, width: 112, depth: 2, gated: true },
  { expansion: 6, kernel: 5, stride: 2, width: 160, depth: 3, gated: true },
  { expansion: 6, kernel: 3, stride: 1, width: 320, depth: 1 },
]

const stagesSmall: readonly TimmStage[] = [
  { expansion: 1, kernel: 3, stride: 1, width: 8, depth: 1 },
  { expansion: 3, kernel: 3, stride: 2, width: 16, depth: 1 },
  { expansion: 6, kernel: 3, stride: 2, width: 16, depth: 2 },
  { expansion: 6, kernel: 5, stride: 2, width: 32, depth: 4, gated: true },
  { expansion: 6, kernel: 3, stride: 1, width: 32, depth: 3, gated: true },
  { expansion: 6, kernel: 5, stride: 2, width: 88, depth: 3, gated: true },
  { expansion: 6, kernel: 3, stride: 1, width: 144, depth: 1 },
]

const timmBlock = (inChannels: number, outChannels: number, stage: Omit<TimmStage, 'width' | 'depth'>) => {
  const { expansion, kernel, stride, gated } = stage
  const expanded = inChannels * expansion
  const squeezed = Math.round(inChannels / 4)
  const names = ['conv_reduce', 'conv_expand'] as const
  return timmInvertedResidual({
    inChannels,
    outChannels,
    stride,
    activation: relu,
    ...(expansion > 1 && { expand: pointwise(expanded) }),
    filter: depthwise(kernel, stride),
    ...(gated && { weigh: squeezeExcite(expanded, { squeezed, activation: relu, gate: sigmoid, names }) }),
    project: pointwise(outChannels),
  })
}

const timmMnasnet =
  (stages: readonly TimmStage[], stem: number, scale = 1) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const scaled = (width: number) => roundToMultiple(width * scale, 8)
    const blocks = stages.map(({ width, depth, ...stage }, i) =>
      Array.from({ length: depth }, (_, block) =>
        block > 0
          ? timmBlock(scaled(width), scaled(width), { ...stage, stride: 1 })
          : timmBlock(scaled(stages[i - 1]?.width ?? stem), scaled(width), stage),
      ),
    )
    return mobileNet({ stemWidth: scaled(stem), stages: blocks, headWidth: 1280, activation: relu, numClasses })
  }

/**
 * MnasNet-A1, which weighs channels by squeeze and excitation: `[224, 224, 3]` -> `[1000]`. Tan et al., arXiv:1807.11626.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('semnasnet_100', { numClasses: 10 })
 * ```
 */
export const semnasnet100 = variant(
  'semnasnet_100',
  { parameters: 3_887_038, macs: 311_579_072, preprocessing: { interpolation: 'bicubic' } },
  timmMnasnet(stagesA1, stemWidth),
)

/** MnasNet-A1 with half of the channels: `[224, 224, 3]` -> `[1000]`. */
export const semnasnet050 = variant(
  'semnasnet_050',
  { parameters: 2_082_006, macs: 103_162_992, preprocessing: { interpolation: 'bicubic' } },
  timmMnasnet(stagesA1, stemWidth, 0.5),
)

/** MnasNet-A1 with three quarters of the channels: `[224, 224, 3]` -> `[1000]`. */
export const semnasnet075 = variant(
  'semnasnet_075',
  { parameters: 2_912_278, macs: 223_448_480, preprocessing: { interpolation: 'bicubic' } },
  timmMnasnet(stagesA1, stemWidth, 0.75),
)

/** MnasNet-A1 with 1.4 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const semnasnet140 = variant(
  'semnasnet_140',
  { parameters: 6_105_992, macs: 586_317_952, preprocessing: { interpolation: 'bicubic' } },
  timmMnasnet(stagesA1, stemWidth, 1.4),
)

/** MnasNet-small: `[224, 224, 3]` -> `[1000]`. */
export const mnasnetSmall = variant(
  'mnasnet_small',
  { parameters: 2_030_264, macs: 68_339_184, preprocessing: { interpolation: 'bicubic' } },
  timmMnasnet(stagesSmall, 8),
)
