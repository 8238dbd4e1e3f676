/** The body of the residual networks, He et al., arXiv:1512.03385, and in what their variants differ from it. */

import {
  type AnySym,
  add,
  avgPool2d,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import type { Classifier, ClassifierOptions } from './architecture.js'

/** What a block is told: channels of its stage's 3 x 3 convolutions, and whether its input has another shape than its output. */
export interface BlockOptions {
  readonly width: number
  readonly stride: number
  readonly project: boolean
  /** Between the taps of the 3 x 3 convolutions; 1 by default. */
  readonly dilation?: number
}

/** Makes one block. */
export interface Block {
  (options: BlockOptions): Layer
  /** Channels of the block's output, in parts of its stage's width. */
  readonly expansion: number
}

/** In what the blocks of the variants differ. */
export interface BlockStyle {
  /** The 3 x 3 convolution that has the stride; without bias by default. */
  readonly filter?: (width: number, stride: number, dilation?: number) => Layer
  /** Brings a block's input to the shape of its output, of `width` channels; a 1 x 1 convolution with the stride by default. */
  readonly shortcut?: (width: number, stride: number) => Layer
  /** Halves the size after the 3 x 3 convolution and its activation, instead of the convolution's stride. */
  readonly antialias?: () => Layer
  /** Weighs what a block makes before its input is added. */
  readonly attention?: (channels: number) => Layer
  /** The child that it is; `se` by default. */
  readonly attentionName?: string
}

const conv1x1 = (width: number, stride = 1) => conv2d(width, { kernel: 1, stride, bias: false })

/** Keeps the size, but for its stride; no bias. */
export const conv3x3 = (width: number, stride = 1, groups = 1) =>
  conv2d(width, { kernel: 3, stride, padding: 1, groups, bias: false })

/** The paper's option B. */
export const projection = (width: number, stride: number) => sequential(conv1x1(width, stride), batchNorm())

/** The mean of 2 x 2 pixels, at an odd edge of those that there are; nothing at stride 1. */
export const averageBefore = (stride: number): Layer =>
  stride > 1 ? avgPool2d({ kernel: 2, ceil: true, countIncludePad: false }) : identity

/** Averages where `projection` skips pixels: He et al., Bag of Tricks, arXiv:1812.01187. */
export const averagedProjection = (width: number, stride: number) =>
  sequential(averageBefore(stride), conv1x1(width), batchNorm())

/** Where a block's stride is: in its 3 x 3 convolution, or in a layer behind it. */
const halving = (stride: number, antialias?: () => Layer) =>
  antialias && stride > 1 ? { stride: 1, aa: antialias() } : { stride, aa: identity }

const plain3x3 = (width: number, stride: number): Layer => conv3x3(width, stride)

/** Two 3 x 3 convolutions, of which the first has the stride, and a shortcut past them. */
export const basicBlockOf = (style: BlockStyle = {}): Block => {
  const { filter = plain3x3, shortcut = projection, antialias } = style
  const { attention = () => identity, attentionName = 'se' } = style
  const block = ({ width, stride, project }: BlockOptions) => {
    const half = halving(stride, antialias)
    const attend = attention(width)
    const m = {
      conv1: filter(width, half.stride),
      bn1: batchNorm(),
      aa: half.aa,
      conv2: conv3x3(width),
      bn2: batchNorm(),
      [attentionName]: attend,
      downsample: project ? shortcut(width, stride) : identity,
    }
    return module(m, (x: AnySym) => {
      const hidden = m.aa(relu(m.bn1(m.conv1(x))))
      return relu(add(attend(m.bn2(m.conv2(hidden))), m.downsample(x)))
    })
  }
  return Object.assign(block, { expansion: 1 })
}

export const basicBlock = basicBlockOf()

interface BottleneckStyle extends BlockStyle {
  /** Channels of the 3 x 3 convolution, in parts of the stage's width; 1 by default. */
  readonly widening?: number
  readonly groups?: number
  /** Channels that the 3 x 3 convolution reads, in parts of those that it writes; 1 by default. */
  readonly narrowing?: number
}

const bottleneckExpansion = 4

/** Four times the stage's width goes in and out; the 3 x 3 convolution, not the first, has the stride. */
export const bottleneckOf = (style: BottleneckStyle = {}): Block => {
  const { widening = 1, groups = 1, narrowing = 1, shortcut = projection, antialias } = style
  const { attention = () => identity, attentionName = 'se' } = style
  const grouped = (inner: number, stride: number, dilation = 1): Layer =>
    conv2d(inner, { kernel: 3, stride, padding: dilation, dilation, groups, bias: false })
  const { filter = grouped } = style
  const block = ({ width, stride, project, dilation = 1 }: BlockOptions) => {
    const inner = width * widening
    const outer = width * bottleneckExpansion
    const half = halving(stride, antialias)
    const attend = attention(outer)
    const m = {
      conv1: conv1x1(inner * narrowing),
      bn1: batchNorm(),
      conv2: filter(inner, half.stride, dilation),
      bn2: batchNorm(),
      aa: half.aa,
      conv3: conv1x1(outer),
      bn3: batchNorm(),
      [attentionName]: attend,
      downsample: project ? shortcut(outer, stride) : identity,
    }
    return module(m, (x: AnySym) => {
      const narrow = relu(m.bn1(m.conv1(x)))
      const hidden = m.aa(relu(m.bn2(m.conv2(narrow))))
      return relu(add(attend(m.bn3(m.conv3(hidden))), m.downsample(x)))
    })
  }
  return Object.assign(block, { expansion: bottleneckExpansion })
}

export const bottleneck = bottleneckOf()

/** `depth` blocks, of which the first alone may change the shape; `dilation` is that of the others. */
export const residualStage = (block: Block, depth: number, first: BlockOptions, dilation = 1) =>
  sequential(
    block(first),
    ...Array.from({ length: depth - 1 }, () => block({ ...first, stride: 1, project: false, dilation })),
  )

/** Three 3 x 3 convolutions in the place of the 7 x 7 one; the batch norm and activation of the last are the body's own. */
export const deepStem = (first: number, second: number, last: number) => () =>
  sequential(conv3x3(first, 2), batchNorm(), relu, conv3x3(second), batchNorm(), relu, conv3x3(last))

/** How many blocks each of the four stages has. */
export type Depths = readonly [number, number, number, number]

export interface BodyOptions {
  /** The first convolution, which halves the size; 7 x 7 to 64 channels by default. */
  readonly stem?: () => Layer
  /** Halves the size again; by the largest of 3 x 3 pixels by default. */
  readonly pool?: () => Layer
  /** What follows a stage, from its channels, and how the children are called before their number; only the first three have one. */
  readonly behind?: { readonly name: string; readonly layer: (channels: number) => Layer }
  /** How far the network reduces a picture; at 16 its last stage is dilated instead, at 8 its last two. 32 by default. */
  readonly outputStride?: 8 | 16 | 32
}

const stem7x7 = () => conv2d(64, { kernel: 7, stride: 2, padding: 3, bias: false })

const maxPool = () => maxPool2d({ kernel: 3, stride: 2, padding: 1 })

/** The network up to its last map, 1/32 of the size by default: torchvision's children, and the function that applies them. */
export const residualBody = (block: Block, depths: Depths, options: BodyOptions = {}) => {
  const { stem = stem7x7, pool = maxPool, behind, outputStride = 32 } = options
  const [isDilated, isLastDilated] = [outputStride === 8, outputStride < 32]
  const children = {
    conv1: stem(),
    bn1: batchNorm(),
    maxpool: pool(),
    layer1: residualStage(block, depths[0], { width: 64, stride: 1, project: block.expansion > 1 }),
    layer2: residualStage(block, depths[1], { width: 128, stride: 2, project: true }),
    layer3: residualStage(
      block,
      depths[2],
      { width: 256, stride: isDilated ? 1 : 2, project: true },
      isDilated ? 2 : 1,
    ),
    layer4: residualStage(
      block,
      depths[3],
      { width: 512, stride: isLastDilated ? 1 : 2, project: true, dilation: isDilated ? 2 : 1 },
      isDilated ? 4 : isLastDilated ? 2 : 1,
    ),
  }
  const followers = [64, 128, 256].map((width) => behind?.layer(width * block.expansion) ?? identity)
  const named = behind ? followers.map((layer, i) => [`${behind.name}${i + 1}`, layer] as const) : []
  const apply = (x: AnySym): AnySym => {
    const reduced = children.maxpool(relu(children.bn1(children.conv1(x))))
    const stages = [children.layer1, children.layer2, children.layer3]
    const beforeLast = stages.reduce((value, stage, i) => (followers[i] as Layer)(stage(value)), reduced)
    return children.layer4(beforeLast)
  }
  return { children: { ...children, ...Object.fromEntries(named) }, apply }
}

/** A residual body, the mean of its last map, and a dense layer; to `classes` where the user does not say. */
export const residualClassifier =
  <const D extends number = 1000>(block: Block, depths: Depths, options: BodyOptions = {}, classes = 1000 as D) =>
  <const N extends number = D>({ numClasses = classes as number as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const body = residualBody(block, depths, options)
    const m = { ...body.children, avgpool: globalAvgPool(), fc: dense(numClasses) }
    return module(m, (x: AnySym) => m.fc(flatten(m.avgpool(body.apply(x)))))
  }
