import {
  type AnySym,
  add,
  identity,
  type Layer,
  module,
  relu,
  type SelectiveKernelOptions,
  selectiveKernel,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { convNorm, roundToMultiple } from './blocks.js'
import {
  averagedProjection,
  type Block,
  type BlockOptions,
  type BlockStyle,
  deepStem,
  projection,
  residualClassifier,
} from './residual.js'

const variant = defineFamily({
  family: 'sk_resnet',
  task: 'image-classification',
  paper: {
    title: 'Selective Kernel Networks',
    authors: 'Li, Wang, Hu, Yang',
    year: 2019,
    url: 'https://arxiv.org/abs/1903.06586',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

/** How the choice between two kernels is made. */
interface Selection extends Pick<SelectiveKernelOptions, 'splits' | 'groups'> {
  /** Channels in which it is made, in parts of the output's and rounded to a multiple. */
  readonly share: number
  readonly divisor: number
}

const selection = (width: number, stride: number, { share, divisor, ...options }: Selection) =>
  selectiveKernel(width, { stride, squeezed: roundToMultiple(width * share, divisor), ...options })

interface SkBlockOptions extends BlockStyle {
  readonly expansion: number
  /** The convolutions of a block. */
  readonly convs: (options: BlockOptions) => readonly Layer[]
}

const skBlock = ({ expansion, convs: convsOf, shortcut = projection }: SkBlockOptions): Block => {
  const block = (options: BlockOptions) => {
    const convs = convsOf(options)
    const downsample = options.project ? shortcut(expansion * options.width, options.stride) : identity
    const numbered = Object.fromEntries(convs.map((conv, i) => [`conv${i + 1}`, conv]))
    return module({ ...numbered, downsample }, (x: AnySym) => {
      const residual = convs.reduce((value, conv) => conv(value), x)
      return relu(add(residual, downsample(x)))
    })
  }
  return Object.assign(block, { expansion })
}

const skBasicBlock = skBlock({
  expansion: 1,
  convs: ({ width, stride }) => [
    selection(width, stride, { share: 1 / 8, divisor: 16, splits: true }),
    convNorm(width, { kernel: 3, activation: identity }),
  ],
})

/** Inside, the blocks of ResNet-50 have the stage's width, those of ResNeXt-50 twice as many channels. */
const skBottleneck = (choice: Selection, widening = 1, style: BlockStyle = {}) =>
  skBlock({
    ...style,
    expansion: 4,
    convs: ({ width, stride }) => [
      convNorm(widening * width, { kernel: 1, activation: relu }),
      selection(widening * width, stride, choice),
      convNorm(4 * width, { kernel: 1, activation: identity }),
    ],
  })

const whole: Selection = { share: 1 / 16, divisor: 32, splits: false, groups: 32 }
const halves: Selection = { share: 1 / 16, divisor: 8, splits: true }

/**
 * SK-ResNeXt-50, the paper's SKNet-50: `[224, 224, 3]` -> `[1000]`. Li et al., arXiv:1903.06586.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('skresnext50_32x4d', { numClasses: 10 })
 * ```
 */
export const skresnext50_32x4d = variant(
  'skresnext50_32x4d',
  { parameters: 27_479_784, macs: 4_462_710_784 },
  residualClassifier(skBottleneck(whole, 2), [3, 4, 6, 3]),
)

/** SKNet-101: `[224, 224, 3]` -> `[1000]`. */
export const sknet101 = variant(
  'sknet101',
  { parameters: 48_736_040, macs: 8_448_724_992 },
  residualClassifier(skBottleneck(whole, 2), [3, 4, 23, 3]),
)

/** SK-ResNet-18, timm's, whose kernels share out the channels: `[224, 224, 3]` -> `[1000]`. */
export const skresnet18 = variant(
  'skresnet18',
  { parameters: 11_958_056, macs: 1_814_337_536 },
  residualClassifier(skBasicBlock, [2, 2, 2, 2]),
)

/** SK-ResNet-34: `[224, 224, 3]` -> `[1000]`. */
export const skresnet34 = variant(
  'skresnet34',
  { parameters: 22_282_376, macs: 3_664_237_568 },
  residualClassifier(skBasicBlock, [3, 4, 6, 3]),
)

/** SK-ResNet-50: `[224, 224, 3]` -> `[1000]`. */
export const skresnet50 = variant(
  'skresnet50',
  { parameters: 25_803_160, macs: 4_089_422_336 },
  residualClassifier(skBottleneck(halves), [3, 4, 6, 3]),
)

/** SK-ResNet-50-D: `[224, 224, 3]` -> `[1000]`. */
export const skresnet50d = variant(
  'skresnet50d',
  { parameters: 25_822_392, macs: 4_329_062_912 },
  residualClassifier(skBottleneck(halves, 1, { shortcut: averagedProjection }), [3, 4, 6, 3], {
    stem: deepStem(32, 32, 64),
  }),
)
