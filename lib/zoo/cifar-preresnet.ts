import {
  type AnySym,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { stagesOfUnits } from './blocks.js'
import { preactivated } from './pre-activation.js'
import { conv3x3 } from './residual.js'

const facts = {
  task: 'image-classification',
  inputs: { input: [32, 32, 3] },
  minInputSize: 1,
  numClasses: 10,
  preprocessing: 'cifar10',
} as const

const variant = defineFamily({
  ...facts,
  family: 'cifar_preresnet',
  paper: {
    title: 'Identity Mappings in Deep Residual Networks',
    authors: 'He, Zhang, Ren, Sun',
    year: 2016,
    url: 'https://arxiv.org/abs/1603.05027',
  },
})

const wideVariant = defineFamily({
  ...facts,
  family: 'cifar_wide_resnet',
  paper: {
    title: 'Wide Residual Networks',
    authors: 'Zagoruyko, Komodakis',
    year: 2016,
    url: 'https://arxiv.org/abs/1605.07146',
  },
})

interface Configuration {
  /** Blocks of each of the three stages. */
  readonly depth: number
  /** Channels of the stages, in parts of 16, 32 and 64; 1 by default. */
  readonly widening?: number
  /** Blocks of three convolutions, the outer ones 1 x 1, that end in four times the channels. */
  readonly isBottleneck?: boolean
}

interface UnitOptions {
  readonly width: number
  readonly stride: number
  readonly project: boolean
  readonly isBottleneck: boolean
}

const pointwise = (width: number, stride = 1) => conv2d(width, { kernel: 1, stride, bias: false })

const unit = ({ width, stride, project, isBottleneck }: UnitOptions): Layer => {
  const outer = isBottleneck ? 4 * width : width
  const convs = isBottleneck
    ? [pointwise(width), conv3x3(width, stride), pointwise(outer)]
    : [conv3x3(width, stride), conv3x3(width)]
  const steps = convs.map((conv) => ({ bn: batchNorm(), conv }))
  const projection = project ? pointwise(outer, stride) : undefined
  const body = Object.fromEntries(steps.map((step, i) => [`conv${i + 1}`, step]))
  return module(
    { body, ...(projection && { identity_conv: projection }) },
    preactivated(
      steps.map(({ bn, conv }) => ({ norm: bn, conv })),
      projection,
    ),
  )
}

const firstWidth = 16

const cifarPreresnet =
  ({ depth, widening = 1, isBottleneck = false }: Configuration) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const isWidened = widening > 1 || isBottleneck
    const stages = [0, 1, 2].map((stage) =>
      Array.from({ length: depth }, (_, i) =>
        unit({
          width: firstWidth * widening * 2 ** stage,
          stride: i === 0 && stage > 0 ? 2 : 1,
          project: i === 0 && (stage > 0 || isWidened),
          isBottleneck,
        }),
      ),
    )
    const stem: Layer = conv3x3(firstWidth)
    const features = {
      init_block: stem,
      ...stagesOfUnits(stages),
      post_activ: { bn: batchNorm() },
      final_pool: globalAvgPool(),
    }
    const m = { features, output: dense(numClasses) }
    return module(m, (x: AnySym) => {
      const map = stages.flat().reduce((value, layer) => layer(value), stem(x))
      return m.output(flatten(features.final_pool(relu(features.post_activ.bn(map)))))
    })
  }

/**
 * ResNet-20 v2 for CIFAR-10: `[32, 32, 3]` -> `[10]`. He et al., arXiv:1603.05027.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('preresnet20_cifar10', { numClasses: 100 })
 * ```
 */
export const preresnet20Cifar10 = variant(
  'preresnet20_cifar10',
  { parameters: 272_282, macs: 40_813_184 },
  cifarPreresnet({ depth: 3 }),
)

/** ResNet-56 v2 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const preresnet56Cifar10 = variant(
  'preresnet56_cifar10',
  { parameters: 855_578, macs: 125_747_840 },
  cifarPreresnet({ depth: 9 }),
)

/** ResNet-110 v2 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const preresnet110Cifar10 = variant(
  'preresnet110_cifar10',
  { parameters: 1_730_522, macs: 253_149_824 },
  cifarPreresnet({ depth: 18 }),
)

/** ResNet-164 v2 for CIFAR-10, of bottlenecks: `[32, 32, 3]` -> `[10]`. */
export const preresnet164BnCifar10 = variant(
  'preresnet164bn_cifar10',
  { parameters: 1_703_258, macs: 247_646_720 },
  cifarPreresnet({ depth: 18, isBottleneck: true }),
)

/** ResNet-272 v2 for CIFAR-10, of bottlenecks: `[32, 32, 3]` -> `[10]`. */
export const preresnet272BnCifar10 = variant(
  'preresnet272bn_cifar10',
  { parameters: 2_816_090, macs: 408_078_848 },
  cifarPreresnet({ depth: 30, isBottleneck: true }),
)

/** ResNet-1001 v2 for CIFAR-10, of bottlenecks: `[32, 32, 3]` -> `[10]`. */
export const preresnet1001Cifar10 = variant(
  'preresnet1001_cifar10',
  { parameters: 10_327_706, macs: 1_490_995_712 },
  cifarPreresnet({ depth: 111, isBottleneck: true }),
)

/** ResNet-1202 v2 for CIFAR-10: `[32, 32, 3]` -> `[10]`. */
export const preresnet1202Cifar10 = variant(
  'preresnet1202_cifar10',
  { parameters: 19_423_834, macs: 2_829_501_056 },
  cifarPreresnet({ depth: 200 }),
)

/**
 * WRN-28-10, a ResNet-28 v2 with 10 times the channels: `[32, 32, 3]` -> `[10]`. Zagoruyko and Komodakis, arXiv:1605.07146.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('wrn28_10_cifar10', { numClasses: 100 })
 * ```
 */
export const wrn28_10Cifar10 = wideVariant(
  'wrn28_10_cifar10',
  { parameters: 36_479_194, macs: 5_243_328_768 },
  cifarPreresnet({ depth: 4, widening: 10 }),
)

/** WRN-16-4: `[32, 32, 3]` -> `[10]`. */
export const wrn16_4Cifar10 = wideVariant(
  'wrn16_4_cifar10',
  { parameters: 2_748_890, macs: 392_612_352 },
  cifarPreresnet({ depth: 2, widening: 4 }),
)

/** WRN-16-8: `[32, 32, 3]` -> `[10]`. */
export const wrn16_8Cifar10 = wideVariant(
  'wrn16_8_cifar10',
  { parameters: 10_961_370, macs: 1_548_145_664 },
  cifarPreresnet({ depth: 2, widening: 8 }),
)

/** WRN-16-10: `[32, 32, 3]` -> `[10]`. */
export const wrn16_10Cifar10 = wideVariant(
  'wrn16_10_cifar10',
  { parameters: 17_116_634, macs: 2_412_173_568 },
  cifarPreresnet({ depth: 2, widening: 10 }),
)

/** WRN-28-2: `[32, 32, 3]` -> `[10]`. */
export const wrn28_2Cifar10 = wideVariant(
  'wrn28_2_cifar10',
  { parameters: 1_467_610, macs: 214_353_152 },
  cifarPreresnet({ depth: 4, widening: 2 }),
)

/** WRN-40-2: `[32, 32, 3]` -> `[10]`. */
export const wrn40_2Cifar10 = wideVariant(
  'wrn40_2_cifar10',
  { parameters: 2_243_546, macs: 327_599_360 },
  cifarPreresnet({ depth: 6, widening: 2 }),
)

/** WRN-40-4: `[32, 32, 3]` -> `[10]`. */
export const wrn40_4Cifar10 = wideVariant(
  'wrn40_4_cifar10',
  { parameters: 8_949_210, macs: 1_298_582_016 },
  cifarPreresnet({ depth: 6, widening: 4 }),
)

/** WRN-40-8: `[32, 32, 3]` -> `[10]`. */
export const wrn40_8Cifar10 = wideVariant(
  'wrn40_8_cifar10',
  { parameters: 35_748_314, macs: 5_172_024_320 },
  cifarPreresnet({ depth: 6, widening: 8 }),
)
