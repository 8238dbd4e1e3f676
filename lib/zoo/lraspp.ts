import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  globalAvgPool,
  identity,
  module,
  multiply,
  relu,
  resize,
  sequential,
  sigmoid,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { dilatedLarge, features } from './mobilenet-v3-body.js'

const variant = defineFamily({
  family: 'lraspp',
  task: 'semantic-segmentation',
  paper: {
    title: 'Searching for MobileNetV3',
    authors: 'Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam',
    year: 2019,
    url: 'https://arxiv.org/abs/1905.02244',
  },
  inputs: { input: [520, 520, 3] },
  minInputSize: 1,
  numClasses: 21,
  preprocessing: { crop: 1 },
})

const conv1x1 = (width: number, bias = true) => conv2d(width, { kernel: 1, bias })

const enlarge = (x: AnySym, like: AnySym): AnySym =>
  resize({ size: [like.shape[0] as number, like.shape[1] as number], mode: 'bilinear' })(x)

/** Block of the features from which the head takes what is small in the picture, at 1/8 of its size. */
const lowLayer = 4

const width = 128

/**
 * Lite reduced atrous spatial pyramid pooling on MobileNet v3 Large: `[520, 520, 3]` -> `[520, 520, 21]`. Howard et al., arXiv:1905.02244.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('lraspp_mobilenet_v3_large', { inputSize: [256, 384] })
 * ```
 */
export const lrasppMobilenetV3Large = variant(
  'lraspp_mobilenet_v3_large',
  { parameters: 3_221_538, macs: 2_086_219_688 },
  ({ numClasses = 21 }: ClassifierOptions = {}) => {
    const backbone = features(dilatedLarge, 960)
    const classifier = {
      cbr: sequential(conv1x1(width, false), batchNorm(), relu),
      // The means hold a place in the names.
      scale: sequential(identity, conv1x1(width, false), sigmoid),
      low_classifier: conv1x1(numClasses),
      high_classifier: conv1x1(numClasses),
    }
    const mean = globalAvgPool()
    return module({ backbone, classifier }, (x: AnySym) => {
      const low = backbone.slice(0, lowLayer + 1).reduce((value, layer) => layer(value), x)
      const high = backbone.slice(lowLayer + 1).reduce((value, layer) => layer(value), low)
      const weighed = multiply(classifier.cbr(high), classifier.scale(mean(high))) as AnySym
      const sum = add(classifier.low_classifier(low), classifier.high_classifier(enlarge(weighed, low)))
      return enlarge(sum as AnySym, x)
    })
  },
)
