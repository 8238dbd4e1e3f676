import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  module,
  relu,
  sequential,
  sigmoid,
  squeezeExcite,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm as namedConvNorm, roundToMultiple } from './blocks.js'

const variant = defineFamily({
  family: 'regnet',
  task: 'image-classification',
  paper: {
    title: 'Designing Network Design Spaces',
    authors: 'Radosavovic, Kosaraju, Girshick, He, Dollar',
    year: 2020,
    url: 'https://arxiv.org/abs/2003.13678',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 224 / 232 },
})

/** A network as a point of the paper's design space. */
interface DesignPoint {
  /** Blocks: d. */
  readonly depth: number
  /** Channels of the first block: w_0. */
  readonly initialWidth: number
  /** Channels that are added per block before quantisation: w_a. */
  readonly slope: number
  /** Ratio of the widths of neighbouring stages: w_m. */
  readonly step: number
  /** Channels of a group of the 3 x 3 convolutions: g. */
  readonly groupWidth: number
  /** Whether blocks weigh their channels by squeeze and excitation, which makes a RegNetX a RegNetY; false by default. */
  readonly gated?: boolean
}

interface Stage {
  readonly width: number
  readonly depth: number
}

/** The nearest integer, the even one when in the middle, as the published widths were rounded. */
const roundToEven = (x: number): number => (x % 1 === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))

/**
 * Section 3.3 of the paper: widths on a line, quantised to the nearest power of the step and to multiples of 8; blocks of one width
 * are a stage, whose width is rounded to whole groups.
 */
const stagesOf = (point: DesignPoint, round = roundToMultiple): readonly Stage[] => {
  const { depth, initialWidth, slope, step, groupWidth } = point
  const depths = new Map<number, number>()
  for (let block = 0; block < depth; block++) {
    const power = roundToEven(Math.log((initialWidth + slope * block) / initialWidth) / Math.log(step))
    const width = 8 * roundToEven((initialWidth * step ** power) / 8)
    depths.set(width, (depths.get(width) ?? 0) + 1)
  }
  return [...depths].map(([width, depth]) => ({ width: round(width, Math.min(groupWidth, width)), depth }))
}

interface BlockOptions {
  readonly inChannels: number
  readonly width: number
  readonly stride: number
  readonly groupWidth: number
  readonly gated: boolean
}

const convNorm = (width: number, kernel: number, stride = 1, groups = 1) =>
  [conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, groups, bias: false }), batchNorm()] as const

/** A residual bottleneck that does not narrow; squeezing leaves a quarter of the block's input channels. */
const block = ({ inChannels, width, stride, groupWidth, gated }: BlockOptions) => {
  const groups = width / Math.min(groupWidth, width)
  const squeezed = Math.round(inChannels / 4)
  const f = {
    a: sequential(...convNorm(width, 1), relu),
    b: sequential(...convNorm(width, 3, stride, groups), relu),
    se: gated ? squeezeExcite(width, { squeezed, activation: relu, gate: sigmoid }) : identity,
    c: sequential(...convNorm(width, 1)),
  }
  const keepsShape = stride === 1 && inChannels === width
  const m = { proj: keepsShape ? identity : sequential(...convNorm(width, 1, stride)), f }
  return module(m, (x: AnySym) => {
    const shortcut = m.proj(x)
    return relu(add(f.c(f.se(f.b(f.a(x)))), shortcut))
  })
}

const stemWidth = 32

const regnet =
  (point: DesignPoint) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { groupWidth, gated = false } = point
    const stages = stagesOf(point)
    const blocks = stages.flatMap(({ width, depth }, stage) =>
      Array.from({ length: depth }, (_, i) => {
        const inChannels = i > 0 ? width : (stages[stage - 1]?.width ?? stemWidth)
        const layer = block({ inChannels, width, stride: i > 0 ? 1 : 2, groupWidth, gated })
        return [`block${stage + 1}.block${stage + 1}-${i}`, layer] as const
      }),
    )
    const m = {
      stem: sequential(...convNorm(stemWidth, 3, 2), relu),
      trunk_output: Object.fromEntries(blocks),
      avgpool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = blocks.reduce<AnySym>((value, [, layer]) => layer(value), m.stem(x))
      return m.fc(flatten(m.avgpool(features)))
    })
  }

/**
 * RegNetY-400MF: `[224, 224, 3]` -> `[1000]`. Radosavovic et al., arXiv:2003.13678.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('regnet_y_400mf', { numClasses: 10 })
 * ```
 */
export const regnetY400mf = variant(
  'regnet_y_400mf',
  { parameters: 4_344_144, macs: 401_842_848 },
  regnet({ depth: 16, initialWidth: 48, slope: 27.89, step: 2.09, groupWidth: 8, gated: true }),
)

/** RegNetY-800MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY800mf = variant(
  'regnet_y_800mf',
  { parameters: 6_432_512, macs: 833_856_256 },
  regnet({ depth: 14, initialWidth: 56, slope: 38.84, step: 2.4, groupWidth: 16, gated: true }),
)

/** RegNetY-1.6GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY1_6gf = variant(
  'regnet_y_1_6gf',
  { parameters: 11_202_430, macs: 1_612_076_160 },
  regnet({ depth: 27, initialWidth: 48, slope: 20.71, step: 2.65, groupWidth: 24, gated: true }),
)

/** RegNetY-3.2GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY3_2gf = variant(
  'regnet_y_3_2gf',
  { parameters: 19_436_338, macs: 3_176_482_752 },
  regnet({ depth: 21, initialWidth: 80, slope: 42.63, step: 2.66, groupWidth: 24, gated: true }),
)

/** RegNetY-8GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY8gf = variant(
  'regnet_y_8gf',
  { parameters: 39_381_472, macs: 8_473_070_592 },
  regnet({ depth: 17, initialWidth: 192, slope: 76.82, step: 2.19, groupWidth: 56, gated: true }),
)

/** RegNetY-16GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY16gf = variant(
  'regnet_y_16gf',
  { parameters: 83_590_140, macs: 15_911_510_272 },
  regnet({ depth: 18, initialWidth: 200, slope: 106.23, step: 2.48, groupWidth: 112, gated: true }),
)

/** RegNetY-32GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY32gf = variant(
  'regnet_y_32gf',
  { parameters: 145_046_770, macs: 32_279_552_832 },
  regnet({ depth: 20, initialWidth: 232, slope: 115.89, step: 2.53, groupWidth: 232, gated: true }),
)

/** RegNetY-128GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY128gf = variant(
  'regnet_y_128gf',
  { parameters: 644_812_894, macs: 127_517_815_680, preprocessing: { crop: 1, interpolation: 'bicubic' } },
  regnet({ depth: 27, initialWidth: 456, slope: 160.83, step: 2.52, groupWidth: 264, gated: true }),
)

/** RegNetX-400MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX400mf = variant(
  'regnet_x_400mf',
  { parameters: 5_495_976, macs: 413_812_608 },
  regnet({ depth: 22, initialWidth: 24, slope: 24.48, step: 2.54, groupWidth: 16 }),
)

/** RegNetX-800MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX800mf = variant(
  'regnet_x_800mf',
  { parameters: 7_259_656, macs: 799_699_712 },
  regnet({ depth: 16, initialWidth: 56, slope: 35.73, step: 2.28, groupWidth: 16 }),
)

/** RegNetX-1.6GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX1_6gf = variant(
  'regnet_x_1_6gf',
  { parameters: 9_190_136, macs: 1_602_849_792 },
  regnet({ depth: 18, initialWidth: 80, slope: 34.01, step: 2.25, groupWidth: 24 }),
)

/** RegNetX-3.2GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX3_2gf = variant(
  'regnet_x_3_2gf',
  { parameters: 15_296_552, macs: 3_176_621_952 },
  regnet({ depth: 25, initialWidth: 88, slope: 26.31, step: 2.25, groupWidth: 48 }),
)

/** RegNetX-8GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX8gf = variant(
  'regnet_x_8gf',
  { parameters: 39_572_648, macs: 7_995_132_416 },
  regnet({ depth: 23, initialWidth: 80, slope: 49.56, step: 2.88, groupWidth: 120 }),
)

/** RegNetX-16GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX16gf = variant(
  'regnet_x_16gf',
  { parameters: 54_278_536, macs: 15_940_755_456 },
  regnet({ depth: 22, initialWidth: 216, slope: 55.59, step: 2.1, groupWidth: 128 }),
)

/** RegNetX-32GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX32gf = variant(
  'regnet_x_32gf',
  { parameters: 107_811_560, macs: 31_735_929_792 },
  regnet({ depth: 23, initialWidth: 320, slope: 69.86, step: 2.0, groupWidth: 168 }),
)

/** The same block under timm's names. */
const timmBlock = ({ inChannels, width, stride, groupWidth, gated }: BlockOptions) => {
  const groups = width / Math.min(groupWidth, width)
  const squeezed = Math.round(inChannels / 4)
  const keepsShape = stride === 1 && inChannels === width
  const m = {
    conv1: namedConvNorm(width, { kernel: 1, activation: relu }),
    conv2: namedConvNorm(width, { kernel: 3, stride, groups, activation: relu }),
    se: gated ? squeezeExcite(width, { squeezed, activation: relu, gate: sigmoid }) : identity,
    conv3: namedConvNorm(width, { kernel: 1, activation: identity }),
    downsample: keepsShape ? identity : namedConvNorm(width, { kernel: 1, stride, activation: identity }),
  }
  return module(m, (x: AnySym) => relu(add(m.conv3(m.se(m.conv2(m.conv1(x)))), m.downsample(x))))
}

/** The nearest number of whole groups, however many channels that takes away, as in the paper's own networks. */
const roundToGroups = (width: number, groupWidth: number): number =>
  Math.max(groupWidth, Math.floor((width + groupWidth / 2) / groupWidth) * groupWidth)

/** The points of the design space that timm has and torchvision does not, under timm's names. */
const timmRegnet =
  (point: DesignPoint) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { groupWidth, gated = false } = point
    const stages = stagesOf(point, roundToGroups)
    const blocks = stages.map(({ width, depth }, stage) =>
      Array.from({ length: depth }, (_, i) => {
        const inChannels = i > 0 ? width : (stages[stage - 1]?.width ?? stemWidth)
        return timmBlock({ inChannels, width, stride: i > 0 ? 1 : 2, groupWidth, gated })
      }),
    )
    const named = blocks.map((layers, stage) => [
      `s${stage + 1}`,
      Object.fromEntries(layers.map((layer, i) => [`b${i + 1}`, layer])),
    ])
    const m = {
      stem: namedConvNorm(stemWidth, { kernel: 3, stride: 2, activation: relu }),
      ...(Object.fromEntries(named) as Record<string, Record<string, (x: AnySym) => AnySym>>),
      head: { global_pool: globalAvgPool(), fc: dense(numClasses) },
    }
    return module(m, (x: AnySym) => {
      const features = blocks.flat().reduce<AnySym>((value, layer) => layer(value), m.stem(x))
      return m.head.fc(flatten(m.head.global_pool(features)))
    })
  }

/** RegNetX-200MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX002 = variant(
  'regnetx_002',
  { parameters: 2_684_792, macs: 199_039_872, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 13, initialWidth: 24, slope: 36.44, step: 2.49, groupWidth: 8 }),
)

/** RegNetX-600MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX006 = variant(
  'regnetx_006',
  { parameters: 6_196_040, macs: 600_890_112, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 16, initialWidth: 48, slope: 36.97, step: 2.24, groupWidth: 24 }),
)

/** RegNetX-4GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX040 = variant(
  'regnetx_040',
  { parameters: 22_118_248, macs: 3_964_498_816, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 23, initialWidth: 96, slope: 38.65, step: 2.43, groupWidth: 40 }),
)

/** RegNetX-6.4GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX064 = variant(
  'regnetx_064',
  { parameters: 26_209_256, macs: 6_460_291_264, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 17, initialWidth: 184, slope: 60.83, step: 2.07, groupWidth: 56 }),
)

/** RegNetX-12GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetX120 = variant(
  'regnetx_120',
  { parameters: 46_106_056, macs: 12_086_678_016, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 19, initialWidth: 168, slope: 73.36, step: 2.37, groupWidth: 112 }),
)

/** RegNetY-200MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY002 = variant(
  'regnety_002',
  { parameters: 3_162_996, macs: 199_514_080, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 13, initialWidth: 24, slope: 36.44, step: 2.49, groupWidth: 8, gated: true }),
)

/** RegNetY-600MF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY006 = variant(
  'regnety_006',
  { parameters: 6_055_160, macs: 601_220_992, preprocessing: { crop: 0.875, interpolation: 'bicubic' } },
  timmRegnet({ depth: 15, initialWidth: 48, slope: 32.54, step: 2.32, groupWidth: 16, gated: true }),
)

/** RegNetY-4GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY040 = variant(
  'regnety_040',
  { parameters: 20_646_656, macs: 3_973_288_448, preprocessing: { crop: 0.95, interpolation: 'bicubic' } },
  timmRegnet({ depth: 22, initialWidth: 96, slope: 31.41, step: 2.24, groupWidth: 64, gated: true }),
)

/** RegNetY-6.4GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY064 = variant(
  'regnety_064',
  { parameters: 30_583_252, macs: 6_355_204_992, preprocessing: { crop: 0.95, interpolation: 'bicubic' } },
  timmRegnet({ depth: 25, initialWidth: 112, slope: 33.22, step: 2.27, groupWidth: 72, gated: true }),
)

/** RegNetY-12GF: `[224, 224, 3]` -> `[1000]`. */
export const regnetY120 = variant(
  'regnety_120',
  { parameters: 51_822_544, macs: 12_092_376_576, preprocessing: { crop: 0.95, interpolation: 'bicubic' } },
  timmRegnet({ depth: 19, initialWidth: 168, slope: 73.36, step: 2.37, groupWidth: 112, gated: true }),
)
