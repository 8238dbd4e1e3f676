import { bam, cbam, identity } from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { basicBlockOf, bottleneckOf, conv3x3, residualClassifier } from './residual.js'

const facts = {
  task: 'image-classification',
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
} as const

const cbamVariant = defineFamily({
  ...facts,
  family: 'cbam_resnet',
  paper: {
    title: 'CBAM: Convolutional Block Attention Module',
    authors: 'Woo, Park, Lee, Kweon',
    year: 2018,
    url: 'https://arxiv.org/abs/1807.06521',
  },
})

const bamVariant = defineFamily({
  ...facts,
  family: 'bam_resnet',
  paper: {
    title: 'BAM: Bottleneck Attention Module',
    authors: 'Park, Woo, Lee, Kweon',
    year: 2018,
    url: 'https://arxiv.org/abs/1807.06514',
  },
})

const cifar = { inputs: { input: [32, 32, 3] }, numClasses: 10, preprocessing: 'cifar10' } as const

/** Pictures of 32 x 32 pixels are not reduced before the first stage. */
const smallStem = { stem: () => conv3x3(64), pool: () => identity }

const everyBlock = { attention: (channels: number) => cbam(channels), attentionName: 'cbam' }
const [cbamBasic, cbamBottleneck] = [basicBlockOf(everyBlock), bottleneckOf(everyBlock)]
const [basic, bottleneck] = [basicBlockOf(), bottleneckOf()]
const betweenStages = { behind: { name: 'bam', layer: (channels: number) => bam(channels) } }

/**
 * ResNet-18 with CBAM in every block: `[224, 224, 3]` -> `[1000]`. Woo et al., arXiv:1807.06521.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('cbam_resnet18', { numClasses: 10 })
 * ```
 */
export const cbamResnet18 = cbamVariant(
  'cbam_resnet18',
  { parameters: 11_779_392, macs: 1_815_063_764 },
  residualClassifier(cbamBasic, [2, 2, 2, 2]),
)

/** ResNet-34 with CBAM: `[224, 224, 3]` -> `[1000]`. */
export const cbamResnet34 = cbamVariant(
  'cbam_resnet34',
  { parameters: 21_960_468, macs: 3_665_434_742 },
  residualClassifier(cbamBasic, [3, 4, 6, 3]),
)

/** ResNet-50 with CBAM: `[224, 224, 3]` -> `[1000]`. */
export const cbamResnet50 = cbamVariant(
  'cbam_resnet50',
  { parameters: 28_089_624, macs: 4_095_573_110 },
  residualClassifier(cbamBottleneck, [3, 4, 6, 3]),
)

/** ResNet-101 with CBAM: `[224, 224, 3]` -> `[1000]`. */
export const cbamResnet101 = cbamVariant(
  'cbam_resnet101',
  { parameters: 49_330_172, macs: 7_812_577_278 },
  residualClassifier(cbamBottleneck, [3, 4, 23, 3]),
)

/** ResNet-152 with CBAM: `[224, 224, 3]` -> `[1000]`. */
export const cbamResnet152 = cbamVariant(
  'cbam_resnet152',
  { parameters: 66_826_848, macs: 11_529_025_510 },
  residualClassifier(cbamBottleneck, [3, 8, 36, 3]),
)

/** ResNet-18 with CBAM for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const cbamResnet18Cifar = cbamVariant(
  'cbam_resnet18_cifar',
  { ...cifar, parameters: 11_263_842, macs: 555_863_360 },
  residualClassifier(cbamBasic, [2, 2, 2, 2], smallStem, 10),
)

/** ResNet-50 with CBAM for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const cbamResnet50Cifar = cbamVariant(
  'cbam_resnet50_cifar',
  { ...cifar, parameters: 26_053_434, macs: 1_303_303_520 },
  residualClassifier(cbamBottleneck, [3, 4, 6, 3], smallStem, 10),
)

/**
 * ResNet-18 with BAM behind its first three stages: `[224, 224, 3]` -> `[1000]`. Park et al., arXiv:1807.06514.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('bam_resnet18', { numClasses: 10 })
 * ```
 */
export const bamResnet18 = bamVariant(
  'bam_resnet18',
  { parameters: 11_712_503, macs: 1_819_224_000 },
  residualClassifier(basic, [2, 2, 2, 2], betweenStages),
)

/** ResNet-34 with BAM: `[224, 224, 3]` -> `[1000]`. */
export const bamResnet34 = bamVariant(
  'bam_resnet34',
  { parameters: 21_820_663, macs: 3_668_912_064 },
  residualClassifier(basic, [3, 4, 6, 3], betweenStages),
)

/** ResNet-50 with BAM: `[224, 224, 3]` -> `[1000]`. */
export const bamResnet50 = bamVariant(
  'bam_resnet50',
  { parameters: 25_915_099, macs: 4_171_331_328 },
  residualClassifier(bottleneck, [3, 4, 6, 3], betweenStages),
)

/** ResNet-101 with BAM: `[224, 224, 3]` -> `[1000]`. */
export const bamResnet101 = bamVariant(
  'bam_resnet101',
  { parameters: 44_907_227, macs: 7_883_552_512 },
  residualClassifier(bottleneck, [3, 4, 23, 3], betweenStages),
)

/** ResNet-152 with BAM: `[224, 224, 3]` -> `[1000]`. */
export const bamResnet152 = bamVariant(
  'bam_resnet152',
  { parameters: 60_550_875, macs: 11_595_773_696 },
  residualClassifier(bottleneck, [3, 8, 36, 3], betweenStages),
)

/** ResNet-18 with BAM for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const bamResnet18Cifar = bamVariant(
  'bam_resnet18_cifar',
  { ...cifar, parameters: 11_196_953, macs: 557_111_808 },
  residualClassifier(basic, [2, 2, 2, 2], { ...betweenStages, ...smallStem }, 10),
)

/** ResNet-50 with BAM for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const bamResnet50Cifar = bamVariant(
  'bam_resnet50_cifar',
  { ...cifar, parameters: 23_878_909, macs: 1_324_769_280 },
  residualClassifier(bottleneck, [3, 4, 6, 3], { ...betweenStages, ...smallStem }, 10),
)
