import {
  type AnySym,
  avgPool2d,
  conv2d,
  dropout,
  flatten,
  globalAvgPool,
  identity,
  maxPool2d,
  module,
  relu,
  type Sym,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { stagesOfUnits } from './blocks.js'

const variant = defineFamily({
  family: 'network_in_network',
  task: 'image-classification',
  paper: {
    title: 'Network In Network',
    authors: 'Lin, Chen, Yan',
    year: 2013,
    url: 'https://arxiv.org/abs/1312.4400',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 1,
  numClasses: 10,
  preprocessing: 'cifar10',
})

type Layer = (x: AnySym) => AnySym

/** A convolution, then a small network over the channels of every pixel. */
interface MlpConv {
  /** What comes before it. */
  readonly before?: Layer
  readonly kernel: number
  readonly stride?: number
  /** Half of the kernel by default, which keeps the size. */
  readonly padding?: number
  /** Of all its layers. */
  readonly widths: readonly number[]
}

const cifar: readonly MlpConv[] = [
  { kernel: 5, widths: [192, 160, 96] },
  {
    before: sequential(maxPool2d({ kernel: 3, stride: 2, padding: 1 }), dropout()),
    kernel: 5,
    widths: [192, 192, 192],
  },
  {
    before: sequential(avgPool2d({ kernel: 3, stride: 2, padding: 1 }), dropout()),
    kernel: 3,
    widths: [192, 192],
  },
]

const halve = maxPool2d({ kernel: 3, stride: 2, ceil: true })

const imagenet: readonly MlpConv[] = [
  { kernel: 11, stride: 4, padding: 0, widths: [96, 96, 96] },
  { before: halve, kernel: 5, widths: [256, 256, 256] },
  { before: halve, kernel: 3, widths: [384, 384, 384] },
  { before: sequential(halve, dropout()), kernel: 3, widths: [1024, 1024] },
]

const convRelu = (conv: Layer): Layer => module({ conv }, (x: AnySym) => relu(conv(x)))

const pointwise = (width: number): Layer => convRelu(conv2d(width, { kernel: 1 }))

const layersOf = ({ kernel, stride = 1, padding = (kernel - 1) / 2, widths: [first = 0, ...others] }: MlpConv) => [
  convRelu(conv2d(first, { kernel, stride, padding })),
  ...others.map(pointwise),
]

/** The last layer of the last stage has one map for every class, whose mean is the logit. */
const networkInNetwork =
  <const Published extends number>(stages: readonly MlpConv[], published: Published) =>
  <const N extends number = Published>({
    numClasses = published as number as N,
  }: ClassifierOptions<N> = {}): Classifier<N> => {
    const units = stages.map(layersOf)
    const m = {
      features: stagesOfUnits(units),
      output: { final_conv: pointwise(numClasses) },
      pool: globalAvgPool(),
    }
    return module(m, (x: AnySym) => {
      const features = units.reduce<AnySym>((value, layers, stage) => {
        const before = stages[stage]?.before ?? identity
        return layers.reduce((y, layer) => layer(y), before(value))
      }, x)
      return flatten(m.pool(m.output.final_conv(features))) as Sym<[N]>
    })
  }

/**
 * Network in Network for CIFAR-10: `[32, 32, 3]` -> `[10]`. Lin et al., arXiv:1312.4400.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('nin_cifar10', { numClasses: 100 })
 * ```
 */
export const ninCifar10 = variant(
  'nin_cifar10',
  { parameters: 966_986, macs: 222_486_528 },
  networkInNetwork(cifar, 10),
)

/** Network in Network for ImageNet, its authors' model for Caffe: `[224, 224, 3]` -> `[1000]`. */
export const ninImagenet = variant(
  'nin_imagenet',
  {
    parameters: 7_595_176,
    macs: 1_100_188_800,
    inputs: { input: [224, 224, 3] },
    minInputSize: 39,
    numClasses: 1000,
    preprocessing: 'imagenet-bgr-caffe',
  },
  networkInNetwork(imagenet, 1000),
)
