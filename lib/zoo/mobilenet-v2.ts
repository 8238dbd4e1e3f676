import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAvgPool,
  module,
  relu6,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { mobileNetV2Stages } from './inverted-residual.js'

const variant = defineFamily({
  family: 'mobilenet_v2',
  task: 'image-classification',
  paper: {
    title: 'MobileNetV2: Inverted Residuals and Linear Bottlenecks',
    authors: 'Sandler, Howard, Zhu, Zhmoginov, Chen',
    year: 2018,
    url: 'https://arxiv.org/abs/1801.04381',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const pointwise = (width: number) => conv2d(width, { kernel: 1, bias: false })
const depthwise = (stride: number) => depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false })
const normRelu6 = (conv: (x: AnySym) => AnySym) => sequential(conv, batchNorm(), relu6)

interface InvertedResidualOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly expansion: number
  readonly stride: number
}

/** Expands by 1 x 1, filters every channel alone, projects back without an activation; a shortcut where the shape stays. */
const invertedResidual = ({ inChannels, outChannels, expansion, stride }: InvertedResidualOptions) => {
  const expand = expansion === 1 ? [] : [normRelu6(pointwise(inChannels * expansion))]
  const m = { conv: sequential(...expand, normRelu6(depthwise(stride)), pointwise(outChannels), batchNorm()) }
  const keepsShape = stride === 1 && inChannels === outChannels
  return module(m, (x: AnySym) => (keepsShape ? add(x, m.conv(x)) : m.conv(x)))
}

const stemWidth = 32

const invertedResiduals = () =>
  mobileNetV2Stages.flatMap(({ expansion, width, depth, stride }, stage) =>
    Array.from({ length: depth }, (_, i) =>
      invertedResidual({
        inChannels: i > 0 ? width : (mobileNetV2Stages[stage - 1]?.width ?? stemWidth),
        outChannels: width,
        expansion,
        stride: i > 0 ? 1 : stride,
      }),
    ),
  )

/**
 * MobileNet v2: `[224, 224, 3]` -> `[1000]`. Sandler et al., arXiv:1801.04381.
 *
 * ```ts
 * import { mobilenetV2, model } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, mobilenetV2({ numClasses: 10 }))
 * ```
 */
export const mobilenetV2 = variant(
  'mobilenet_v2',
  { parameters: 3_504_872, macs: 300_774_272 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(
        normRelu6(conv2d(stemWidth, { kernel: 3, stride: 2, padding: 1, bias: false })),
        ...invertedResiduals(),
        normRelu6(pointwise(1280)),
      ),
      avgpool: globalAvgPool(),
      classifier: sequential(dropout({ p: 0.2 }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  },
)
