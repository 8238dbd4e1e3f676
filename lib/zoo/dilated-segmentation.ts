import {
  type AnySym,
  batchNorm,
  concat,
  conv2d,
  dropout,
  globalAvgPool,
  type Layer,
  module,
  relu,
  resize,
  sequential,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { dilatedLarge, features } from './mobilenet-v3-body.js'
import { bottleneck, type Depths, residualBody } from './residual.js'

const facts = {
  task: 'semantic-segmentation',
  inputs: { input: [520, 520, 3] },
  minInputSize: 1,
  numClasses: 21,
  preprocessing: { crop: 1 },
} as const

const fcnVariant = defineFamily({
  ...facts,
  family: 'fcn',
  paper: {
    title: 'Fully Convolutional Networks for Semantic Segmentation',
    authors: 'Long, Shelhamer, Darrell',
    year: 2014,
    url: 'https://arxiv.org/abs/1411.4038',
  },
})

const deeplabVariant = defineFamily({
  ...facts,
  family: 'deeplabv3',
  paper: {
    title: 'Rethinking Atrous Convolution for Semantic Image Segmentation',
    authors: 'Chen, Papandreou, Schroff, Adam',
    year: 2017,
    url: 'https://arxiv.org/abs/1706.05587',
  },
})

type Head = (numClasses: number) => (x: AnySym) => AnySym

const enlarge = (x: AnySym, like: AnySym): AnySym =>
  resize({ size: [like.shape[0] as number, like.shape[1] as number], mode: 'bilinear' })(x)

/** A network that reduces a picture, a head on its last map, and the picture's size again. */
const segmentation =
  (backboneOf: () => Layer, head: Head) =>
  ({ numClasses = facts.numClasses }: ClassifierOptions = {}) => {
    const m = { backbone: backboneOf(), classifier: head(numClasses) }
    return module(m, (x: AnySym) => enlarge(m.classifier(m.backbone(x)), x))
  }

/** A dilated ResNet, which reduces to 1/8. */
const resnet = (depths: Depths) => (): Layer => {
  const { children, apply } = residualBody(bottleneck, depths, { outputStride: 8 })
  return module(children, apply)
}

/** A dilated MobileNet v3, which reduces to 1/16. */
const mobilenet = () => sequential(...features(dilatedLarge, 960)) as Layer

const conv3x3 = (width: number, dilation = 1) => conv2d(width, { kernel: 3, padding: dilation, dilation, bias: false })

const fcnHead: Head = (numClasses) =>
  sequential(conv3x3(512), batchNorm(), relu, dropout({ p: 0.1 }), conv2d(numClasses, { kernel: 1 }))

const width = 256

const pointwise = () => conv2d(width, { kernel: 1, bias: false })

/** Atrous spatial pyramid pooling: one map at five distances. */
const pyramid = (dilations: readonly number[], dropRate: number) => {
  // What the whole picture says, the same for every pixel.
  const whole = sequential(globalAvgPool(), pointwise(), batchNorm(), relu)
  const branches = [
    sequential(pointwise(), batchNorm(), relu),
    ...dilations.map((dilation) => sequential(conv3x3(width, dilation), batchNorm(), relu)),
  ]
  const m = {
    convs: [...branches, whole],
    project: sequential(pointwise(), batchNorm(), relu, dropout({ p: dropRate })),
  }
  return module(m, (x: AnySym) => m.project(concat(...branches.map((branch) => branch(x)), enlarge(whole(x), x))))
}

const deeplabHead: Head = (numClasses) =>
  sequential(pyramid([12, 24, 36], 0.5), conv3x3(width), batchNorm(), relu, conv2d(numClasses, { kernel: 1 }))

/**
 * FCN on ResNet-50: `[520, 520, 3]` -> `[520, 520, 21]`. Long et al., arXiv:1411.4038.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('fcn_resnet50', { inputSize: [256, 384] })
 * ```
 */
export const fcnResnet50 = fcnVariant(
  'fcn_resnet50',
  { parameters: 32_957_013, macs: 142_725_772_800 },
  segmentation(resnet([3, 4, 6, 3]), fcnHead),
)

/** FCN on ResNet-101: `[520, 520, 3]` -> `[520, 520, 21]`. */
export const fcnResnet101 = fcnVariant(
  'fcn_resnet101',
  { parameters: 51_949_141, macs: 222_746_867_200 },
  segmentation(resnet([3, 4, 23, 3]), fcnHead),
)

/**
 * DeepLab v3 on ResNet-50: `[520, 520, 3]` -> `[520, 520, 21]`. Chen et al., arXiv:1706.05587.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('deeplabv3_resnet50', { inputSize: [256, 384] })
 * ```
 */
export const deeplabv3Resnet50 = deeplabVariant(
  'deeplabv3_resnet50',
  { parameters: 39_638_869, macs: 168_731_205_888 },
  segmentation(resnet([3, 4, 6, 3]), deeplabHead),
)

/** DeepLab v3 on ResNet-101: `[520, 520, 3]` -> `[520, 520, 21]`. */
export const deeplabv3Resnet101 = deeplabVariant(
  'deeplabv3_resnet101',
  { parameters: 58_630_997, macs: 248_752_300_288 },
  segmentation(resnet([3, 4, 23, 3]), deeplabHead),
)

/** DeepLab v3 on MobileNet v3 Large: `[520, 520, 3]` -> `[520, 520, 21]`. */
export const deeplabv3MobilenetV3Large = deeplabVariant(
  'deeplabv3_mobilenet_v3_large',
  { parameters: 11_025_477, macs: 10_436_350_688 },
  segmentation(mobilenet, deeplabHead),
)

const plusVariant = defineFamily({
  ...facts,
  family: 'deeplabv3plus',
  inputs: { input: [513, 513, 3] },
  paper: {
    title: 'Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation',
    authors: 'Chen, Zhu, Papandreou, Schroff, Adam',
    year: 2018,
    url: 'https://arxiv.org/abs/1802.02611',
  },
})

/** The pyramid over a map of 1/16 of the size, and beside it what a map of 1/4 knows of the edges. */
const deeplabPlus =
  (depths: Depths) =>
  ({ numClasses = facts.numClasses }: ClassifierOptions = {}) => {
    const { children: body } = residualBody(bottleneck, depths, { outputStride: 16 })
    const head = {
      project: sequential(conv2d(48, { kernel: 1, bias: false }), batchNorm(), relu) as Layer,
      aspp: pyramid([6, 12, 18], 0.1),
      classifier: sequential(conv3x3(width), batchNorm(), relu, conv2d(numClasses, { kernel: 1 })) as Layer,
    }
    return module({ backbone: body, classifier: head }, (x: AnySym) => {
      const edges = body.layer1(body.maxpool(relu(body.bn1(body.conv1(x))) as AnySym))
      const features = body.layer4(body.layer3(body.layer2(edges)))
      const low = head.project(edges)
      const seen = concat(low, enlarge(head.aspp(features) as AnySym, low)) as AnySym
      return enlarge(head.classifier(seen), x)
    })
  }

/**
 * DeepLab v3+ on ResNet-50: `[513, 513, 3]` -> `[513, 513, 21]`. Chen et al., arXiv:1802.02611.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('deeplabv3plus_resnet50', { inputSize: [256, 384] })
 * ```
 */
export const deeplabv3PlusResnet50 = plusVariant(
  'deeplabv3plus_resnet50',
  { parameters: 39_761_845, macs: 62_379_547_072 },
  deeplabPlus([3, 4, 6, 3]),
)

/** DeepLab v3+ on ResNet-101: `[513, 513, 3]` -> `[513, 513, 21]`. */
export const deeplabv3PlusResnet101 = plusVariant(
  'deeplabv3plus_resnet101',
  { parameters: 58_753_973, macs: 83_005_102_528 },
  deeplabPlus([3, 4, 23, 3]),
)
