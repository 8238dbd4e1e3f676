import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  type Layer,
  module,
  sigmoid,
  silu,
  squeezeExcite,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, invertedResidual, mobileNet, type PaddingMode, paddingOf, pointwise } from './inverted-residual.js'

const variant = defineFamily({
  family: 'efficientnet_v2_timm',
  task: 'image-classification',
  paper: {
    title: 'EfficientNetV2: Smaller Models and Faster Training',
    authors: 'Tan, Le',
    year: 2021,
    url: 'https://arxiv.org/abs/2104.00298',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

/** A plain 3 x 3 convolution, one that expands before a 1 x 1 one, or an inverted residual that weighs its channels. */
type Kind = 'plain' | 'fused' | 'gated'

/** A stage repeats its block of 3 x 3 convolutions; only the first one has the stride. */
interface Stage {
  readonly kind: Kind
  readonly expansion: number
  readonly stride: number
  readonly width: number
  readonly depth: number
}

/** How convolutions with a stride are padded, and the batch norms' eps. */
interface Conventions {
  readonly padding: PaddingMode
  readonly eps: number
}

interface BlockOptions extends Conventions, Pick<Stage, 'expansion' | 'stride'> {
  readonly inChannels: number
  readonly outChannels: number
}

const conv3x3 = (width: number, stride: number, padding: PaddingMode): Layer =>
  conv2d(width, { kernel: 3, stride, padding: paddingOf(3, padding), bias: false }) as Layer

const plainBlock = ({ inChannels, outChannels, stride, padding, eps }: BlockOptions): Layer => {
  const m = { conv: conv3x3(outChannels, stride, padding), bn1: batchNorm({ eps }) }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym): AnySym => {
    const y = silu(m.bn1(m.conv(x)) as AnySym)
    return keepsShape ? (add(y, x) as AnySym) : y
  })
}

const fusedBlock = ({ inChannels, outChannels, expansion, stride, padding, eps }: BlockOptions): Layer => {
  const m = {
    conv_exp: conv3x3(inChannels * expansion, stride, padding),
    bn1: batchNorm({ eps }),
    conv_pwl: pointwise(outChannels),
    bn2: batchNorm({ eps }),
  }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym): AnySym => {
    const y = m.bn2(m.conv_pwl(silu(m.bn1(m.conv_exp(x)) as AnySym))) as AnySym
    return keepsShape ? (add(y, x) as AnySym) : y
  })
}

const gatedBlock = ({ inChannels, outChannels, expansion, stride, padding, eps }: BlockOptions): Layer => {
  const expanded = inChannels * expansion
  const squeezed = Math.round(inChannels / 4)
  const names = ['conv_reduce', 'conv_expand'] as const
  return invertedResidual({
    inChannels,
    outChannels,
    stride,
    activation: silu,
    expand: pointwise(expanded),
    filter: depthwise(3, stride, padding),
    weigh: squeezeExcite(expanded, { squeezed, activation: silu, gate: sigmoid, names }),
    project: pointwise(outChannels),
    eps,
  }) as Layer
}

const blocks: Readonly<Record<Kind, (options: BlockOptions) => Layer>> = {
  plain: plainBlock,
  fused: fusedBlock,
  gated: gatedBlock,
}

interface Configuration {
  readonly stages: readonly Stage[]
  readonly stemWidth: number
  /** Channels of the last convolution. */
  readonly headWidth: number
  readonly round: (width: number) => number
  /** Times the blocks of a stage, rounded up. */
  readonly deepen: (stage: number) => number
  readonly conventions: Conventions
}

const efficientnetV2 =
  ({ stages, stemWidth, headWidth, round, deepen, conventions }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const stacks = stages.map(({ kind, expansion, stride, width, depth }, stage) =>
      Array.from({ length: Math.ceil(depth * deepen(stage)) }, (_, i) =>
        blocks[kind]({
          inChannels: round(i > 0 ? width : (stages[stage - 1]?.width ?? stemWidth)),
          outChannels: round(width),
          expansion,
          stride: i > 0 ? 1 : stride,
          ...conventions,
        }),
      ),
    )
    return mobileNet({
      stemWidth: round(stemWidth),
      stages: stacks,
      headWidth: round(headWidth),
      activation: silu,
      numClasses,
      ...conventions,
    })
  }

const torchLike: Conventions = { padding: 'half', eps: 1e-5 }
const tensorflowLike: Conventions = { padding: 'same', eps: 1e-3 }

const baseStages: readonly Stage[] = [
  { kind: 'plain', expansion: 1, stride: 1, width: 16, depth: 1 },
  { kind: 'fused', expansion: 4, stride: 2, width: 32, depth: 2 },
  { kind: 'fused', expansion: 4, stride: 2, width: 48, depth: 2 },
  { kind: 'gated', expansion: 4, stride: 2, width: 96, depth: 3 },
  { kind: 'gated', expansion: 6, stride: 1, width: 112, depth: 5 },
  { kind: 'gated', expansion: 6, stride: 2, width: 192, depth: 8 },
]

/** The nearest multiple of 8, however much that takes away. */
const nearestMultiple = (scale: number) => (width: number) => Math.max(8, Math.floor((width * scale + 4) / 8) * 8)

const base = (scale: number, depthScale: number) =>
  efficientnetV2({
    stages: baseStages,
    stemWidth: 32,
    headWidth: 1280,
    round: nearestMultiple(scale),
    deepen: () => depthScale,
    conventions: tensorflowLike,
  })

/**
 * EfficientNetV2-B0, padded as TensorFlow pads: `[224, 224, 3]` -> `[1000]`. Tan and Le, arXiv:2104.00298.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('tf_efficientnetv2_b0', { numClasses: 10 })
 * ```
 */
export const tfEfficientnetV2B0 = variant(
  'tf_efficientnetv2_b0',
  { parameters: 7_139_704, macs: 718_086_176 },
  base(1, 1),
)

/** EfficientNetV2-B1: `[240, 240, 3]` -> `[1000]`. */
export const tfEfficientnetV2B1 = variant(
  'tf_efficientnetv2_b1',
  { inputs: { input: [240, 240, 3] }, parameters: 8_141_052, macs: 1_196_819_360, preprocessing: { crop: 0.882 } },
  base(1, 1.1),
)

/** EfficientNetV2-B2: `[260, 260, 3]` -> `[1000]`. */
export const tfEfficientnetV2B2 = variant(
  'tf_efficientnetv2_b2',
  { inputs: { input: [260, 260, 3] }, parameters: 10_096_086, macs: 1_697_542_832, preprocessing: { crop: 0.89 } },
  base(1.1, 1.2),
)

/** EfficientNetV2-B3: `[300, 300, 3]` -> `[1000]`. */
export const tfEfficientnetV2B3 = variant(
  'tf_efficientnetv2_b3',
  {
    inputs: { input: [300, 300, 3] },
    parameters: 14_358_406,
    macs: 3_011_458_816,
    preprocessing: { preset: 'inception', crop: 0.9, fit: 'fill' },
  },
  base(1.2, 1.4),
)

const smallStages: readonly Stage[] = [
  { kind: 'plain', expansion: 1, stride: 1, width: 24, depth: 2 },
  { kind: 'fused', expansion: 4, stride: 2, width: 48, depth: 4 },
  { kind: 'fused', expansion: 4, stride: 2, width: 64, depth: 4 },
  { kind: 'gated', expansion: 4, stride: 2, width: 128, depth: 6 },
  { kind: 'gated', expansion: 6, stride: 1, width: 160, depth: 9 },
  { kind: 'gated', expansion: 6, stride: 2, width: 256, depth: 15 },
]

/** By figure 2 of the paper, before the authors' code was published: a fused first stage and a wider last one. */
const figureStages: readonly Stage[] = smallStages.map((stage, i) => ({
  ...stage,
  ...(i === 0 && { kind: 'fused' }),
  ...(i === 5 && { width: 272 }),
}))

const scaled = (scale: number) => (width: number) => roundToMultiple(width * scale, 8)

/** EfficientNetV2-T, timm's, with four fifths of the channels of S: `[288, 288, 3]` -> `[1000]`. */
export const efficientnetV2RwT = variant(
  'efficientnetv2_rw_t',
  { inputs: { input: [288, 288, 3] }, parameters: 13_649_388, macs: 3_159_953_120, preprocessing: { crop: 1 } },
  efficientnetV2({
    stages: smallStages,
    stemWidth: 24,
    headWidth: 1280,
    round: scaled(0.8),
    deepen: () => 0.9,
    conventions: torchLike,
  }),
)

/** EfficientNetV2-S in timm's form, of the paper's figure 2: `[384, 384, 3]` -> `[1000]`. */
export const efficientnetV2RwS = variant(
  'efficientnetv2_rw_s',
  { inputs: { input: [384, 384, 3] }, parameters: 23_941_296, macs: 8_640_282_112, preprocessing: { crop: 1 } },
  efficientnetV2({
    stages: figureStages,
    stemWidth: 24,
    headWidth: 1792,
    round: scaled(1),
    deepen: () => 1,
    conventions: torchLike,
  }),
)

/** EfficientNetV2-M in timm's form: `[416, 416, 3]` -> `[1000]`. */
export const efficientnetV2RwM = variant(
  'efficientnetv2_rw_m',
  { inputs: { input: [416, 416, 3] }, parameters: 53_236_442, macs: 21_332_303_888, preprocessing: { crop: 1 } },
  efficientnetV2({
    stages: figureStages,
    stemWidth: 24,
    headWidth: 1792,
    round: scaled(1.2),
    deepen: (stage) => (stage < 4 ? 1.2 : 1.6),
    conventions: torchLike,
  }),
)

/** EfficientNetV2-XL: `[512, 512, 3]` -> `[1000]`. */
export const efficientnetV2Xl = variant(
  'efficientnetv2_xl',
  { inputs: { input: [512, 512, 3] }, parameters: 208_119_808, macs: 93_353_451_520, preprocessing: { crop: 1 } },
  efficientnetV2({
    stages: [
      { kind: 'plain', expansion: 1, stride: 1, width: 32, depth: 4 },
      { kind: 'fused', expansion: 4, stride: 2, width: 64, depth: 8 },
      { kind: 'fused', expansion: 4, stride: 2, width: 96, depth: 8 },
      { kind: 'gated', expansion: 4, stride: 2, width: 192, depth: 16 },
      { kind: 'gated', expansion: 6, stride: 1, width: 256, depth: 24 },
      { kind: 'gated', expansion: 6, stride: 2, width: 512, depth: 32 },
      { kind: 'gated', expansion: 6, stride: 1, width: 640, depth: 8 },
    ],
    stemWidth: 32,
    headWidth: 1280,
    round: scaled(1),
    deepen: () => 1,
    conventions: torchLike,
  }),
)
