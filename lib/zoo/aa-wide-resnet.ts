import {
  type AnySym,
  add,
  augmentedConv2d,
  batchNorm,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'aa_wide_resnet',
  task: 'image-classification',
  paper: {
    title: 'Attention Augmented Convolutional Networks',
    authors: 'Bello, Zoph, Vaswani, Shlens, Le',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.09925',
  },
  inputs: { input: [32, 32, 3] },
  numClasses: 10,
  preprocessing: 'cifar10',
})

/** A fifth of the channels from attention, keys of twice the channels, in the order of the widespread implementation. */
const augmented = (width: number, stride = 1): Layer =>
  augmentedConv2d(width, {
    kernel: 3,
    stride,
    heads: 4,
    keyChannels: 2 * width,
    valueChannels: Math.floor(width / 5),
    projectionKernel: 3,
    order: 'memory',
  }) as Layer

const block = (width: number, stride: number, projects: boolean): Layer => {
  const m = {
    bn1: batchNorm(),
    conv1: augmented(width),
    bn2: batchNorm(),
    conv2: augmented(width, stride),
    ...(projects ? { shortcut: sequential(augmented(width, stride)) } : {}),
  }
  return module(m, (x: AnySym) => {
    const y = m.conv2(relu(m.bn2(m.conv1(relu(m.bn1(x))))))
    return add(y, m.shortcut?.(x) ?? x) as AnySym
  })
}

const stage = (width: number, stride: number, depth: number) =>
  sequential(sequential(...Array.from({ length: depth }, (_, i) => block(width, i === 0 ? stride : 1, i === 0))))

/** Wide ResNet of 6 `depth` + 4 layers: `widen` times 20, 40 and 60 channels, every convolution augmented. */
const aaWideResnet =
  (depth: number, widen: number) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      conv1: augmented(20),
      layer1: stage(20 * widen, 1, depth),
      layer2: stage(40 * widen, 2, depth),
      layer3: stage(60 * widen, 2, depth),
      bn1: batchNorm(),
      avgpool: globalAvgPool(),
      linear: dense(numClasses),
    }
    return module(m, (x: AnySym) =>
      m.linear(flatten(m.avgpool(relu(m.bn1(m.layer3(m.layer2(m.layer1(m.conv1(x))) as AnySym)))))),
    )
  }

/**
 * Wide ResNet 10-2 for CIFAR-10 whose convolutions are all augmented with attention: `[32, 32, 3]` -> `[10]`. Bello et al.,
 * arXiv:1904.09925.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('aa_wide_resnet10_2', { numClasses: 100 })
 * ```
 */
export const aaWideResnet10x2 = variant(
  'aa_wide_resnet10_2',
  { parameters: 2_269_602, macs: 588_809_392 },
  aaWideResnet(1, 2),
)
