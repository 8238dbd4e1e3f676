import {
  type AnySym,
  adaptiveAvgPool2d,
  batchNorm,
  concat,
  conv2d,
  type Layer,
  maxPool2d,
  module,
  relu,
  resize,
  sequential,
  spatialDropout,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { bottleneck, conv3x3, type Depths, residualStage } from './residual.js'

const variant = defineFamily({
  family: 'pspnet',
  task: 'semantic-segmentation',
  paper: {
    title: 'Pyramid Scene Parsing Network',
    authors: 'Zhao, Shi, Qi, Wang, Jia',
    year: 2016,
    url: 'https://arxiv.org/abs/1612.01105',
  },
  inputs: { input: [473, 473, 3] },
  minInputSize: 1,
  numClasses: 21,
  preprocessing: 'imagenet',
})

const enlarge = (x: AnySym, like: AnySym): AnySym =>
  resize({ size: [like.shape[0] as number, like.shape[1] as number], mode: 'bilinear', alignCorners: true })(x)

/** Means of the picture cut into so many parts along each side. */
const bins = [1, 2, 3, 6]

const pyramid = () => {
  const features = bins.map(
    (bin) => sequential(adaptiveAvgPool2d(bin), conv2d(512, { kernel: 1, bias: false }), batchNorm(), relu) as Layer,
  )
  return module({ features }, (x: AnySym) => concat(x, ...features.map((layer) => enlarge(layer(x), x))) as AnySym)
}

/** A ResNet with three 3 x 3 convolutions before it and dilated ones in its last two stages, and the pyramid. */
const pspnet =
  (depths: Depths) =>
  ({ numClasses = 21 }: ClassifierOptions = {}) => {
    const stage = (i: 0 | 1 | 2 | 3, stride: number, dilation: number) =>
      residualStage(bottleneck, depths[i], { width: 64 * 2 ** i, stride, project: true, dilation }, dilation) as Layer
    const normed = (width: number, stride = 1) => [conv3x3(width, stride), batchNorm(), relu] as const
    const pool = maxPool2d({ kernel: 3, stride: 2, padding: 1 })
    const m = {
      layer0: sequential(...normed(64, 2), ...normed(64), ...normed(128), pool) as Layer,
      layer1: stage(0, 1, 1),
      layer2: stage(1, 2, 1),
      layer3: stage(2, 1, 2),
      layer4: stage(3, 1, 4),
      ppm: pyramid(),
      cls: sequential(
        conv3x3(512),
        batchNorm(),
        relu,
        spatialDropout({ p: 0.1 }),
        conv2d(numClasses, { kernel: 1 }),
      ) as Layer,
    }
    return module(m, (x: AnySym) => enlarge(m.cls(m.ppm(m.layer4(m.layer3(m.layer2(m.layer1(m.layer0(x))))))), x))
  }

/**
 * PSPNet on ResNet-50: `[473, 473, 3]` -> `[473, 473, 21]`. Zhao et al., arXiv:1612.01105.
 *
 * Sizes are best a multiple of 8 and one more, so that the corners of all maps meet.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('pspnet_resnet50', { numClasses: 19, inputSize: 713 })
 * ```
 */
export const pspnetResnet50 = variant(
  'pspnet_resnet50',
  { parameters: 46_716_373, macs: 161_637_065_920 },
  pspnet([3, 4, 6, 3]),
)

/** PSPNet on ResNet-101: `[473, 473, 3]` -> `[473, 473, 21]`. */
export const pspnetResnet101 = variant(
  'pspnet_resnet101',
  { parameters: 65_708_501, macs: 229_820_720_320 },
  pspnet([3, 4, 23, 3]),
)
