import {
  type AnySym,
  conv2d,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool2d,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'overfeat',
  task: 'image-classification',
  paper: {
    title: 'OverFeat: Integrated Recognition, Localization and Detection using Convolutional Networks',
    authors: 'Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun',
    year: 2013,
    url: 'https://arxiv.org/abs/1312.6229',
  },
  inputs: { input: [231, 231, 3] },
  numClasses: 1000,
  preprocessing: 'imagenet',
})

/** A column of the paper's tables 1 and 3. */
interface Column {
  readonly width: number
  readonly kernel: number
  readonly stride?: number
  readonly padding?: number
  /** Kernel and stride of the pool behind it, where it has one. */
  readonly pool?: number
}

interface Configuration {
  readonly columns: readonly Column[]
  /** Features of the first dense layer. */
  readonly hidden: number
}

const fast: Configuration = {
  columns: [
    { width: 96, kernel: 11, stride: 4, pool: 2 },
    { width: 256, kernel: 5, pool: 2 },
    { width: 512, kernel: 3, padding: 1 },
    { width: 1024, kernel: 3, padding: 1 },
    { width: 1024, kernel: 3, padding: 1, pool: 2 },
  ],
  hidden: 3072,
}

const accurate: Configuration = {
  columns: [
    { width: 96, kernel: 7, stride: 2, pool: 3 },
    { width: 256, kernel: 7, pool: 2 },
    { width: 512, kernel: 3, padding: 1 },
    { width: 512, kernel: 3, padding: 1 },
    { width: 1024, kernel: 3, padding: 1 },
    { width: 1024, kernel: 3, padding: 1, pool: 3 },
  ],
  hidden: 4096,
}

const column = ({ width, kernel, stride = 1, padding = 0, pool }: Column): readonly Layer[] => [
  conv2d(width, { kernel, stride, padding }) as Layer,
  relu,
  ...(pool ? [maxPool2d({ kernel: pool, stride: pool }) as Layer] : []),
]

const overfeat =
  ({ columns, hidden }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(...columns.flatMap(column)),
      classifier: sequential(dropout(), dense(hidden), relu, dropout(), dense(4096), relu, dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.features(x) as AnySym)))
  }

/**
 * OverFeat's fast model: `[231, 231, 3]` -> `[1000]`. Sermanet et al., arXiv:1312.6229.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('overfeat_fast', { numClasses: 10 })
 * ```
 */
export const overfeatFast = variant('overfeat_fast', { parameters: 145_920_872, macs: 2_801_403_904 }, overfeat(fast))

/** OverFeat's accurate model: `[221, 221, 3]` -> `[1000]`. */
export const overfeatAccurate = variant(
  'overfeat_accurate',
  { parameters: 144_656_488, macs: 5_355_446_784, inputs: { input: [221, 221, 3] } },
  overfeat(accurate),
)
