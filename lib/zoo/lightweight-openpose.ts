import {
  type AnySym,
  add,
  batchNorm,
  concat,
  conv2d,
  depthwiseConv2d,
  elu,
  module,
  relu,
  sequential,
} from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'lightweight_openpose',
  task: 'pose-estimation',
  paper: {
    title: 'Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose',
    authors: 'Osokin',
    year: 2018,
    url: 'https://arxiv.org/abs/1811.12004',
  },
  inputs: { input: [256, 456, 3] },
  minInputSize: 1,
  preprocessing: { preset: 'unit', fit: 'contain', channelOrder: 'bgr', scale: 1 / 256, mean: 0.5 },
})

const keypoints = 19
const limbVectors = 38
const width = 128

/** MobileNet's blocks up to an eighth of the size; the seventh keeps it and dilates instead. */
const backbone: readonly { readonly width: number; readonly stride?: number; readonly dilation?: number }[] = [
  { width: 64 },
  { width: 128, stride: 2 },
  { width: 128 },
  { width: 256, stride: 2 },
  { width: 256 },
  { width: 512 },
  { width: 512, dilation: 2 },
  { width: 512 },
  { width: 512 },
  { width: 512 },
  { width: 512 },
]

const depthwise = (stride = 1, dilation = 1) =>
  depthwiseConv2d({ kernel: 3, stride, padding: dilation, dilation, bias: false })
const pointwise = (outChannels: number) => conv2d(outChannels, { kernel: 1, bias: false })

const separable = ({ width, stride, dilation }: (typeof backbone)[number]) =>
  sequential(depthwise(stride, dilation), batchNorm(), relu, pointwise(width), batchNorm(), relu)

const mobilenet = () =>
  sequential(
    sequential(conv2d(32, { kernel: 3, stride: 2, padding: 1, bias: false }), batchNorm(), relu),
    ...backbone.map(separable),
  )

const convRelu = (kernel: number, outChannels = width) =>
  sequential(conv2d(outChannels, { kernel, padding: 'same' }), relu)

/** Brings the backbone's channels down to those of the stages. */
const adapter = () => {
  const activation = elu()
  const separableElu = () => sequential(depthwise(), activation, pointwise(width), activation)
  const m = {
    align: convRelu(1),
    trunk: sequential(...Array.from({ length: 3 }, separableElu)),
    conv: convRelu(3),
  }
  return module(m, (x: AnySym) => {
    const aligned = m.align(x)
    return m.conv(add(aligned, m.trunk(aligned)))
  })
}

/** From what `trunk` makes: maps of where the keypoints are, and of the directions of the limbs. */
const stage = (trunk: (x: AnySym) => AnySym, hidden: number) => {
  const head = (outChannels: number) => sequential(convRelu(1, hidden), sequential(conv2d(outChannels, { kernel: 1 })))
  const m = { trunk, heatmaps: head(keypoints), pafs: head(limbVectors) }
  return module(m, (x: AnySym) => {
    const features = m.trunk(x)
    return { heatmaps: m.heatmaps(features), pafs: m.pafs(features) }
  })
}

const dilatedBlock = () => {
  const convNorm = (dilation: number) =>
    sequential(conv2d(width, { kernel: 3, padding: dilation, dilation }), batchNorm(), relu)
  const m = { initial: convRelu(1), trunk: sequential(convNorm(1), convNorm(2)) }
  return module(m, (x: AnySym) => {
    const reduced = m.initial(x)
    return add(reduced, m.trunk(reduced))
  })
}

/**
 * OpenPose on MobileNet with one stage of refinement: `[256, 456, 3]` -> `heatmaps1`, `pafs1` of the initial stage, `heatmaps2`,
 * `pafs2` of the refinement, `[32, 57, 19]` and `[32, 57, 38]`. Osokin, arXiv:1811.12004.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('lightweight_openpose', { inputSize: [256, 320] })
 * ```
 */
export const lightweightOpenpose = variant(
  'lightweight_openpose',
  { parameters: 4_091_698, macs: 7_656_013_824 },
  () => {
    const m = {
      model: mobilenet(),
      cpm: adapter(),
      initial_stage: stage(sequential(...Array.from({ length: 3 }, () => convRelu(3))), 512),
      refinement_stages: [stage(sequential(...Array.from({ length: 5 }, dilatedBlock)), width)] as const,
    }
    return module(m, (x: AnySym) => {
      const features = m.cpm(m.model(x))
      const { heatmaps: heatmaps1, pafs: pafs1 } = m.initial_stage(features)
      const [refine] = m.refinement_stages
      const { heatmaps: heatmaps2, pafs: pafs2 } = refine(concat(features, heatmaps1, pafs1))
      return { heatmaps1, pafs1, heatmaps2, pafs2 }
    })
  },
)
