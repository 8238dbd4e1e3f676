import { type AnySym, batchNorm, conv2d, maxPool2dWithIndices, maxUnpool2d, module, relu } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'segnet',
  task: 'semantic-segmentation',
  paper: {
    title: 'SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation',
    authors: 'Badrinarayanan, Kendall, Cipolla',
    year: 2015,
    url: 'https://arxiv.org/abs/1511.00561',
  },
  inputs: { input: [352, 480, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  numClasses: 12,
  preprocessing: { preset: 'unit', fit: 'fill', channelOrder: 'bgr', scale: 1 },
})

/** Output channels of the convolutions on the way down, VGG-16's, by stage. */
const encoderWidths = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
]

/** The same on the way up, from the coarsest stage; the last convolution of all makes the classes. */
const decoderWidths = [[64], [128, 64], [256, 256, 128], [512, 512, 256], [512, 512, 512]]

const conv3x3 = (width: number) => conv2d(width, { kernel: 3, padding: 1 })
const convNorm = (width: number) => ({ conv: conv3x3(width), bn: batchNorm() })
type ConvNorm = ReturnType<typeof convNorm>

const through = (layers: readonly ConvNorm[], x: AnySym): AnySym =>
  layers.reduce((value, { conv, bn }) => relu(bn(conv(value))), x)

/** The children of a stage, `conv<stage><place><suffix>` and `bn...`. */
const named = (layers: readonly ConvNorm[], nameOf: (i: number) => string) =>
  layers.map(({ conv, bn }, i) => ({ [`conv${nameOf(i)}`]: conv, [`bn${nameOf(i)}`]: bn }))

const halve = maxPool2dWithIndices({ kernel: 2 })
const restore = maxUnpool2d({ kernel: 2 })

/**
 * SegNet, which puts what it enlarges where the maxima of the way down were: `[352, 480, 3]` -> `[352, 480, 12]`, logits.
 * Badrinarayanan et al., arXiv:1511.00561.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('segnet', { numClasses: 5 })
 * ```
 */
export const segnet = variant(
  'segnet',
  { parameters: 29_449_932, macs: 104_230_748_160 },
  <const N extends number = 12>({ numClasses = 12 as N }: ClassifierOptions<N> = {}) => {
    const encoders = encoderWidths.map((widths) => widths.map(convNorm))
    const decoders = decoderWidths.map((widths) => widths.map(convNorm))
    const classify = conv3x3(numClasses)
    const children = [
      ...encoders.flatMap((layers, stage) => named(layers, (i) => `${stage + 1}${i + 1}`)),
      ...decoders.flatMap((layers, stage) =>
        named(layers, (i) => `${stage + 1}${(encoderWidths[stage]?.length ?? 0) - i}d`),
      ),
    ]
    return module(Object.assign({ conv11d: classify }, ...children), (x: AnySym) => {
      const indices: AnySym[] = []
      const coarsest = encoders.reduce((value, layers) => {
        const [pooled, places] = halve(through(layers, value))
        indices.push(places)
        return pooled
      }, x)
      const restored = decoders.reduceRight((value, layers, stage) => {
        return through(layers, restore(value, indices[stage] as AnySym))
      }, coarsest)
      return classify(restored)
    })
  },
)
