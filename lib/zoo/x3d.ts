import {
  type AnySym,
  add,
  batchNorm,
  conv3d,
  dense,
  depthwiseConv3d,
  dropout,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  module,
  multiply,
  relu,
  sequential,
  sigmoid,
  silu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { roundToMultiple } from './blocks.js'

const variant = defineFamily({
  family: 'x3d',
  task: 'video-classification',
  paper: {
    title: 'X3D: Expanding Architectures for Efficient Video Recognition',
    authors: 'Feichtenhofer',
    year: 2020,
    url: 'https://arxiv.org/abs/2004.04730',
  },
  inputs: { input: [16, 224, 224, 3] },
  minInputSize: 1,
  numClasses: 400,
  preprocessing: { crop: 0.875, mean: 0.45, std: 0.225 },
})

const pointwise = (width: number, stride = 1): Layer =>
  conv3d(width, { kernel: 1, stride: [1, stride, stride], bias: false })

/** Weighs channels by their means over the clip. */
const excite = (width: number): Layer => {
  const m = {
    mean: globalAvgPool() as Layer,
    block: sequential(
      conv3d(roundToMultiple(width / 16, 8), { kernel: 1 }),
      relu,
      conv3d(width, { kernel: 1 }),
      sigmoid,
    ) as Layer,
  }
  return module(m, (x: AnySym) => multiply(x, m.block(m.mean(x))) as AnySym)
}

interface BlockOptions {
  readonly width: number
  readonly stride: number
  /** Whether the input has other channels than the output. */
  readonly widens: boolean
  /** Whether the filtered channels are weighed. */
  readonly excites: boolean
}

/** Expands, filters every channel alone in space and time, projects back, and a shortcut past all that. */
const block = ({ width, stride, widens, excites }: BlockOptions): Layer => {
  const inner = Math.floor(2.25 * width)
  const branch = {
    conv_a: pointwise(inner),
    norm_a: batchNorm() as Layer,
    conv_b: depthwiseConv3d({ kernel: 3, stride: [1, stride, stride], padding: 1, bias: false }) as Layer,
    norm_b: sequential(batchNorm(), excites ? excite(inner) : identity) as Layer,
    conv_c: pointwise(width),
    norm_c: batchNorm() as Layer,
  }
  const branch2 = module(branch, (x: AnySym) => {
    const filtered = branch.norm_b(branch.conv_b(relu(branch.norm_a(branch.conv_a(x)))))
    return branch.norm_c(branch.conv_c(silu(filtered)))
  })
  const m = {
    branch1_conv: widens || stride > 1 ? pointwise(width, stride) : identity,
    branch1_norm: widens ? (batchNorm() as Layer) : identity,
    branch2,
  }
  return module(m, (x: AnySym) => relu(add(m.branch1_norm(m.branch1_conv(x)), m.branch2(x))))
}

/** Halves the size; every second block weighs its channels, the first one too. */
const stage = (width: number, depth: number, widens: boolean) => ({
  res_blocks: sequential(
    ...Array.from({ length: depth }, (_, i) =>
      block({ width, stride: i === 0 ? 2 : 1, widens: widens && i === 0, excites: i % 2 === 0 }),
    ),
  ) as Layer,
})

/** Filters in space, then every channel alone in time. */
const stemOf = (width: number) => ({
  conv: {
    conv_t: conv3d(width, { kernel: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1], bias: false }) as Layer,
    conv_xy: depthwiseConv3d({ kernel: [5, 1, 1], padding: [2, 0, 0], bias: false }) as Layer,
  },
  norm: batchNorm() as Layer,
})

/** The paper's table 1 before it is made wider. */
const widths = [12, 24, 48, 96] as const

/** The paper's table 1 before it is made deeper. */
const depths = [1, 2, 5, 3] as const

interface Expansion {
  readonly depth: number
  /** 2 by default. */
  readonly width?: number
}

const x3d =
  ({ depth: depthFactor, width: widthFactor = 2 }: Expansion) =>
  <const N extends number = 400>({ numClasses = 400 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const widened = widths.map((width) => roundToMultiple(width * widthFactor, 8))
    const stem = stemOf(widened[0] as number)
    const stages = widened.map((width, i) => stage(width, Math.ceil(depthFactor * (depths[i] as number)), i > 0))
    const pool = {
      pre_conv: pointwise(Math.floor(2.25 * (widened[3] as number))),
      pre_norm: batchNorm() as Layer,
      pool: globalAvgPool() as Layer,
      post_conv: pointwise(2048),
    }
    const head = { pool, dropout: dropout({ p: 0.5 }) as Layer, proj: dense(numClasses) }
    return module({ blocks: [stem, ...stages, head] }, (x: AnySym) => {
      const reduced = relu(stem.norm(stem.conv.conv_xy(stem.conv.conv_t(x))))
      const features = stages.reduce((y, { res_blocks }) => res_blocks(y), reduced)
      const means = pool.pool(relu(pool.pre_norm(pool.pre_conv(features))))
      return head.proj(flatten(head.dropout(relu(pool.post_conv(means)))))
    }) as Classifier<N>
  }

/**
 * X3D-XS, of four frames: `[4, 160, 160, 3]` -> `[400]`. Feichtenhofer, arXiv:2004.04730.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('x3d_xs', { numClasses: 10, inputSize: [8, 112, 112] })
 * ```
 */
export const x3dXs = variant(
  'x3d_xs',
  { inputs: { input: [4, 160, 160, 3] }, preprocessing: { resize: 182 }, parameters: 3_794_274, macs: 605_256_512 },
  x3d({ depth: 2.2 }),
)

/** X3D-S: `[13, 160, 160, 3]` -> `[400]`. */
export const x3dS = variant(
  'x3d_s',
  { inputs: { input: [13, 160, 160, 3] }, preprocessing: { resize: 182 }, parameters: 3_794_274, macs: 1_962_892_112 },
  x3d({ depth: 2.2 }),
)

/** X3D-M: `[16, 224, 224, 3]` -> `[400]`. */
export const x3dM = variant('x3d_m', { parameters: 3_794_274, macs: 4_732_468_736 }, x3d({ depth: 2.2 }))

/** X3D-L, deeper: `[16, 312, 312, 3]` -> `[400]`. */
export const x3dL = variant(
  'x3d_l',
  { inputs: { input: [16, 312, 312, 3] }, preprocessing: { resize: 356 }, parameters: 6_153_384, macs: 18_367_710_176 },
  x3d({ depth: 5 }),
)

/**
 * X3D-XL, wider too: `[16, 312, 312, 3]` -> `[400]`. The code that was published has no configuration of it: the width is the one
 * whose multiply-accumulates at 356 x 356 are the 48.4 billion that are reported.
 */
export const x3dXl = variant(
  'x3d_xl',
  {
    inputs: { input: [16, 312, 312, 3] },
    preprocessing: { resize: 356 },
    parameters: 11_095_840,
    macs: 35_837_627_616,
  },
  x3d({ depth: 5, width: 2.9 }),
)
