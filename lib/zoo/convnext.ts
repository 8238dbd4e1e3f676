import {
  type AnySym,
  add,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  gelu,
  globalAvgPool,
  identity,
  layerNorm,
  layerScale,
  module,
  pointwiseDense,
  sequential,
  stochasticDepth,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { type Configuration as Sizes, convnext as timmConvnext } from './convnext-body.js'

const variant = defineFamily({
  family: 'convnext',
  task: 'image-classification',
  paper: {
    title: 'A ConvNet for the 2020s',
    authors: 'Liu, Mao, Wu, Feichtenhofer, Darrell, Xie',
    year: 2022,
    url: 'https://arxiv.org/abs/2201.03545',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  numClasses: 1000,
  preprocessing: { interpolation: 'bicubic' },
})

/**
 * Filters every channel alone, mixes the normalised channels of every pixel through four times as many, and adds that, scaled. The
 * identities hold the places where the reference moves the channels to the end and back.
 */
const block = (width: number, dropRate: number) => {
  const m = {
    layer_scale: layerScale(),
    block: sequential(
      depthwiseConv2d({ kernel: 7, padding: 3 }),
      identity,
      layerNorm(),
      pointwiseDense(4 * width),
      gelu(),
      pointwiseDense(width),
      identity,
    ),
    stochastic_depth: stochasticDepth({ p: dropRate }),
  }
  return module(m, (x: AnySym) => add(m.stochastic_depth(m.layer_scale(m.block(x) as AnySym)), x))
}

interface Configuration {
  readonly widths: readonly [number, number, number, number]
  readonly depths: readonly [number, number, number, number]
  /** Of the last block; the first has none, and it grows evenly between them. */
  readonly dropRate: number
}

/** Stages with a halving of the size between them, as the list of the layers. */
const stages = ({ widths, depths, dropRate }: Configuration) => {
  const lastBlock = depths.reduce((sum, depth) => sum + depth, -1)
  let index = 0
  return widths.flatMap((width, stage) => {
    const blocks = Array.from({ length: depths[stage] as number }, () => block(width, (dropRate * index++) / lastBlock))
    const halving = sequential(layerNorm(), conv2d(width, { kernel: 2, stride: 2 }))
    return stage === 0 ? [sequential(...blocks)] : [halving, sequential(...blocks)]
  })
}

const convnext =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const patches = conv2d(configuration.widths[0], { kernel: 4, stride: 4 })
    const m = {
      features: sequential(sequential(patches, layerNorm()), ...stages(configuration)),
      avgpool: globalAvgPool(),
      classifier: sequential(layerNorm(), flatten, dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(m.avgpool(m.features(x)))) as Classifier<N>
  }

/**
 * ConvNeXt-T: `[224, 224, 3]` -> `[1000]`. Liu et al., arXiv:2201.03545.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('convnext_tiny', { numClasses: 10 })
 * ```
 */
export const convnextTiny = variant(
  'convnext_tiny',
  { parameters: 28_589_128, macs: 4_455_531_264, preprocessing: { resize: 236, interpolation: 'bilinear' } },
  convnext({ widths: [96, 192, 384, 768], depths: [3, 3, 9, 3], dropRate: 0.1 }),
)

/** ConvNeXt-S: `[224, 224, 3]` -> `[1000]`. */
export const convnextSmall = variant(
  'convnext_small',
  { parameters: 50_223_688, macs: 8_683_712_256, preprocessing: { resize: 230, interpolation: 'bilinear' } },
  convnext({ widths: [96, 192, 384, 768], depths: [3, 3, 27, 3], dropRate: 0.4 }),
)

/** ConvNeXt-B: `[224, 224, 3]` -> `[1000]`. */
export const convnextBase = variant(
  'convnext_base',
  { parameters: 88_591_464, macs: 15_354_729_472, preprocessing: { crop: 224 / 232, interpolation: 'bilinear' } },
  convnext({ widths: [128, 256, 512, 1024], depths: [3, 3, 27, 3], dropRate: 0.5 }),
)

/** ConvNeXt-L: `[224, 224, 3]` -> `[1000]`. */
export const convnextLarge = variant(
  'convnext_large',
  { parameters: 197_767_336, macs: 34_361_433_600, preprocessing: { crop: 224 / 232, interpolation: 'bilinear' } },
  convnext({ widths: [192, 384, 768, 1536], depths: [3, 3, 27, 3], dropRate: 0.5 }),
)

const sized = (sizes: Omit<Sizes, 'responds'>) => timmConvnext({ ...sizes, responds: false })

/** ConvNeXt-Atto under timm's names: `[224, 224, 3]` -> `[1000]`. */
export const convnextAtto = variant(
  'convnext_atto',
  { parameters: 3_695_520, macs: 547_332_480 },
  sized({ width: 40, depths: [2, 2, 6, 2], mixing: 'conv' }),
)

/** ConvNeXt-Femto under timm's names: `[224, 224, 3]` -> `[1000]`. */
export const convnextFemto = variant(
  'convnext_femto',
  { parameters: 5_217_784, macs: 779_629_824 },
  sized({ width: 48, depths: [2, 2, 6, 2], mixing: 'conv' }),
)

/** ConvNeXt-Pico under timm's names: `[224, 224, 3]` -> `[1000]`. */
export const convnextPico = variant(
  'convnext_pico',
  { parameters: 9_045_672, macs: 1_367_055_360 },
  sized({ width: 64, depths: [2, 2, 6, 2], mixing: 'conv' }),
)

/** ConvNeXt-Nano under timm's names: `[224, 224, 3]` -> `[1000]`. */
export const convnextNano = variant(
  'convnext_nano',
  { parameters: 15_593_560, macs: 2_445_528_320, preprocessing: { crop: 0.95 } },
  sized({ width: 80, depths: [2, 2, 8, 2], mixing: 'conv' }),
)

/** ConvNeXt-XL under timm's names: `[224, 224, 3]` -> `[1000]`. */
export const convnextXLarge = variant(
  'convnext_xlarge',
  { parameters: 350_196_968, macs: 60_921_030_656 },
  sized({ width: 256, depths: [3, 3, 27, 3], mixing: 'dense' }),
)
