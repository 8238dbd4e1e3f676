import {
  type AnySym,
  conv1d,
  dense,
  dropout,
  flatten,
  globalMaxPool,
  type Layer,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'name_cnn',
  task: 'text-classification',
  paper: {
    title: 'Predicting Twitter User Demographics from Names Alone',
    authors: 'Wood-Doughty, Andrews, Marvin, Dredze',
    year: 2018,
    url: 'https://aclanthology.org/W18-1114/',
  },
  inputs: { input: [32, 2000] },
  minInputSize: 1,
  numClasses: 2,
})

const width = 256

/** The released code has nothing between its convolutions. */
const dilations = [1, 2, 4] as const

/**
 * Dilated convolutions over the characters of a name, and two dense layers over the largest values: one-hot characters `[32, 2000]` ->
 * `[2]`. The released code puts a sigmoid behind. Wood-Doughty et al., PEOPLES 2018.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('name_cnn', { inChannels: 128 })
 * ```
 */
export const nameCnn = variant(
  'name_cnn',
  { parameters: 1_168_898, macs: 35_324_416 },
  <const N extends number = 2>({ numClasses = 2 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const conv = (dilation: number) => conv1d(width, { kernel: 3, dilation, padding: 'same' })
    const m = {
      embedding: conv1d(width, { kernel: 1, bias: false }) as Layer,
      convs: sequential(...dilations.map(conv)) as Layer,
      pool: globalMaxPool() as Layer,
      fc1: dense(width) as Layer,
      dropout: dropout() as Layer,
      fc2: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const largest = flatten(m.pool(m.convs(m.embedding(x))))
      return m.fc2(m.dropout(relu(m.fc1(largest))))
    }) as Classifier<N>
  },
)
