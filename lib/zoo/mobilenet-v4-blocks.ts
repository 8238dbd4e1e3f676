/** MobileNet v4: the lines of its tables, the blocks that they stand for, and the network. Qin et al., arXiv:2404.10518. */

import {
  type AnySym,
  add,
  affine,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  layerScale,
  matmul,
  module,
  relu,
  reshape,
  sequential,
  softmax,
} from '../layers/index.js'
import type { Classifier, ClassifierOptions, FamilyFacts } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { depthwise, type Layer, pointwise } from './inverted-residual.js'

export const mobilenetV4Family: FamilyFacts = {
  family: 'mobilenet_v4',
  task: 'image-classification',
  paper: {
    title: 'MobileNetV4: Universal Models for the Mobile Ecosystem',
    authors: 'Qin, Leichner, Delakis, Fornoni, Luo, Yang, Wang, Banbury, Ye, Akin, Aggarwal, Zhu, Moro, Howard',
    year: 2024,
    url: 'https://arxiv.org/abs/2404.10518',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 0.95, interpolation: 'bicubic' },
}

/** Blocks of one shape in a row, which only the first changes. */
interface Repeated {
  readonly width: number
  readonly stride?: number
  readonly depth?: number
}

/** One full convolution. */
interface ConvLine extends Repeated {
  readonly kernel: number
}

/** A full convolution that expands, then a projection. */
interface FusedLine extends ConvLine {
  readonly expansion: number
}

/** Universal inverted bottlenecks: kernels of the depthwise convolutions before and after the expansion, 0 for none. */
interface UniversalLine extends Repeated {
  readonly start: number
  readonly middle: number
  readonly expansion: number
}

/** Attention of every pixel to all, or to those of a smaller map: several heads with one set of keys and values. */
interface AttentionLine extends Repeated {
  readonly heads: number
  /** Channels of a key, and of a value. */
  readonly headSize: number
  /** Of the 3 x 3 convolution before keys and values; there is none without it. */
  readonly keyStride?: number
}

type Line = ConvLine | FusedLine | UniversalLine | AttentionLine

export interface Configuration {
  readonly stemWidth: number
  readonly stages: readonly (readonly Line[])[]
  /** Channels, in parts of the table's. */
  readonly width?: number
  /** ReLU by default. */
  readonly activation?: Layer
  /** Scales what a block adds to its input by a learned number for each channel; false by default. */
  readonly isScaled?: boolean
}

/** The first two stages of the medium models. */
export const mediumStart: readonly (readonly Line[])[] = [
  [{ kernel: 3, expansion: 4, width: 48, stride: 2 }],
  [
    { start: 3, middle: 5, expansion: 4, width: 80, stride: 2 },
    { start: 3, middle: 3, expansion: 2, width: 80 },
  ],
]

/** The first two stages of the large models. */
export const largeStart: readonly (readonly Line[])[] = [
  [{ kernel: 3, expansion: 4, width: 48, stride: 2 }],
  [
    { start: 3, middle: 5, expansion: 4, width: 96, stride: 2 },
    { start: 3, middle: 3, expansion: 4, width: 96 },
  ],
]

/** How the third stage of the large models begins. */
export const largeThird: readonly Line[] = [
  { start: 3, middle: 5, expansion: 4, width: 192, stride: 2 },
  { start: 3, middle: 3, expansion: 4, width: 192, depth: 3 },
  { start: 3, middle: 5, expansion: 4, width: 192 },
]

/** How the fourth stage of the large models begins. */
export const largeFourth: readonly Line[] = [
  { start: 5, middle: 5, expansion: 4, width: 512, stride: 2, depth: 4 },
  { start: 5, middle: 0, expansion: 4, width: 512 },
  { start: 5, middle: 3, expansion: 4, width: 512 },
  { start: 5, middle: 0, expansion: 4, width: 512, depth: 2 },
  { start: 5, middle: 3, expansion: 4, width: 512 },
  { start: 5, middle: 5, expansion: 4, width: 512 },
]

export const lastStage: readonly Line[] = [{ kernel: 1, width: 960 }]

const headWidth = 1280

interface BlockOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly stride: number
  readonly activation: Layer
  readonly isScaled: boolean
}

const normalised = (conv: Layer, activation: Layer) => {
  const m = { conv, bn: batchNorm() }
  return module(m, (x: AnySym) => activation(m.bn(m.conv(x))))
}

const conv = (width: number, { kernel }: ConvLine, stride: number) =>
  conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, bias: false })

const convBlock = (line: ConvLine, { outChannels, stride, activation }: BlockOptions) => {
  const m = { conv: conv(outChannels, line, stride), bn1: batchNorm() }
  return module(m, (x: AnySym) => activation(m.bn1(m.conv(x))))
}

/** `y`, and the block's input where that has its shape. */
const withShortcut = (y: AnySym, x: AnySym, { inChannels, outChannels, stride }: BlockOptions) =>
  stride === 1 && inChannels === outChannels ? add(y, x) : y

const expandedBy = (expansion: number, { inChannels }: BlockOptions) => roundToMultiple(inChannels * expansion, 8)

const fusedBlock = (line: FusedLine, options: BlockOptions) => {
  const { outChannels, stride, activation } = options
  const m = {
    conv_exp: conv(expandedBy(line.expansion, options), line, stride),
    bn1: batchNorm(),
    conv_pwl: pointwise(outChannels),
    bn2: batchNorm(),
  }
  return module(m, (x: AnySym) => withShortcut(m.bn2(m.conv_pwl(activation(m.bn1(m.conv_exp(x))))), x, options))
}

const scaleOf = ({ isScaled }: BlockOptions) => {
  const m = { gamma: layerScale({ flat: true }) }
  return isScaled ? module(m, (x: AnySym) => m.gamma(x)) : identity
}

/** Filters every channel alone, expands, filters again, projects. The later of the two filters has the stride. */
const universalBlock = ({ start, middle, expansion }: UniversalLine, options: BlockOptions) => {
  const { outChannels, stride, activation } = options
  const m = {
    dw_start: start > 0 ? normalised(depthwise(start, middle > 0 ? 1 : stride), identity) : identity,
    pw_exp: normalised(pointwise(expandedBy(expansion, options)), activation),
    dw_mid: middle > 0 ? normalised(depthwise(middle, stride), activation) : identity,
    pw_proj: normalised(pointwise(outChannels), identity),
    layer_scale: scaleOf(options),
  }
  return module(m, (x: AnySym) => withShortcut(m.layer_scale(m.pw_proj(m.dw_mid(m.pw_exp(m.dw_start(x))))), x, options))
}

const rows = (width: number): Layer => reshape([-1, width], { order: 'channels-last' }) as Layer

/** Keys, or values: one row for each pixel of the smaller map. */
const attended = ({ headSize, keyStride }: AttentionLine): Layer => {
  const proj = pointwise(headSize)
  const toRows = rows(headSize)
  if (keyStride === undefined) return module({ proj }, (x: AnySym) => toRows(proj(x)))
  const m = { down_conv: depthwise(3, keyStride), norm: batchNorm(), proj }
  return module(m, (x: AnySym) => toRows(m.proj(m.norm(m.down_conv(x)))))
}

/** The heads of a pixel stand behind each other in its channels, so that they are rows of the same product. */
const multiQueryAttention = (line: AttentionLine, outChannels: number) => {
  const { heads, headSize } = line
  const [toRows, scaled] = [rows(headSize), affine({ scale: headSize ** -0.5 })]
  const m = {
    query: { proj: pointwise(heads * headSize) },
    key: attended(line),
    value: attended(line),
    output: { proj: pointwise(outChannels) },
  }
  return module(m, (x: AnySym) => {
    const [height, width] = x.shape as readonly [number, number]
    const scores = matmul(toRows(m.query.proj(x)), m.key(x), { transposeB: true }) as AnySym
    const mixed = matmul(softmax(scaled(scores)), m.value(x)) as AnySym
    return m.output.proj(reshape([height, width, heads * headSize], { order: 'channels-last' })(mixed) as AnySym)
  })
}

const attentionBlock = (line: AttentionLine, options: BlockOptions) => {
  const m = {
    norm: batchNorm(),
    attn: multiQueryAttention(line, options.outChannels),
    layer_scale: scaleOf(options),
  }
  return module(m, (x: AnySym) => withShortcut(m.layer_scale(m.attn(m.norm(x))), x, options))
}

const blockOf = (line: Line, options: BlockOptions): Layer => {
  if ('heads' in line) return attentionBlock(line, options)
  if ('start' in line) return universalBlock(line, options)
  return 'expansion' in line ? fusedBlock(line, options) : convBlock(line, options)
}

export const mobilenetV4 =
  ({ stemWidth, stages, width = 1, activation = relu, isScaled = false }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    let inChannels = stemWidth
    const blocksOf = (line: Line) =>
      Array.from({ length: line.depth ?? 1 }, (_, i) => {
        const outChannels = roundToMultiple(line.width * width, 8)
        const stride = i > 0 ? 1 : (line.stride ?? 1)
        const block = blockOf(line, { inChannels, outChannels, stride, activation, isScaled })
        inChannels = outChannels
        return block
      })
    const m = {
      conv_stem: conv2d(stemWidth, { kernel: 3, stride: 2, padding: 1, bias: false }),
      bn1: batchNorm(),
      blocks: sequential(...stages.map((lines) => sequential(...lines.flatMap(blocksOf)))),
      global_pool: globalAvgPool(),
      conv_head: pointwise(headWidth),
      norm_head: batchNorm(),
      classifier: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.blocks(activation(m.bn1(m.conv_stem(x))))
      return m.classifier(flatten(activation(m.norm_head(m.conv_head(m.global_pool(features))))))
    })
  }
