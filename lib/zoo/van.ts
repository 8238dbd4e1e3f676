import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  gelu,
  globalAvgPool,
  type Layer,
  largeKernelAttention,
  layerNorm,
  layerScale,
  module,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'van',
  task: 'image-classification',
  paper: {
    title: 'Visual Attention Network',
    authors: 'Guo, Lu, Liu, Cheng, Hu',
    year: 2022,
    url: 'https://arxiv.org/abs/2202.09741',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

const conv1x1 = (width: number) => conv2d(width, { kernel: 1 }) as Layer

const attention = (width: number) => {
  const m = { proj_1: conv1x1(width), spatial_gating_unit: largeKernelAttention(width), proj_2: conv1x1(width) }
  return module(m, (x: AnySym) => add(m.proj_2(m.spatial_gating_unit(gelu()(m.proj_1(x)))), x) as AnySym)
}

const mlp = (width: number, ratio: number) => {
  const dwconv = depthwiseConv2d({ kernel: 3, padding: 1 }) as Layer
  const m = { fc1: conv1x1(ratio * width), dwconv: { dwconv }, fc2: conv1x1(width) }
  return module(m, (x: AnySym) => m.fc2(gelu()(dwconv(m.fc1(x)))))
}

/** Attention, then a convolution of every pixel through `ratio` times as many channels, each of a norm and added, scaled. */
const block = (width: number, ratio: number) => {
  const m = {
    layer_scale_1: layerScale({ flat: true }),
    layer_scale_2: layerScale({ flat: true }),
    norm1: batchNorm(),
    attn: attention(width),
    norm2: batchNorm(),
    mlp: mlp(width, ratio),
  }
  return module(m, (x: AnySym) => {
    const attended = add(m.layer_scale_1(m.attn(m.norm1(x))), x) as AnySym
    return add(m.layer_scale_2(m.mlp(m.norm2(attended))), attended) as AnySym
  })
}

/** A convolution that reduces the size, overlapping itself, and its norm. */
const patches = (width: number, kernel: number, stride: number) => {
  const m = { proj: conv2d(width, { kernel, stride, padding: (kernel - 1) / 2 }), norm: batchNorm() }
  return module(m, (x: AnySym) => m.norm(m.proj(x)) as AnySym)
}

type PerStage = readonly [number, number, number, number]

const ratios: PerStage = [8, 8, 4, 4]

const van =
  (widths: PerStage, depths: PerStage) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const stages = widths.map((width, i) => ({
      patch_embed: i === 0 ? patches(width, 7, 4) : patches(width, 3, 2),
      block: sequential(
        ...Array.from({ length: depths[i] as number }, () => block(width, ratios[i] as number)),
      ) as Layer,
      norm: layerNorm({ eps: 1e-6 }),
    }))
    const named = stages.flatMap((stage, i) => Object.entries(stage).map(([name, layer]) => [`${name}${i + 1}`, layer]))
    const head = dense(numClasses)
    const mean = globalAvgPool()
    return module({ ...Object.fromEntries(named), head }, (x: AnySym) => {
      const features = stages.reduce((value, stage) => stage.norm(stage.block(stage.patch_embed(value))), x)
      return head(flatten(mean(features)))
    }) as Classifier<N>
  }

const wide: PerStage = [64, 128, 320, 512]

/**
 * VAN-B0: `[224, 224, 3]` -> `[1000]`. Guo et al., arXiv:2202.09741.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('van_b0', { numClasses: 10 })
 * ```
 */
export const vanB0 = variant(
  'van_b0',
  { parameters: 4_105_800, macs: 864_224_000 },
  van([32, 64, 160, 256], [3, 3, 5, 2]),
)

/** VAN-B1: `[224, 224, 3]` -> `[1000]`. */
export const vanB1 = variant('van_b1', { parameters: 13_861_800, macs: 2_495_262_720 }, van(wide, [2, 2, 4, 2]))

/** VAN-B2: `[224, 224, 3]` -> `[1000]`. */
export const vanB2 = variant('van_b2', { parameters: 26_578_472, macs: 4_992_773_120 }, van(wide, [3, 3, 12, 3]))

/** VAN-B3: `[224, 224, 3]` -> `[1000]`. */
export const vanB3 = variant('van_b3', { parameters: 44_765_608, macs: 8_925_292_032 }, van(wide, [3, 5, 27, 3]))

/** VAN-B4: `[224, 224, 3]` -> `[1000]`. */
export const vanB4 = variant('van_b4', { parameters: 60_283_176, macs: 12_143_756_288 }, van(wide, [3, 6, 40, 3]))

/** VAN-B5: `[224, 224, 3]` -> `[1000]`. */
export const vanB5 = variant(
  'van_b5',
  { parameters: 89_967_688, macs: 17_129_123_328 },
  van([96, 192, 480, 768], [3, 3, 24, 3]),
)

/** VAN-B6: `[224, 224, 3]` -> `[1000]`. */
export const vanB6 = variant(
  'van_b6',
  { parameters: 199_829_416, macs: 38_710_096_896 },
  van([96, 192, 384, 768], [6, 6, 90, 6]),
)
