import { type AnySym, add, dense, flatten, globalAvgPool, identity, maxPool2d, module, relu } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm, stagesOfUnits } from './blocks.js'

const variant = defineFamily({
  family: 'squeezenext',
  task: 'image-classification',
  paper: {
    title: 'SqueezeNext: Hardware-Aware Neural Network Design',
    authors: 'Gholami, Kwon, Wu, Tai, Yue, Jin, Zhao, Keutzer',
    year: 2018,
    url: 'https://arxiv.org/abs/1803.10615',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 7,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const conv = (width: number, kernel: number | readonly [number, number], stride = 1) =>
  convNorm(width, { kernel, stride, bias: true, activation: relu })

interface UnitOptions {
  readonly inChannels: number
  readonly outChannels: number
  readonly stride: number
}

/** What the first convolution of a unit leaves of its channels. */
const reductionOf = ({ inChannels, outChannels, stride }: UnitOptions): number => {
  if (stride === 2) return 1
  return inChannels > outChannels ? 4 : 2
}

/** The paper's figure 2: two reductions, a row and a column instead of 3 x 3, an expansion, the input added. */
const unit = (options: UnitOptions) => {
  const { inChannels, outChannels, stride } = options
  const reduced = inChannels / reductionOf(options)
  const layers = [
    conv(reduced, 1, stride),
    conv(reduced / 2, 1),
    conv(reduced, [1, 3]),
    conv(reduced, [3, 1]),
    conv(outChannels, 1),
  ]
  const shortcut = inChannels === outChannels && stride === 1 ? identity : conv(outChannels, 1, stride)
  const m = { ...Object.fromEntries(layers.map((layer, i) => [`conv${i + 1}`, layer])), identity_conv: shortcut }
  return module(m, (x: AnySym) =>
    relu(
      add(
        layers.reduce((value, layer) => layer(value), x),
        shortcut(x),
      ),
    ),
  )
}

type Depths = readonly [number, number, number, number]

/** The paper's depths of its first version, and of the fifth, which has more blocks where they cost less. */
const version1: Depths = [6, 6, 8, 1]
const version5: Depths = [2, 4, 14, 1]

const squeezenext =
  (depths: Depths, scale: number) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    let inChannels = 64 * scale
    const stem = convNorm(inChannels, { kernel: 7, stride: 2, padding: 1, bias: true, activation: relu })
    const pool = maxPool2d({ kernel: 3, stride: 2, ceil: true })
    const stages = depths.map((depth, stage) =>
      Array.from({ length: depth }, (_, i) => {
        const outChannels = 32 * 2 ** stage * scale
        const made = unit({ inChannels, outChannels, stride: i === 0 && stage > 0 ? 2 : 1 })
        inChannels = outChannels
        return made
      }),
    )
    const last = conv(128 * scale, 1)
    const m = {
      features: { init_block: { conv: stem }, ...stagesOfUnits(stages), final_block: last },
      pool: globalAvgPool(),
      output: dense(numClasses),
    }
    return module(m, (x: AnySym) => {
      const features = stages.flat().reduce((value, layer) => layer(value), pool(stem(x)) as AnySym)
      return m.output(flatten(m.pool(last(features))))
    })
  }

/**
 * SqueezeNext-23: `[224, 224, 3]` -> `[1000]`. Gholami et al., arXiv:1803.10615.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('sqnxt23_w1', { numClasses: 10 })
 * ```
 */
export const squeezenext23_w1 = variant(
  'sqnxt23_w1',
  { parameters: 724_056, macs: 275_920_640 },
  squeezenext(version1, 1),
)

/** SqueezeNext-23 with 1.5 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const squeezenext23_w3d2 = variant(
  'sqnxt23_w3d2',
  { parameters: 1_511_824, macs: 535_347_840 },
  squeezenext(version1, 1.5),
)

/** SqueezeNext-23 with twice the channels: `[224, 224, 3]` -> `[1000]`. */
export const squeezenext23_w2 = variant(
  'sqnxt23_w2',
  { parameters: 2_583_752, macs: 875_752_960 },
  squeezenext(version1, 2),
)

/** SqueezeNext-23 v5: `[224, 224, 3]` -> `[1000]`. */
export const squeezenext23v5_w1 = variant(
  'sqnxt23v5_w1',
  { parameters: 921_816, macs: 276_943_616 },
  squeezenext(version5, 1),
)

/** SqueezeNext-23 v5 with 1.5 times the channels: `[224, 224, 3]` -> `[1000]`. */
export const squeezenext23v5_w3d2 = variant(
  'sqnxt23v5_w3d2',
  { parameters: 1_953_616, macs: 537_649_536 },
  squeezenext(version5, 1.5),
)

/** SqueezeNext-23 v5 with twice the channels: `[224, 224, 3]` -> `[1000]`. */
export const squeezenext23v5_w2 = variant(
  'sqnxt23v5_w2',
  { parameters: 3_366_344, macs: 879_844_864 },
  squeezenext(version5, 2),
)
