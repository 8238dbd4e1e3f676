import {
  type AnySym,
  add,
  dense,
  efficientChannelAttention,
  flatten,
  globalAvgPool,
  globalContext,
  identity,
  type Layer,
  maxPool2d,
  module,
  relu,
  sequential,
  silu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm, excite } from './blocks.js'
import type { Depths } from './residual.js'

const facts = {
  task: 'image-classification',
  inputs: { input: [256, 256, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 0.9, interpolation: 'bicubic' },
} as const

const variant = defineFamily({
  ...facts,
  family: 'resnet_ts',
  paper: {
    title: 'Bag of Tricks for Image Classification with Convolutional Neural Networks',
    authors: 'He, Zhang, Zhang, Zhang, Xie, Li',
    year: 2018,
    url: 'https://arxiv.org/abs/1812.01187',
  },
})

const contextVariant = defineFamily({
  ...facts,
  family: 'gc_resnet',
  paper: {
    title: 'GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond',
    authors: 'Cao, Xu, Lin, Wei, Hu',
    year: 2019,
    url: 'https://arxiv.org/abs/1904.11492',
  },
})

interface Configuration {
  readonly depths: Depths
  /** Channels of the stages; those of ResNet-50 by default. */
  readonly widths?: Depths
  /** Channels of a group of the 3 x 3 convolutions; a single group by default. */
  readonly groupWidth?: number
  /** Halves the size after the stem by max pooling, not by the stem's last convolution. */
  readonly pools?: boolean
  /** SiLU by default. */
  readonly activation?: Layer
  /** Behind the 3 x 3 convolution of each block. */
  readonly attention?: (channels: number) => Layer
  /** Channels of a last 1 x 1 convolution, if there is one. */
  readonly lastWidth?: number
}

interface BlockOptions {
  readonly width: number
  readonly stride: number
  readonly project: boolean
}

const block = (configuration: Configuration, { width, stride, project }: BlockOptions) => {
  const { groupWidth, activation = silu, attention } = configuration
  const inner = width / 4
  const groups = groupWidth ? inner / groupWidth : 1
  const m = {
    shortcut: project ? convNorm(width, { kernel: 1, stride, activation: identity }) : identity,
    conv1_1x1: convNorm(inner, { kernel: 1, activation }),
    conv2_kxk: convNorm(inner, { kernel: 3, stride, groups, activation }),
    attn: attention?.(inner) ?? identity,
    conv3_1x1: convNorm(width, { kernel: 1, activation: identity }),
  }
  return module(m, (x: AnySym) => {
    const filtered = m.conv2_kxk(m.conv1_1x1(x))
    return activation(add(m.conv3_1x1(m.attn(filtered)), m.shortcut(x)))
  })
}

const stage = (configuration: Configuration, width: number, depth: number, stride: number) =>
  sequential(
    block(configuration, { width, stride, project: true }),
    ...Array.from({ length: depth - 1 }, () => block(configuration, { width, stride: 1, project: false })),
  )

const stemOf = ({ pools = false, activation = silu }: Configuration) => {
  const m = {
    conv1: convNorm(24, { kernel: 3, stride: 2, activation }),
    conv2: convNorm(32, { kernel: 3, activation }),
    conv3: convNorm(64, { kernel: 3, stride: pools ? 1 : 2, activation }),
    pool: pools ? maxPool2d({ kernel: 3, stride: 2, padding: 1 }) : identity,
  }
  return module(m, (x: AnySym) => m.pool(m.conv3(m.conv2(m.conv1(x)))))
}

/** ResNets of bottlenecks whose stem widens step by step. */
const tieredResnet =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { depths, widths = [256, 512, 1024, 2048], activation = silu, lastWidth } = configuration
    const head = { global_pool: globalAvgPool(), fc: dense(numClasses) }
    const m = {
      stem: stemOf(configuration),
      stages: sequential(...widths.map((width, i) => stage(configuration, width, depths[i] as number, i > 0 ? 2 : 1))),
      final_conv: lastWidth ? convNorm(lastWidth, { kernel: 1, activation }) : identity,
      head,
    }
    return module(m, (x: AnySym) => head.fc(flatten(head.global_pool(m.final_conv(m.stages(m.stem(x)))))))
  }

const resnext26: Configuration = { depths: [2, 2, 2, 2], groupWidth: 32, pools: true }
const resnet32: Configuration = { depths: [2, 3, 3, 2], widths: [256, 512, 1536, 1536] }
const resnet33: Configuration = { ...resnet32, lastWidth: 1280 }

const se = {
  family: 'se_resnet',
  paper: {
    title: 'Squeeze-and-Excitation Networks',
    authors: 'Hu, Shen, Albanie, Sun, Wu',
    year: 2017,
    url: 'https://arxiv.org/abs/1709.01507',
  },
} as const

const eca = {
  family: 'eca_resnet',
  paper: {
    title: 'ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks',
    authors: 'Wang, Wu, Zhu, Li, Zuo, Hu',
    year: 2019,
    url: 'https://arxiv.org/abs/1910.03151',
  },
} as const

/**
 * ResNet-33-TS, timm's: a stem in steps, SiLU, and 1280 features: `[256, 256, 3]` -> `[1000]`.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnet33ts', { numClasses: 10 })
 * ```
 */
export const resnet33ts = variant('resnet33ts', { parameters: 19_676_256, macs: 4_732_585_984 }, tieredResnet(resnet33))

/** ResNet-32-TS: `[256, 256, 3]` -> `[1000]`. */
export const resnet32ts = variant('resnet32ts', { parameters: 17_963_616, macs: 4_607_012_864 }, tieredResnet(resnet32))

/** ResNeXt-26-TS: `[256, 256, 3]` -> `[1000]`. */
export const resnext26ts = variant(
  'resnext26ts',
  { parameters: 10_297_952, macs: 2_405_515_264 },
  tieredResnet(resnext26),
)

/** SE-ResNet-33-TS: `[256, 256, 3]` -> `[1000]`. */
export const seresnet33ts = variant(
  'seresnet33ts',
  { ...se, parameters: 19_779_200, macs: 4_732_686_336 },
  tieredResnet({ ...resnet33, attention: excite(1 / 16) }),
)

/** SE-ResNeXt-26-TS: `[256, 256, 3]` -> `[1000]`. */
export const seresnext26ts = variant(
  'seresnext26ts',
  { ...se, parameters: 10_388_064, macs: 2_405_603_328 },
  tieredResnet({ ...resnext26, attention: excite(1 / 16) }),
)

/** ECA-ResNet-33-TS: `[256, 256, 3]` -> `[1000]`. */
export const ecaResnet33ts = variant(
  'eca_resnet33ts',
  { ...eca, parameters: 19_676_302, macs: 4_732_597_888 },
  tieredResnet({ ...resnet33, attention: efficientChannelAttention }),
)

/** ECA-ResNeXt-26-TS: `[256, 256, 3]` -> `[1000]`. */
export const ecaResnext26ts = variant(
  'eca_resnext26ts',
  { ...eca, parameters: 10_297_988, macs: 2_405_524_608 },
  tieredResnet({ ...resnext26, attention: efficientChannelAttention }),
)

/**
 * GC-ResNet-50-T: `[256, 256, 3]` -> `[1000]`. Cao et al., arXiv:1904.11492.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('gcresnet50t', { numClasses: 10 })
 * ```
 */
export const gcresnet50t = contextVariant(
  'gcresnet50t',
  { parameters: 25_897_080, macs: 5_387_684_864 },
  tieredResnet({ depths: [3, 4, 6, 3], activation: relu, attention: globalContext }),
)

/** GC-ResNet-33-TS: `[256, 256, 3]` -> `[1000]`. */
export const gcresnet33ts = contextVariant(
  'gcresnet33ts',
  { parameters: 19_880_698, macs: 4_734_046_208 },
  tieredResnet({ ...resnet33, attention: globalContext }),
)

/** GC-ResNeXt-26-TS: `[256, 256, 3]` -> `[1000]`. */
export const gcresnext26ts = contextVariant(
  'gcresnext26ts',
  { parameters: 10_476_600, macs: 2_406_672_384 },
  tieredResnet({ ...resnext26, attention: globalContext }),
)

/** GC-ResNeXt-50-TS: `[256, 256, 3]` -> `[1000]`. */
export const gcresnext50ts = contextVariant(
  'gcresnext50ts',
  { parameters: 15_667_320, macs: 3_717_303_296 },
  tieredResnet({ ...resnext26, depths: [3, 4, 6, 3], attention: globalContext }),
)
