import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv2d,
  flatten,
  globalAvgPool,
  maxPool2d,
  module,
  relu,
  type Sym,
  split,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'dpn',
  task: 'image-classification',
  paper: {
    title: 'Dual Path Networks',
    authors: 'Chen, Li, Xiao, Jin, Yan, Feng',
    year: 2017,
    url: 'https://arxiv.org/abs/1707.01629',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { preset: 'dpn', interpolation: 'bicubic' },
})

const norm = () => batchNorm({ eps: 0.001 })

/** Batch norm and ReLU before a convolution without bias. */
const preactivated = (width: number, { kernel = 1, stride = 1, groups = 1 } = {}) => {
  const m = { bn: norm(), conv: conv2d(width, { kernel, stride, padding: (kernel - 1) / 2, groups, bias: false }) }
  return module(m, (x: AnySym) => m.conv(relu(m.bn(x))))
}

interface Configuration {
  readonly stemWidth: number
  readonly stemKernel: number
  /** Channels of the residual path in the first stage. */
  readonly residualWidth: number
  /** Channels of the first stage's 3 x 3 convolution. */
  readonly width: number
  readonly groups: number
  readonly depths: readonly [number, number, number, number]
  /** Channels that every block of a stage adds to the dense path. */
  readonly increments: readonly [number, number, number, number]
  /** Ends a block in one convolution for each path instead of one for both. */
  readonly splitsOutput?: boolean
}

interface BlockOptions {
  readonly residualWidth: number
  readonly width: number
  readonly groups: number
  readonly increment: number
  readonly splitsOutput: boolean
  /** Of the first block of a stage, which brings both paths to their shapes. */
  readonly projectionStride?: 1 | 2
}

const cutAt = (x: AnySym, width: number): readonly [AnySym, AnySym] =>
  split(x, [width, (x.shape.at(-1) as number) - width])

/** The first `residualWidth` channels are a residual path, those behind them a dense one, which grows. */
const dualPathBlock = (options: BlockOptions) => {
  const { residualWidth, width, groups, increment, splitsOutput, projectionStride } = options
  const projection = projectionStride && preactivated(residualWidth + 2 * increment, { stride: projectionStride })
  const m = {
    ...(projection && { [`c1x1_w_s${projectionStride}`]: projection }),
    c1x1_a: preactivated(width),
    c3x3_b: preactivated(width, { kernel: 3, stride: projectionStride ?? 1, groups }),
  }
  const end = splitsOutput ? splitEnd(residualWidth, increment) : jointEnd(residualWidth, increment)
  return module({ ...m, ...end.children }, (x: AnySym) => {
    const [kept, grown] = cutAt(projection ? projection(x) : x, residualWidth)
    const [residual, dense] = end.apply(m.c3x3_b(m.c1x1_a(x)))
    return concat(add(kept, residual), grown, dense)
  })
}

const jointEnd = (residualWidth: number, increment: number) => {
  const c1x1_c = preactivated(residualWidth + increment)
  return { children: { c1x1_c }, apply: (x: AnySym) => cutAt(c1x1_c(x), residualWidth) }
}

const splitEnd = (residualWidth: number, increment: number) => {
  const last = { bn: norm() }
  const children = {
    c1x1_c: module(last, (x: AnySym) => relu(last.bn(x))),
    c1x1_c1: conv2d(residualWidth, { kernel: 1, bias: false }),
    c1x1_c2: conv2d(increment, { kernel: 1, bias: false }),
  }
  const apply = (x: AnySym) => {
    const hidden = children.c1x1_c(x)
    return [children.c1x1_c1(hidden), children.c1x1_c2(hidden)] as const
  }
  return { children, apply }
}

/** From the second stage on, the first block halves the size; widths double from stage to stage. */
const stages = ({ residualWidth, width, groups, depths, increments, splitsOutput = false }: Configuration) =>
  depths.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, i) => {
      const block = dualPathBlock({
        residualWidth: residualWidth * 2 ** stage,
        width: width * 2 ** stage,
        groups,
        increment: increments[stage] as number,
        splitsOutput,
        ...(i === 0 && { projectionStride: stage === 0 ? 1 : 2 }),
      })
      return [`conv${stage + 2}_${i + 1}`, block] as const
    }),
  )

const dpn =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { stemWidth, stemKernel } = configuration
    const padding = (stemKernel - 1) / 2
    const stem = {
      conv: conv2d(stemWidth, { kernel: stemKernel, stride: 2, padding, bias: false }),
      bn: norm(),
    }
    const last = { bn: norm() }
    const layers = {
      conv1_1: module(stem, (x: AnySym) => relu(stem.bn(stem.conv(x)))),
      conv1_pool: maxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      ...Object.fromEntries(stages(configuration)),
      conv5_bn_ac: module(last, (x: AnySym) => relu(last.bn(x))),
    }
    const features = module(layers, (x: AnySym) =>
      Object.values(layers).reduce<AnySym>((value, layer) => layer(value), x),
    )
    const m = { features, global_pool: globalAvgPool(), classifier: conv2d(numClasses as number, { kernel: 1 }) }
    return module(m, (x: AnySym) => flatten(m.classifier(m.global_pool(m.features(x)))) as Sym<[N]>)
  }

const small = { stemWidth: 10, stemKernel: 3, residualWidth: 64, width: 128, groups: 32 } as const

/**
 * DPN-68: `[224, 224, 3]` -> `[1000]`. Chen et al., arXiv:1707.01629.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('dpn68', { numClasses: 10 })
 * ```
 */
export const dpn68 = variant(
  'dpn68',
  { parameters: 12_611_602, macs: 2_326_163_456 },
  dpn({ ...small, depths: [3, 4, 12, 3], increments: [16, 32, 32, 64] }),
)

/** DPN-68 whose blocks end in one convolution for each path: `[224, 224, 3]` -> `[1000]`. */
export const dpn68b = variant(
  'dpn68b',
  { parameters: 12_611_602, macs: 2_326_163_456, preprocessing: { preset: 'imagenet', crop: 0.95 } },
  dpn({ ...small, depths: [3, 4, 12, 3], increments: [16, 32, 32, 64], splitsOutput: true }),
)

const large = { stemKernel: 7, residualWidth: 256 } as const

/** DPN-92: `[224, 224, 3]` -> `[1000]`. */
export const dpn92 = variant(
  'dpn92',
  { parameters: 37_668_392, macs: 6_501_684_224 },
  dpn({ ...large, stemWidth: 64, width: 96, groups: 32, depths: [3, 4, 20, 3], increments: [16, 32, 24, 128] }),
)

/** DPN-98: `[224, 224, 3]` -> `[1000]`. */
export const dpn98 = variant(
  'dpn98',
  { parameters: 61_570_728, macs: 11_671_217_152 },
  dpn({ ...large, stemWidth: 96, width: 160, groups: 40, depths: [3, 6, 20, 3], increments: [16, 32, 32, 128] }),
)

/** DPN-131: `[224, 224, 3]` -> `[1000]`. */
export const dpn131 = variant(
  'dpn131',
  { parameters: 79_254_504, macs: 16_013_648_896 },
  dpn({ ...large, stemWidth: 128, width: 160, groups: 40, depths: [4, 8, 28, 3], increments: [16, 32, 32, 128] }),
)

/** DPN-107: `[224, 224, 3]` -> `[1000]`. */
export const dpn107 = variant(
  'dpn107',
  { parameters: 86_917_800, macs: 18_298_764_288 },
  dpn({ ...large, stemWidth: 128, width: 200, groups: 50, depths: [4, 8, 20, 3], increments: [20, 64, 64, 128] }),
)
