import {
  type AnySym,
  add,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  hardSigmoid,
  identity,
  module,
  multiply,
  relu,
  resize,
  sequential,
  sigmoid,
  slice,
  squeezeExcite,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'

const variant = defineFamily({
  family: 'ghostnet',
  task: 'image-classification',
  paper: {
    title: 'GhostNet: More Features from Cheap Operations',
    authors: 'Han, Wang, Tian, Guo, Xu, Xu',
    year: 2019,
    url: 'https://arxiv.org/abs/1911.11907',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

/** A row of the paper's table 1. */
interface Row {
  readonly kernel: number
  readonly expanded: number
  readonly width: number
  readonly stride?: number
  readonly squeeze?: boolean
}

const stages: readonly (readonly Row[])[] = [
  [{ kernel: 3, expanded: 16, width: 16 }],
  [{ kernel: 3, expanded: 48, width: 24, stride: 2 }],
  [{ kernel: 3, expanded: 72, width: 24 }],
  [{ kernel: 5, expanded: 72, width: 40, stride: 2, squeeze: true }],
  [{ kernel: 5, expanded: 120, width: 40, squeeze: true }],
  [{ kernel: 3, expanded: 240, width: 80, stride: 2 }],
  [
    { kernel: 3, expanded: 200, width: 80 },
    { kernel: 3, expanded: 184, width: 80 },
    { kernel: 3, expanded: 184, width: 80 },
    { kernel: 3, expanded: 480, width: 112, squeeze: true },
    { kernel: 3, expanded: 672, width: 112, squeeze: true },
  ],
  [{ kernel: 5, expanded: 672, width: 160, stride: 2, squeeze: true }],
  [
    { kernel: 5, expanded: 960, width: 160 },
    { kernel: 5, expanded: 960, width: 160, squeeze: true },
    { kernel: 5, expanded: 960, width: 160 },
    { kernel: 5, expanded: 960, width: 160, squeeze: true },
  ],
]

const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })
const depthwise = (kernel: number, stride = 1) =>
  depthwiseConv2d({ kernel, stride, padding: (kernel - 1) / 2, bias: false })

const ghostLayers = (width: number, activation: (x: AnySym) => AnySym) => ({
  primary_conv: sequential(pointwise(Math.ceil(width / 2)), batchNorm(), activation),
  cheap_operation: sequential(depthwise(3), batchNorm(), activation),
})

const ghostOf = (m: ReturnType<typeof ghostLayers>, width: number, x: AnySym): AnySym => {
  const primary = m.primary_conv(x)
  return slice(concat(primary, m.cheap_operation(primary)), { end: width }) as AnySym
}

/** Half of the channels by 1 x 1, the other half out of them by a depthwise convolution. */
const ghost = (width: number, activation: (x: AnySym) => AnySym) => {
  const m = ghostLayers(width, activation)
  return module(m, (x: AnySym) => ghostOf(m, width, x))
}

/** Filters every channel alone along the rows, then along the columns. */
const lines = (kernel: readonly [number, number]) =>
  depthwiseConv2d({ kernel, padding: [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2], bias: false })

/** GhostNet v2's: every element is weighed by what a row and a column of the halved input make of it. */
const attentiveGhost = (width: number, activation: (x: AnySym) => AnySym) => {
  const m = {
    ...ghostLayers(width, activation),
    short_conv: sequential(pointwise(width), batchNorm(), lines([1, 5]), batchNorm(), lines([5, 1]), batchNorm()),
  }
  const half = avgPool2d({ kernel: 2 })
  return module(m, (x: AnySym) => {
    const enlarge = resize({ size: [x.shape[0] as number, x.shape[1] as number] })
    return multiply(ghostOf(m, width, x), enlarge(sigmoid(m.short_conv(half(x)))) as AnySym) as AnySym
  })
}

const weigh = (channels: number) =>
  squeezeExcite(channels, {
    squeezed: roundToMultiple(channels / 4, 4),
    activation: relu,
    gate: hardSigmoid,
    names: ['conv_reduce', 'conv_expand'],
  })

/** Ghost modules expand and project; between them a depthwise convolution halves the size where there is a stride. */
const bottleneck = (inChannels: number, row: Row, attends: boolean) => {
  const { kernel, expanded, width, stride = 1, squeeze = false } = row
  const keepsShape = stride === 1 && inChannels === width
  const reduction = { conv_dw: depthwise(kernel, stride), bn_dw: batchNorm() }
  const m = {
    ghost1: attends ? attentiveGhost(expanded, relu) : ghost(expanded, relu),
    ...(stride > 1 && reduction),
    ...(squeeze && { se: weigh(expanded) }),
    ghost2: ghost(width, identity),
    shortcut: keepsShape ? identity : sequential(depthwise(kernel, stride), batchNorm(), pointwise(width), batchNorm()),
  }
  return module(m, (x: AnySym) => {
    const expandedX = m.ghost1(x)
    const reduced = stride > 1 ? reduction.bn_dw(reduction.conv_dw(expandedX)) : expandedX
    return add(m.ghost2(m.se ? m.se(reduced) : reduced), m.shortcut(x))
  })
}

const headWidth = 1280

interface Configuration {
  /** Channels, in parts of those of the table, rounded to multiples of 4. */
  readonly scale: number
  /** Whether all blocks but the first two expand with attention, which makes a GhostNet v2; false by default. */
  readonly attends?: boolean
}

const ghostnet =
  ({ scale, attends = false }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const scaled = (channels: number) => roundToMultiple(channels * scale, 4)
    let inChannels = scaled(16)
    const blocks = stages.map((rows, stage) =>
      sequential(
        ...rows.map((row) => {
          const width = scaled(row.width)
          const scaledRow = { ...row, width, expanded: scaled(row.expanded) }
          const block = bottleneck(inChannels, scaledRow, attends && stage > 1)
          inChannels = width
          return block
        }),
      ),
    )
    const last = { conv: pointwise(scaled(960)), bn1: batchNorm() }
    const m = {
      conv_stem: conv2d(scaled(16), { kernel: 3, stride: 2, padding: 1, bias: false }),
      bn1: batchNorm(),
      blocks: sequential(...blocks, sequential(module(last, (x: AnySym) => relu(last.bn1(last.conv(x)))))),
      global_pool: globalAvgPool(),
      conv_head: conv2d(headWidth, { kernel: 1 }),
      classifier: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.blocks(relu(m.bn1(m.conv_stem(x))))
      return m.classifier(flatten(relu(m.conv_head(m.global_pool(features)))))
    })
  }

/**
 * GhostNet with half of the channels: `[224, 224, 3]` -> `[1000]`. Han et al., arXiv:1911.11907.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ghostnet_050', { numClasses: 10 })
 * ```
 */
export const ghostnet050 = variant(
  'ghostnet_050',
  { parameters: 2_587_292, macs: 42_328_152 },
  ghostnet({ scale: 0.5 }),
)

/** GhostNet: `[224, 224, 3]` -> `[1000]`. */
export const ghostnet100 = variant('ghostnet_100', { parameters: 5_182_508, macs: 141_150_512 }, ghostnet({ scale: 1 }))

/** GhostNet with 1.3 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const ghostnet130 = variant(
  'ghostnet_130',
  { parameters: 7_358_820, macs: 227_003_256 },
  ghostnet({ scale: 1.3 }),
)

const v2 = {
  minInputSize: 33,
  paper: {
    title: 'GhostNetV2: Enhance Cheap Operation with Long-Range Attention',
    authors: 'Tang, Han, Guo, Xu, Xu, Wang',
    year: 2022,
    url: 'https://arxiv.org/abs/2211.12905',
  },
} as const

/** GhostNet v2: `[224, 224, 3]` -> `[1000]`. Tang et al., arXiv:2211.12905. */
export const ghostnetV2_100 = variant(
  'ghostnetv2_100',
  { ...v2, parameters: 6_156_908, macs: 167_048_288 },
  ghostnet({ scale: 1, attends: true }),
)

/** GhostNet v2 with 1.3 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const ghostnetV2_130 = variant(
  'ghostnetv2_130',
  { ...v2, parameters: 8_960_404, macs: 269_322_976 },
  ghostnet({ scale: 1.3, attends: true }),
)

/** GhostNet v2 with 1.6 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const ghostnetV2_160 = variant(
  'ghostnetv2_160',
  { ...v2, parameters: 12_392_698, macs: 398_607_224 },
  ghostnet({ scale: 1.6, attends: true }),
)
