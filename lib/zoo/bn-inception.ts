import { type AnySym, avgPool2d, dense, flatten, globalAvgPool, maxPool2d, module, relu } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm, stagesOfUnits } from './blocks.js'
import { type Layer, sideBySide } from './inception-blocks.js'

const variant = defineFamily({
  family: 'bn_inception',
  task: 'image-classification',
  paper: {
    title: 'Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift',
    authors: 'Ioffe, Szegedy',
    year: 2015,
    url: 'https://arxiv.org/abs/1502.03167',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  numClasses: 1000,
  preprocessing: { preset: 'imagenet-bgr-caffe', mean: [104, 117, 128] },
})

/** Channels of a branch: after its 1 x 1 convolution, and after those of 3 x 3. */
type Reduced = readonly [reduced: number, width: number]

/** A row of the paper's figure 5; without `one` and `pooled` it halves the size. */
interface Row {
  readonly one?: number
  readonly three: Reduced
  readonly double: Reduced
  readonly pooled?: number
}

const stages: readonly (readonly Row[])[] = [
  [
    { one: 64, three: [64, 64], double: [64, 96], pooled: 32 },
    { one: 64, three: [64, 96], double: [64, 96], pooled: 64 },
  ],
  [
    { three: [128, 160], double: [64, 96] },
    { one: 224, three: [64, 96], double: [96, 128], pooled: 128 },
    { one: 192, three: [96, 128], double: [96, 128], pooled: 128 },
    { one: 160, three: [128, 160], double: [128, 160], pooled: 128 },
    { one: 96, three: [128, 192], double: [160, 192], pooled: 128 },
  ],
  [
    { three: [128, 192], double: [192, 256] },
    { one: 352, three: [192, 320], double: [160, 224], pooled: 128 },
    { one: 352, three: [192, 320], double: [192, 224], pooled: 128 },
  ],
]

const lastRow = stages.at(-1)?.at(-1)

const halve = maxPool2d({ kernel: 3, stride: 2, ceil: true })
const smooth = avgPool2d({ kernel: 3, stride: 1, padding: 1 })
const strongest = maxPool2d({ kernel: 3, stride: 1, padding: 1 })

/** Its convolutions have a bias, though a norm follows. */
const convNormRelu = (width: number, kernel: number, stride = 1) =>
  convNorm(width, { kernel, stride, bias: true, activation: relu })

/** Layers one after the other, called conv1, conv2, ... */
const chain = (...layers: readonly Layer[]) =>
  module(Object.fromEntries(layers.map((layer, i) => [`conv${i + 1}`, layer])), (x: AnySym) =>
    layers.reduce((value, layer) => layer(value), x),
  )

const threeBranch = ([reduced, width]: Reduced, stride = 1) =>
  chain(convNormRelu(reduced, 1), convNormRelu(width, 3, stride))

const doubleBranch = ([reduced, width]: Reduced, stride = 1) =>
  chain(convNormRelu(reduced, 1), convNormRelu(width, 3), convNormRelu(width, 3, stride))

const pooledBranch = (pool: Layer, width: number) => {
  const m = { pool, conv: convNormRelu(width, 1) }
  return module(m, (x: AnySym) => m.conv(m.pool(x)))
}

const unit = (row: Row) => {
  const { one, three, double, pooled } = row
  const branches: readonly Layer[] =
    one === undefined || pooled === undefined
      ? [threeBranch(three, 2), doubleBranch(double, 2), halve]
      : [
          convNormRelu(one, 1),
          threeBranch(three),
          doubleBranch(double),
          pooledBranch(row === lastRow ? strongest : smooth, pooled),
        ]
  const named = Object.fromEntries(branches.map((branch, i) => [`branch${i + 1}`, branch]))
  return module({ branches: named }, sideBySide(named))
}

/**
 * Inception v2, GoogLeNet with batch normalisation: `[224, 224, 3]` -> `[1000]`. Ioffe and Szegedy, arXiv:1502.03167.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('bninception', { numClasses: 10 })
 * ```
 */
export const bnInception = variant(
  'bninception',
  { parameters: 11_295_240, macs: 2_032_600_064 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const units = stages.map((rows) => rows.map(unit))
    const stem = { conv1: convNormRelu(64, 7, 2), conv2: threeBranch([64, 192]) }
    const m = {
      features: {
        init_block: stem,
        ...stagesOfUnits(units),
      },
      pool: globalAvgPool(),
      output: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = units
        .flat()
        .reduce<AnySym>((value, layer) => layer(value), halve(stem.conv2(halve(stem.conv1(x)))))
      return m.output(flatten(m.pool(features)))
    })
  },
)
