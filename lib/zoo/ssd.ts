import {
  type AnySym,
  batchNorm,
  conv2d,
  depthwiseConv2d,
  type Layer,
  l2Normalize,
  layerScale,
  maxPool2d,
  module,
  relu,
  relu6,
  sequential,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'
import { type AnchorOutputs, rowsOf } from './detection-heads.js'
import { blockLayers, features, large } from './mobilenet-v3-body.js'

const paper = {
  title: 'SSD: Single Shot MultiBox Detector',
  authors: 'Liu, Anguelov, Erhan, Szegedy, Reed, Fu, Berg',
  year: 2015,
  url: 'https://arxiv.org/abs/1512.02325',
} as const

const variant = defineFamily({
  family: 'ssd',
  task: 'object-detection',
  paper,
  inputs: { input: [300, 300, 3] },
  minInputSize: 268,
  numClasses: 21,
  preprocessing: 'ssd',
})

const conv = (width: number, kernel: number, options: object = {}): Layer =>
  conv2d(width, { kernel, padding: (kernel - 1) / 2, ...options }) as Layer

/** Channels of VGG-16's convolutions and, between them, how its pools differ from the usual 2 x 2. */
const vgg: readonly (number | { readonly ceil?: boolean })[] = [
  ...[64, 64, {}, 128, 128, {}, 256, 256, 256, { ceil: true }],
  ...[512, 512, 512, {}, 512, 512, 512],
]

/** VGG-16 with its dense layers as convolutions; a list whose places are the names. */
const vggLayers = (): readonly Layer[] => [
  ...vgg.flatMap((line) =>
    typeof line === 'number' ? [conv(line, 3), relu as Layer] : [maxPool2d({ kernel: 2, ...line }) as Layer],
  ),
  maxPool2d({ kernel: 3, stride: 1, padding: 1 }) as Layer,
  conv(1024, 3, { padding: 6, dilation: 6 }),
  relu,
  conv(1024, 1),
  relu,
]

/** Layers of VGG-16 up to conv4_3 and its ReLU, the first map that boxes are found in. */
const firstMap = 23

const apply = (layers: readonly Layer[], x: AnySym): AnySym => layers.reduce((value, layer) => layer(value), x)

/** The maps that boxes are found in, from fine to coarse: one in the middle of VGG-16, its last, one behind each two of `extras`. */
const mapsOf = (base: readonly Layer[], rescale: Layer, extras: readonly Layer[], x: AnySym): readonly AnySym[] => {
  const fine = apply(base.slice(0, firstMap), x)
  const maps = [rescale(fine), apply(base.slice(firstMap), fine)]
  for (let i = 0; i < extras.length; i += 2) {
    const hidden = relu((extras[i] as Layer)(maps.at(-1) as AnySym))
    maps.push(relu((extras[i + 1] as Layer)(hidden)))
  }
  return maps
}

/** What the heads find on each map: a row for every box. */
const outputsOf = (maps: readonly AnySym[], loc: readonly Layer[], conf: readonly Layer[], numClasses: number) => {
  const on = (heads: readonly Layer[]) => maps.map((map, i) => (heads[i] as Layer)(map))
  return { deltas: rowsOf(on(loc), 4), logits: rowsOf(on(conf), numClasses) }
}

interface SsdOptions {
  /** The layers behind VGG-16, two for each further map. */
  readonly extras: () => readonly Layer[]
  /** Boxes around a pixel of each map. */
  readonly boxesPerPixel: readonly number[]
}

const ssdVgg =
  ({ extras: makeExtras, boxesPerPixel }: SsdOptions) =>
  ({ numClasses = 21 }: ClassifierOptions = {}) => {
    const base = vggLayers()
    const extras = makeExtras()
    const heads = (width: number) => boxesPerPixel.map((boxes) => conv(boxes * width, 3))
    const m = {
      vgg: base,
      L2Norm: { weight: layerScale({ flat: true }) as Layer },
      extras,
      loc: heads(4),
      conf: heads(numClasses),
    }
    const unitLength = l2Normalize({ eps: 1e-10 }) as Layer
    return module(m, (x: AnySym): AnchorOutputs => {
      const maps = mapsOf(base, (fine) => m.L2Norm.weight(unitLength(fine)), extras, x)
      return outputsOf(maps, m.loc, m.conf, numClasses)
    })
  }

/** Reduces the channels, then halves the map. */
const halving = (hidden: number, width: number) => [conv(hidden, 1), conv(width, 3, { stride: 2 })]

/** Reduces the channels, then cuts the border off. */
const shrinking = () => [conv(128, 1), conv(256, 3, { padding: 0 })]

const boxesPerPixel300 = [4, 6, 6, 6, 4, 4]

const extras300 = () => [...halving(256, 512), ...halving(128, 256), ...shrinking(), ...shrinking()]

/**
 * SSD300 on VGG-16: `[300, 300, 3]` -> `deltas` `[8732, 4]` and `logits` `[8732, 21]`, which `decodeSsd` makes boxes of, with
 * `ssdBoxes.ssd300_vgg`. Liu et al., arXiv:1512.02325.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ssd300_vgg', { numClasses: 3 })
 * ```
 */
export const ssd300Vgg = variant(
  'ssd300_vgg',
  { parameters: 26_285_486, macs: 31_373_537_792 },
  ssdVgg({ extras: extras300, boxesPerPixel: boxesPerPixel300 }),
)

/** The first layer of VGG-16's that is made of a dense one. */
const firstDense = 30

/**
 * SSD300 on VGG-16 under torchvision's names, for the classes of COCO: `[300, 300, 3]` -> `deltas` `[8732, 4]` and `logits` `[8732, 91]`,
 * which `decodeSsd` makes boxes of, with `ssdBoxes.ssd300_vgg16`. Liu et al., arXiv:1512.02325.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ssd300_vgg16', { numClasses: 3 })
 * ```
 */
export const ssd300Vgg16 = variant(
  'ssd300_vgg16',
  { parameters: 35_641_826, macs: 34_858_153_472, numClasses: 91 },
  ({ numClasses = 91 }: ClassifierOptions = {}) => {
    const base = vggLayers()
    const extras = extras300()
    const pairs = [0, 2, 4, 6].map((i) => ({ 0: extras[i] as Layer, 2: extras[i + 1] as Layer }))
    const heads = (width: number) => ({
      module_list: boxesPerPixel300.map((boxes) => conv(boxes * width, 3)),
    })
    const backbone = {
      scale_weight: layerScale({ flat: true }) as Layer,
      features: base.slice(0, firstMap),
      extra: [[...base.slice(firstMap, firstDense), base.slice(firstDense)], ...pairs],
    }
    const head = { classification_head: heads(numClasses), regression_head: heads(4) }
    const unitLength = l2Normalize() as Layer
    return module({ backbone, head }, (x: AnySym): AnchorOutputs => {
      const maps = mapsOf(base, (fine) => backbone.scale_weight(unitLength(fine)), extras, x)
      return outputsOf(maps, head.regression_head.module_list, head.classification_head.module_list, numClasses)
    })
  },
)

/**
 * SSD512 on VGG-16: `[512, 512, 3]` -> `deltas` `[24564, 4]` and `logits` `[24564, 21]`, which `decodeSsd` makes boxes of, with
 * `ssdBoxes.ssd512_vgg`. Liu et al., arXiv:1512.02325.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ssd512_vgg', { numClasses: 3 })
 * ```
 */
export const ssd512Vgg = variant(
  'ssd512_vgg',
  { parameters: 27_188_676, macs: 90_207_908_864, inputs: { input: [512, 512, 3] }, preprocessing: 'ssd512' },
  ssdVgg({
    extras: () => [
      ...[halving(256, 512), halving(128, 256), halving(128, 256), halving(128, 256)].flat(),
      ...[conv(128, 1), conv(256, 4, { padding: 1 })],
    ],
    boxesPerPixel: [4, 6, 6, 6, 6, 4, 4],
  }),
)

const liteVariant = defineFamily({
  family: 'ssdlite',
  task: 'object-detection',
  paper: {
    title: 'MobileNetV2: Inverted Residuals and Linear Bottlenecks',
    authors: 'Sandler, Howard, Zhu, Zhmoginov, Chen',
    year: 2018,
    url: 'https://arxiv.org/abs/1801.04381',
  },
  inputs: { input: [320, 320, 3] },
  minInputSize: 1,
  numClasses: 91,
  preprocessing: 'ssdlite',
})

const norm = () => batchNorm({ eps: 1e-3 })

const pointwise = (width: number) => sequential(conv2d(width, { kernel: 1, bias: false }), norm(), relu6) as Layer

const filter = (stride: number) =>
  sequential(depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false }), norm(), relu6) as Layer

/** Table 1 of MobileNet v3 with half of the channels from the last halving on. */
const halvedTail = large.map((line, i) =>
  i < 12 ? line : { ...line, width: line.width / 2, expanded: i === 12 ? line.expanded : line.expanded / 2 },
)

const liteBoxesPerPixel = 6

/**
 * SSDLite on MobileNet v3 Large: `[320, 320, 3]` -> `deltas` `[3234, 4]` and `logits` `[3234, 91]`, which `decodeSsd` makes boxes of.
 * Sandler et al., arXiv:1801.04381; Howard et al., arXiv:1905.02244.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ssdlite320_mobilenet_v3_large', { numClasses: 3 })
 * ```
 */
export const ssdlite320MobilenetV3Large = liteVariant(
  'ssdlite320_mobilenet_v3_large',
  { parameters: 3_440_060, macs: 583_171_904 },
  ({ numClasses = 91 }: ClassifierOptions = {}) => {
    const layers = features(halvedTail, 480)
    const [expand, ...rest] = blockLayers(112, halvedTail[12] as (typeof large)[number]) as [Layer, ...Layer[]]
    // The layers of the block that is cut in two keep their numbers.
    const cut = Object.fromEntries(rest.map((layer, i) => [i + 1, layer]))
    const stages = [
      [...layers.slice(0, 13), expand],
      [...rest, ...layers.slice(14)],
    ] as const
    const numbered = { 0: stages[0], 1: [cut, ...layers.slice(14)] }
    const extra = [
      [256, 512],
      [128, 256],
      [128, 256],
      [64, 128],
    ].map(([hidden, width]) => [pointwise(hidden as number), filter(2), pointwise(width as number)])
    const heads = (width: number) =>
      Array.from({ length: 6 }, () => sequential(filter(1), conv2d(liteBoxesPerPixel * width, { kernel: 1 })) as Layer)
    const head = {
      classification_head: { module_list: heads(numClasses) },
      regression_head: { module_list: heads(4) },
    }
    return module({ backbone: { features: numbered, extra }, head }, (x: AnySym): AnchorOutputs => {
      const fine = apply(stages[0], x)
      const maps = [fine, apply(stages[1], fine)]
      for (const block of extra) maps.push(apply(block, maps.at(-1) as AnySym))
      const on = (list: readonly Layer[]) => maps.map((map, i) => (list[i] as Layer)(map))
      return {
        deltas: rowsOf(on(head.regression_head.module_list), 4),
        logits: rowsOf(on(head.classification_head.module_list), numClasses),
      }
    })
  },
)
