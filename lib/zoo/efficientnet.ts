import { type AnySym, conv2d, dense, dropout, flatten, globalAvgPool, module, sequential } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'
import { mbConv, normSilu, pointwise, efficientNetStages as stages } from './mbconv.js'

const variant = defineFamily({
  family: 'efficientnet',
  task: 'image-classification',
  paper: {
    title: 'EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks',
    authors: 'Tan, Le',
    year: 2019,
    url: 'https://arxiv.org/abs/1905.11946',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: { crop: 1, interpolation: 'bicubic' },
})

const stemWidth = 32

/** What the probabilities of leaving a block out in training grow towards, evenly from 0 at the first. */
const dropRate = 0.2

interface Scaling {
  /** Channels, in parts of those of the table, rounded to multiples of 8. */
  readonly width: number
  /** Blocks per stage, in parts of those of the table, rounded up. */
  readonly depth: number
  /** Probability of the last dropout. */
  readonly dropout: number
  /** Of the batch norms; 1e-5 by default. */
  readonly eps?: number
}

/** One `sequential` per stage of the table. */
const scaledStages = ({ width, depth, eps = 1e-5 }: Scaling) => {
  const widths = [stemWidth, ...stages.map((stage) => stage.width)].map((channels) =>
    roundToMultiple(channels * width, 8),
  )
  const depths = stages.map((stage) => Math.ceil(stage.depth * depth))
  const blockCount = depths.reduce((sum, count) => sum + count, 0)
  let index = 0
  return stages.map(({ expansion, kernel, stride }, stage) =>
    sequential(
      ...Array.from({ length: depths[stage] as number }, (_, i) =>
        mbConv({
          inChannels: widths[i > 0 ? stage + 1 : stage] as number,
          outChannels: widths[stage + 1] as number,
          expansion,
          kernel,
          stride: i > 0 ? 1 : stride,
          dropRate: (dropRate * index++) / blockCount,
          eps,
        }),
      ),
    ),
  )
}

const efficientnet =
  (scaling: Scaling) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { width, eps = 1e-5 } = scaling
    const lastWidth = 4 * roundToMultiple(stages[6].width * width, 8)
    const stem = conv2d(roundToMultiple(stemWidth * width, 8), { kernel: 3, stride: 2, padding: 1, bias: false })
    const m = {
      features: sequential(normSilu(stem, eps), ...scaledStages(scaling), normSilu(pointwise(lastWidth), eps)),
      avgpool: globalAvgPool(),
      classifier: sequential(dropout({ p: scaling.dropout }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  }

/**
 * EfficientNet-B0: `[224, 224, 3]` -> `[1000]`. Tan and Le, arXiv:1905.11946.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('efficientnet_b0', { numClasses: 10 })
 * ```
 */
export const efficientnetB0 = variant(
  'efficientnet_b0',
  { parameters: 5_288_548, macs: 385_814_752, preprocessing: { crop: 0.875 } },
  efficientnet({ width: 1, depth: 1, dropout: 0.2 }),
)

/** EfficientNet-B1: `[240, 240, 3]` -> `[1000]`. */
export const efficientnetB1 = variant(
  'efficientnet_b1',
  {
    parameters: 7_794_184,
    macs: 686_802_832,
    inputs: { input: [240, 240, 3] },
    preprocessing: { resize: 255, interpolation: 'bilinear' },
  },
  efficientnet({ width: 1, depth: 1.1, dropout: 0.2 }),
)

/** EfficientNet-B2: `[288, 288, 3]` -> `[1000]`. */
export const efficientnetB2 = variant(
  'efficientnet_b2',
  { parameters: 9_109_994, macs: 1_087_529_456, inputs: { input: [288, 288, 3] } },
  efficientnet({ width: 1.1, depth: 1.2, dropout: 0.3 }),
)

/** EfficientNet-B3: `[300, 300, 3]` -> `[1000]`. */
export const efficientnetB3 = variant(
  'efficientnet_b3',
  { parameters: 12_233_232, macs: 1_827_141_392, inputs: { input: [300, 300, 3] }, preprocessing: { resize: 320 } },
  efficientnet({ width: 1.2, depth: 1.4, dropout: 0.3 }),
)

/** EfficientNet-B4: `[380, 380, 3]` -> `[1000]`. */
export const efficientnetB4 = variant(
  'efficientnet_b4',
  { parameters: 19_341_616, macs: 4_393_771_024, inputs: { input: [380, 380, 3] }, preprocessing: { resize: 384 } },
  efficientnet({ width: 1.4, depth: 1.8, dropout: 0.4 }),
)

/** EfficientNet-B5: `[456, 456, 3]` -> `[1000]`. */
export const efficientnetB5 = variant(
  'efficientnet_b5',
  { parameters: 30_389_784, macs: 10_266_384_752, inputs: { input: [456, 456, 3] } },
  efficientnet({ width: 1.6, depth: 2.2, dropout: 0.4, eps: 0.001 }),
)

/** EfficientNet-B6: `[528, 528, 3]` -> `[1000]`. */
export const efficientnetB6 = variant(
  'efficientnet_b6',
  { parameters: 43_040_704, macs: 19_067_593_536, inputs: { input: [528, 528, 3] } },
  efficientnet({ width: 1.8, depth: 2.6, dropout: 0.5, eps: 0.001 }),
)

/** EfficientNet-B7: `[600, 600, 3]` -> `[1000]`. */
export const efficientnetB7 = variant(
  'efficientnet_b7',
  { parameters: 66_347_960, macs: 37_745_884_192, inputs: { input: [600, 600, 3] } },
  efficientnet({ width: 2, depth: 3.1, dropout: 0.5, eps: 0.001 }),
)
