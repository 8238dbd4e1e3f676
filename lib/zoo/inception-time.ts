import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv1d,
  dense,
  flatten,
  globalAvgPool,
  type Layer,
  maxPool1d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'inception_time',
  task: 'time-series-classification',
  paper: {
    title: 'InceptionTime: Finding AlexNet for Time Series Classification',
    authors: 'Ismail Fawaz, Lucas, Forestier, Pelletier, Schmidt, Weber, Webb, Idoumghar, Muller, Petitjean',
    year: 2019,
    url: 'https://arxiv.org/abs/1909.04939',
  },
  inputs: { input: [256, 1] },
  minInputSize: 1,
  numClasses: 5,
})

const width = 32

const conv = (kernel: number) => conv1d(width, { kernel, padding: 'same', bias: false })

const pool = maxPool1d({ kernel: 3, stride: 1, padding: 1 })

interface Branches {
  readonly bottleneck: Layer
  readonly convs: readonly Layer[]
  readonly pooled: Layer
  readonly bn: Layer
}

/** Three lengths of kernels over a bottleneck, and a pooled branch past it. A series of one channel needs no bottleneck. */
const inception = ({ bottleneck, convs, pooled, bn }: Branches, isFirst: boolean, x: AnySym): AnySym => {
  const narrow = isFirst && x.shape.at(-1) === 1 ? x : bottleneck(x)
  return relu(bn(concat(...convs.map((filter) => filter(narrow)), pooled(x)) as AnySym))
}

const depth = 6

const numbers = Array.from({ length: depth }, (_, i) => i)

/** Blocks one after the other; every third has a shortcut past the three. */
const residual = (blocks: readonly Layer[], shortcuts: readonly Layer[], input: AnySym): AnySym =>
  numbers.reduce(
    ({ x, kept }, i) => {
      const y = (blocks[i] as Layer)(x)
      if (i % 3 !== 2) return { x: y, kept }
      const sum = relu(add(y, (shortcuts[(i - 2) / 3] as Layer)(kept)) as AnySym)
      return { x: sum, kept: sum }
    },
    { x: input, kept: input },
  ).x

/**
 * InceptionTime's network, with the kernels made odd as PyTorch code does: `[256, 1]` -> `[5]`. Ismail Fawaz et al., arXiv:1909.04939.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('inceptiontime', { numClasses: 3, inputSize: 512 })
 * ```
 */
export const inceptionTime = variant(
  'inceptiontime',
  { parameters: 388_997, macs: 98_894_464 },
  <const N extends number = 5>({ numClasses = 5 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const blocks = numbers.map((i) => {
      const m = {
        bottleneck: conv(1) as Layer,
        convs: [39, 19, 9].map((kernel) => conv(kernel) as Layer),
        maxconvpool: sequential(pool, conv(1)) as Layer,
        bn: batchNorm() as Layer,
      }
      return module(m, (x: AnySym) => inception({ ...m, pooled: m.maxconvpool }, i === 0, x))
    })
    const projection = sequential(conv1d(4 * width, { kernel: 1, bias: false }), batchNorm())
    const shortcuts = [projection, batchNorm()] as readonly Layer[]
    const m = {
      inceptionblock: { inception: blocks, shortcut: shortcuts },
      gap: globalAvgPool(),
      fc: dense(numClasses),
    }
    return module(m, (x: AnySym) => m.fc(flatten(m.gap(residual(blocks, shortcuts, x)))))
  },
)

/** InceptionTime's network as its authors' Keras code builds it, with even kernels: `[256, 1]` -> `[5]`. */
export const inceptionTimeKeras = variant(
  'inceptiontime_keras',
  { parameters: 420_837, macs: 107_045_504 },
  <const N extends number = 5>({ numClasses = 5 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const norm = () => batchNorm({ eps: 1e-3 }) as Layer
    const blocks = numbers.map((i) => {
      const m = {
        bottleneck: conv(1) as Layer,
        convs: [40, 20, 10].map((kernel) => conv(kernel) as Layer),
        maxconv: conv(1) as Layer,
        bn: norm(),
      }
      return module(m, (x: AnySym) => inception({ ...m, pooled: (y) => m.maxconv(pool(y) as AnySym) }, i === 0, x))
    })
    const shortcut = () => sequential(conv1d(4 * width, { kernel: 1, bias: false }), norm()) as Layer
    const shortcuts = [shortcut(), shortcut()]
    const m = { modules_: blocks, shortcuts, gap: globalAvgPool(), fc: dense(numClasses) }
    return module(m, (x: AnySym) => m.fc(flatten(m.gap(residual(blocks, shortcuts, x)))))
  },
)
