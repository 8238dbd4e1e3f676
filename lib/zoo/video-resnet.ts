import {
  type AnySym,
  add,
  batchNorm,
  conv3d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'video_resnet',
  task: 'video-classification',
  paper: {
    title: 'A Closer Look at Spatiotemporal Convolutions for Action Recognition',
    authors: 'Tran, Wang, Torresani, Ray, LeCun, Paluri',
    year: 2017,
    url: 'https://arxiv.org/abs/1711.11248',
  },
  inputs: { input: [16, 112, 112, 3] },
  minInputSize: 1,
  numClasses: 400,
  preprocessing: 'kinetics',
})

interface ConvOptions {
  /** Of the block; both of its convolutions have as many channels inside. */
  readonly inChannels: number
  readonly outChannels: number
  readonly stride: number
}

/** A 3 x 3 x 3 convolution or what stands for it, and the stride in time that goes with a stride in space. */
interface Filter {
  readonly conv: (options: ConvOptions) => (x: AnySym) => AnySym
  readonly stridesInTime: boolean
}

/** Space and time at once. */
const full: Filter = {
  conv: ({ outChannels, stride }) => conv3d(outChannels, { kernel: 3, stride, padding: 1, bias: false }),
  stridesInTime: true,
}

const inSpace = (outChannels: number, stride: number) =>
  conv3d(outChannels, { kernel: [1, 3, 3], stride: [1, stride, stride], padding: [0, 1, 1], bias: false })

/** Every frame alone. */
const spatial: Filter = { conv: ({ outChannels, stride }) => inSpace(outChannels, stride), stridesInTime: false }

/** Space, then time, with as many channels between the two as give the parameters of the full convolution. */
const factorized: Filter = {
  conv: ({ inChannels, outChannels, stride }) => {
    const between = Math.floor((27 * inChannels * outChannels) / (9 * inChannels + 3 * outChannels))
    const inTime = conv3d(outChannels, { kernel: [3, 1, 1], stride: [stride, 1, 1], padding: [1, 0, 0], bias: false })
    return sequential(inSpace(between, stride), batchNorm(), relu, inTime)
  },
  stridesInTime: true,
}

const block = ({ conv, stridesInTime }: Filter, options: ConvOptions) => {
  const { inChannels, outChannels, stride } = options
  const shortcut = () =>
    sequential(
      conv3d(outChannels, { kernel: 1, stride: [stridesInTime ? stride : 1, stride, stride], bias: false }),
      batchNorm(),
    )
  const m = {
    conv1: sequential(conv(options), batchNorm(), relu),
    conv2: sequential(conv({ ...options, stride: 1 }), batchNorm()),
    downsample: inChannels === outChannels ? identity : shortcut(),
  }
  return module(m, (x: AnySym) => relu(add(m.conv2(m.conv1(x)), m.downsample(x))))
}

const stage = (filter: Filter, inChannels: number, outChannels: number) =>
  sequential(
    block(filter, { inChannels, outChannels, stride: inChannels === outChannels ? 1 : 2 }),
    block(filter, { inChannels: outChannels, outChannels, stride: 1 }),
  )

const stemOf = (width: number, depth: number) =>
  conv3d(width, { kernel: [depth, 7, 7], stride: [1, 2, 2], padding: [(depth - 1) / 2, 3, 3], bias: false })

const fullStem = () => sequential(stemOf(64, 3), batchNorm(), relu)

const factorizedStem = () => {
  const inTime = conv3d(64, { kernel: [3, 1, 1], padding: [1, 0, 0], bias: false })
  return sequential(stemOf(45, 1), batchNorm(), relu, inTime, batchNorm(), relu)
}

/** ResNet-18 over clips: the filters of its four stages. */
type Filters = readonly [Filter, Filter, Filter, Filter]

const videoResnet =
  (stem: () => (x: AnySym) => AnySym, filters: Filters) =>
  <const N extends number = 400>({ numClasses = 400 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      stem: stem(),
      layer1: stage(filters[0], 64, 64),
      layer2: stage(filters[1], 64, 128),
      layer3: stage(filters[2], 128, 256),
      layer4: stage(filters[3], 256, 512),
      avgpool: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = m.layer4(m.layer3(m.layer2(m.layer1(m.stem(x)))))
      return m.fc(flatten(m.avgpool(features)))
    })
  }

/**
 * R3D-18, all of 3-D convolutions: `[16, 112, 112, 3]` -> `[400]`. Tran et al., arXiv:1711.11248.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('r3d_18', { numClasses: 10 })
 * ```
 */
export const r3d18 = variant(
  'r3d_18',
  { parameters: 33_371_472, macs: 40_696_553_472 },
  videoResnet(fullStem, [full, full, full, full]),
)

/** MC3-18, which mixes time in its first stage only: `[16, 112, 112, 3]` -> `[400]`. */
export const mc3_18 = variant(
  'mc3_18',
  { parameters: 11_695_440, macs: 43_342_635_008 },
  videoResnet(fullStem, [full, spatial, spatial, spatial]),
)

/** R(2+1)D-18, which filters space and time one after the other: `[16, 112, 112, 3]` -> `[400]`. */
export const r2plus1d18 = variant(
  'r2plus1d_18',
  { parameters: 31_505_325, macs: 40_519_080_960 },
  videoResnet(factorizedStem, [factorized, factorized, factorized, factorized]),
)
