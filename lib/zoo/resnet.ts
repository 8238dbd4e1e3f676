import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'resnet',
  task: 'image-classification',
  paper: {
    title: 'Deep Residual Learning for Image Recognition',
    authors: 'He, Zhang, Ren, Sun',
    year: 2015,
    url: 'https://arxiv.org/abs/1512.03385',
  },
  inputShape: [224, 224, 3],
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

/** What a block is told: channels of its stage's 3 x 3 convolutions, and whether its input has another shape than its output. */
interface BlockOptions {
  readonly width: number
  readonly stride: number
  readonly project: boolean
}

type Block = (options: BlockOptions) => (x: AnySym) => AnySym

const conv1x1 = (width: number, stride = 1) => conv2d(width, { kernel: 1, stride, bias: false })
const conv3x3 = (width: number, stride = 1, groups = 1) =>
  conv2d(width, { kernel: 3, stride, padding: 1, groups, bias: false })

const shortcut = (width: number, { stride, project }: BlockOptions): ((x: AnySym) => AnySym) =>
  project ? sequential(conv1x1(width, stride), batchNorm()) : identity

const basicBlock: Block = (options) => {
  const { width, stride } = options
  const m = {
    conv1: conv3x3(width, stride),
    bn1: batchNorm(),
    conv2: conv3x3(width),
    bn2: batchNorm(),
    downsample: shortcut(width, options),
  }
  return module(m, (x: AnySym) => {
    const hidden = relu(m.bn1(m.conv1(x)))
    return relu(add(m.bn2(m.conv2(hidden)), m.downsample(x)))
  })
}

interface BottleneckOptions {
  /** Channels of the 3 x 3 convolution, in parts of the stage's width. */
  readonly widening: number
  readonly groups: number
}

/** Four times the stage's width goes in and out; the 3 x 3 convolution, not the first, has the stride. */
const bottleneckOf =
  ({ widening, groups }: BottleneckOptions): Block =>
  (options) => {
    const { width, stride } = options
    const inner = width * widening
    const m = {
      conv1: conv1x1(inner),
      bn1: batchNorm(),
      conv2: conv3x3(inner, stride, groups),
      bn2: batchNorm(),
      conv3: conv1x1(4 * width),
      bn3: batchNorm(),
      downsample: shortcut(4 * width, options),
    }
    return module(m, (x: AnySym) => {
      const reduced = relu(m.bn1(m.conv1(x)))
      const hidden = relu(m.bn2(m.conv2(reduced)))
      return relu(add(m.bn3(m.conv3(hidden)), m.downsample(x)))
    })
  }

const bottleneck = bottleneckOf({ widening: 1, groups: 1 })
const wideBottleneck = bottleneckOf({ widening: 2, groups: 1 })
const bottleneck32x4 = bottleneckOf({ widening: 2, groups: 32 })
const bottleneck32x8 = bottleneckOf({ widening: 4, groups: 32 })
const bottleneck64x4 = bottleneckOf({ widening: 4, groups: 64 })

const stage = (block: Block, depth: number, first: BlockOptions) =>
  sequential(block(first), ...Array.from({ length: depth - 1 }, () => block({ ...first, stride: 1, project: false })))

type Depths = readonly [number, number, number, number]

const resnet =
  (block: Block, depths: Depths) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: conv2d(64, { kernel: 7, stride: 2, padding: 3, bias: false }),
      bn1: batchNorm(),
      maxpool: maxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      layer1: stage(block, depths[0], { width: 64, stride: 1, project: block !== basicBlock }),
      layer2: stage(block, depths[1], { width: 128, stride: 2, project: true }),
      layer3: stage(block, depths[2], { width: 256, stride: 2, project: true }),
      layer4: stage(block, depths[3], { width: 512, stride: 2, project: true }),
      avgpool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const stem = m.maxpool(relu(m.bn1(m.conv1(x))))
      const features = m.layer4(m.layer3(m.layer2(m.layer1(stem))))
      return m.fc(flatten(m.avgpool(features)))
    })
  }

/**
 * ResNet-18: `[224, 224, 3]` -> `[1000]`. He et al., arXiv:1512.03385.
 *
 * ```ts
 * import { model, resnet18 } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, resnet18({ numClasses: 10 }))
 * ```
 */
export const resnet18 = variant(
  'resnet18',
  { parameters: 11_689_512, macs: 1_814_073_344 },
  resnet(basicBlock, [2, 2, 2, 2]),
)

/** ResNet-34: `[224, 224, 3]` -> `[1000]`. */
export const resnet34 = variant(
  'resnet34',
  { parameters: 21_797_672, macs: 3_663_761_408 },
  resnet(basicBlock, [3, 4, 6, 3]),
)

/** ResNet-50: `[224, 224, 3]` -> `[1000]`. */
export const resnet50 = variant(
  'resnet50',
  { parameters: 25_557_032, macs: 4_089_184_256 },
  resnet(bottleneck, [3, 4, 6, 3]),
)

/** ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const resnet101 = variant(
  'resnet101',
  { parameters: 44_549_160, macs: 7_801_405_440 },
  resnet(bottleneck, [3, 4, 23, 3]),
)

/** ResNet-152: `[224, 224, 3]` -> `[1000]`. */
export const resnet152 = variant(
  'resnet152',
  { parameters: 60_192_808, macs: 11_513_626_624 },
  resnet(bottleneck, [3, 8, 36, 3]),
)

const resnext = {
  family: 'resnext',
  paper: {
    title: 'Aggregated Residual Transformations for Deep Neural Networks',
    authors: 'Xie, Girshick, Dollar, Tu, He',
    year: 2016,
    url: 'https://arxiv.org/abs/1611.05431',
  },
} as const

/**
 * ResNeXt-50 with 32 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. Xie et al., arXiv:1611.05431.
 *
 * ```ts
 * import { model, resnext50_32x4d } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, resnext50_32x4d({ numClasses: 10 }))
 * ```
 */
export const resnext50_32x4d = variant(
  'resnext50_32x4d',
  { ...resnext, parameters: 25_028_904, macs: 4_230_479_872 },
  resnet(bottleneck32x4, [3, 4, 6, 3]),
)

/** ResNeXt-101 with 32 groups of 8 channels: `[224, 224, 3]` -> `[1000]`. */
export const resnext101_32x8d = variant(
  'resnext101_32x8d',
  { ...resnext, parameters: 88_791_336, macs: 16_414_015_488 },
  resnet(bottleneck32x8, [3, 4, 23, 3]),
)

/** ResNeXt-101 with 64 groups of 4 channels: `[224, 224, 3]` -> `[1000]`. */
export const resnext101_64x4d = variant(
  'resnext101_64x4d',
  { ...resnext, parameters: 83_455_272, macs: 15_460_270_080 },
  resnet(bottleneck64x4, [3, 4, 23, 3]),
)

const wideResnet = {
  family: 'wide_resnet',
  paper: {
    title: 'Wide Residual Networks',
    authors: 'Zagoruyko, Komodakis',
    year: 2016,
    url: 'https://arxiv.org/abs/1605.07146',
  },
} as const

/**
 * Wide ResNet-50, whose 3 x 3 convolutions have twice the channels: `[224, 224, 3]` -> `[1000]`. Zagoruyko and Komodakis, arXiv:1605.07146.
 *
 * ```ts
 * import { model, wideResnet50_2 } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, wideResnet50_2({ numClasses: 10 }))
 * ```
 */
export const wideResnet50_2 = variant(
  'wide_resnet50_2',
  { ...wideResnet, parameters: 68_883_240, macs: 11_398_021_120 },
  resnet(wideBottleneck, [3, 4, 6, 3]),
)

/** Wide ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const wideResnet101_2 = variant(
  'wide_resnet101_2',
  { ...wideResnet, parameters: 126_886_696, macs: 22_753_050_624 },
  resnet(wideBottleneck, [3, 4, 23, 3]),
)
