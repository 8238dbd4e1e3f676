import { augmentedConv2d, type Layer } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { basicBlockOf, bottleneckOf, conv3x3, residualClassifier } from './residual.js'

const variant = defineFamily({
  family: 'aa_resnet',
  task: 'image-classification',
  paper: {
    title: 'Attention Augmented Convolutional Networks',
    authors: 'Bello, Zoph, Vaswani, Shlens, Le',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.09925',
  },
  inputs: { input: [224, 224, 3] },
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const heads = 8
const leastKeysPerHead = 20

/** Channels of the first stage, whose maps are too large for attention between all pixels. */
const plainWidth = 64

const toHeads = (channels: number) => heads * Math.round(channels / heads)

/** Parts of the channels: of queries and keys, the paper's kappa, and of values, its upsilon. */
interface Shares {
  readonly keys: number
  readonly values: number
}

/** The 3 x 3 convolution of a block, augmented with attention in all stages but the first. */
const augmented =
  ({ keys, values }: Shares) =>
  (width: number, stride: number): Layer =>
    width === plainWidth
      ? conv3x3(width, stride)
      : (augmentedConv2d(width, {
          kernel: 3,
          stride,
          heads,
          keyChannels: toHeads(Math.max(heads * leastKeysPerHead, keys * width)),
          valueChannels: toHeads(values * width),
        }) as Layer)

const basicBlock = basicBlockOf({ filter: augmented({ keys: 0.25, values: 0.25 }) })
const bottleneck = bottleneckOf({ filter: augmented({ keys: 0.2, values: 0.1 }) })

/**
 * AA-ResNet-34, whose blocks augment their first convolution: `[224, 224, 3]` -> `[1000]`. Bello et al., arXiv:1904.09925.
 *
 * Logits of relative positions bind the network to its published size. A quarter of the channels for keys and for values comes nearest
 * to the 20.7 million parameters of the paper.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('aa_resnet34', { numClasses: 10 })
 * ```
 */
export const aaResnet34 = variant(
  'aa_resnet34',
  { parameters: 20_758_192, macs: 3_599_536_128 },
  residualClassifier(basicBlock, [3, 4, 6, 3]),
)

/** AA-ResNet-50: `[224, 224, 3]` -> `[1000]`. */
export const aaResnet50 = variant(
  'aa_resnet50',
  { parameters: 25_789_968, macs: 4_201_791_744 },
  residualClassifier(bottleneck, [3, 4, 6, 3]),
)

/** AA-ResNet-101: `[224, 224, 3]` -> `[1000]`. */
export const aaResnet101 = variant(
  'aa_resnet101',
  { parameters: 45_377_504, macs: 8_025_115_136 },
  residualClassifier(bottleneck, [3, 4, 23, 3]),
)

/** AA-ResNet-152: `[224, 224, 3]` -> `[1000]`. */
export const aaResnet152 = variant(
  'aa_resnet152',
  { parameters: 61_586_448, macs: 11_900_169_984 },
  residualClassifier(bottleneck, [3, 8, 36, 3]),
)
