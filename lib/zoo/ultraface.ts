import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv2d,
  depthwiseConv2d,
  identity,
  type Layer,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'
import { convNorm } from './blocks.js'
import { type AnchorOutputs, rowsOf } from './detection-heads.js'

const variant = defineFamily({
  family: 'ultraface',
  task: 'object-detection',
  paper: {
    title: 'Ultra-Light-Fast-Generic-Face-Detector-1MB',
    authors: 'linzai',
    year: 2019,
    url: 'https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB',
  },
  inputs: { input: [240, 320, 3] },
  minInputSize: 1,
  preprocessing: 'ultraface',
})

/** Filters every channel alone, then mixes them; a norm and ReLU after both. */
const separable = (width: number, stride = 1): Layer =>
  sequential(
    depthwiseConv2d({ kernel: 3, stride, padding: 1, bias: false }),
    batchNorm(),
    relu,
    conv2d(width, { kernel: 1, bias: false }),
    batchNorm(),
    relu,
  ) as Layer

interface Step {
  readonly width: number
  readonly kernel: number
  readonly dilation?: number
  readonly activation?: Layer
}

const step = ({ width, kernel, dilation = 1, activation = identity }: Step): Layer => {
  const padding = (dilation * (kernel - 1)) / 2
  const m = { conv: conv2d(width, { kernel, padding, dilation, bias: false }), bn: batchNorm() }
  return module(m, (x: AnySym) => activation(m.bn(m.conv(x)) as AnySym))
}

/** Sees a map at three distances, as the receptive fields of the retina: Liu et al., RFB Net, arXiv:1711.07767. */
const receptiveFieldBlock = (width: number): Layer => {
  const narrow = width / 8
  const branch = (dilation: number, middle: readonly number[]) =>
    sequential(
      step({ width: narrow, kernel: 1 }),
      ...middle.map((channels) => step({ width: channels, kernel: 3, activation: relu })),
      step({ width: 2 * narrow, kernel: 3, dilation }),
    ) as Layer
  const branches = {
    branch0: branch(2, [2 * narrow]),
    branch1: branch(3, [2 * narrow]),
    branch2: branch(5, [1.5 * narrow, 2 * narrow]),
  }
  const m = {
    ...branches,
    ConvLinear: convNorm(width, { kernel: 1, activation: identity }) as Layer,
    shortcut: convNorm(width, { kernel: 1, activation: identity }) as Layer,
  }
  return module(m, (x: AnySym) => {
    const seen = concat(...Object.values(branches).map((layer) => layer(x))) as AnySym
    return relu(add(m.ConvLinear(seen), m.shortcut(x)) as AnySym)
  })
}

/** A 3 x 3 convolution for every channel alone, then one by 1 x 1. */
const separableHead = (width: number, stride = 1): Layer =>
  sequential(depthwiseConv2d({ kernel: 3, stride, padding: 1 }), relu, conv2d(width, { kernel: 1 })) as Layer

/** Boxes around a pixel of each map. */
const boxesPerPixel = [3, 2, 2, 3]

const heads = (width: number): readonly Layer[] =>
  boxesPerPixel.map((boxes, i) =>
    i < 3 ? separableHead(boxes * width) : (conv2d(boxes * width, { kernel: 3, padding: 1 }) as Layer),
  )

/** Layers up to each of the first three maps. */
const mapEnds = [8, 11, 13]

const ultraface = (middle: () => Layer) => () => {
  const base_net = [
    sequential(conv2d(16, { kernel: 3, stride: 2, padding: 1, bias: false }), batchNorm(), relu) as Layer,
    ...[separable(32), separable(32, 2), separable(32), separable(64, 2), separable(64), separable(64), middle()],
    ...[separable(128, 2), separable(128), separable(128), separable(256, 2), separable(256)],
  ]
  const stages = mapEnds.map((end, i) => base_net.slice(mapEnds[i - 1] ?? 0, end))
  const last = sequential(conv2d(64, { kernel: 1 }), relu, separableHead(256, 2), relu) as Layer
  const m = { base_net, extras: [last], regression_headers: heads(4), classification_headers: heads(2) }
  return module(m, (x: AnySym): AnchorOutputs => {
    const maps: AnySym[] = []
    for (const layers of stages) maps.push(layers.reduce((value, layer) => layer(value), maps.at(-1) ?? x))
    maps.push(last(maps.at(-1) as AnySym))
    const on = (layers: readonly Layer[]) => maps.map((map, i) => (layers[i] as Layer)(map))
    return { deltas: rowsOf(on(m.regression_headers), 4), logits: rowsOf(on(m.classification_headers), 2) }
  })
}

/**
 * A face detector of a megabyte: `[240, 320, 3]` -> `deltas` `[4420, 4]` and `logits` `[4420, 2]`, which `decodeSsd` makes boxes of. By
 * linzai, 2019.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('ultraface_rfb_320', { inputSize: [480, 640] })
 * ```
 */
export const ultrafaceRfb320 = variant(
  'ultraface_rfb_320',
  { parameters: 276_292, macs: 100_418_560 },
  ultraface(() => receptiveFieldBlock(64)),
)

/** The same without the block that looks at three distances: `[240, 320, 3]` -> `deltas` `[4420, 4]`, `logits` `[4420, 2]`. */
export const ultrafaceSlim320 = variant(
  'ultraface_slim_320',
  { parameters: 260_188, macs: 81_410_560 },
  ultraface(() => separable(64)),
)
