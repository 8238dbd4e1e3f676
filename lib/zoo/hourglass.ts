import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  identity,
  maxPool2d,
  module,
  relu,
  resize,
  sequential,
} from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'hourglass',
  task: 'pose-estimation',
  paper: {
    title: 'Stacked Hourglass Networks for Human Pose Estimation',
    authors: 'Newell, Yang, Deng',
    year: 2016,
    url: 'https://arxiv.org/abs/1603.06937',
  },
  inputs: { input: [256, 256, 3] },
  minInputSize: 64,
  inputMultiple: 64,
  numClasses: 16,
  preprocessing: { preset: 'unit', mean: [0.4404, 0.444, 0.4327] },
})

/** How often an hourglass halves the size. */
const depth = 4

const conv1x1 = (width: number) => conv2d(width, { kernel: 1 })
const halve = maxPool2d({ kernel: 2 })
const double = resize({ scaleFactor: 2 })

/** A bottleneck with its norms before the convolutions; `project` when its input has other channels than its output. */
const residual = (width: number, { project = false } = {}) => {
  const m = {
    bn1: batchNorm(),
    conv1: conv1x1(width / 2),
    bn2: batchNorm(),
    conv2: conv2d(width / 2, { kernel: 3, padding: 1 }),
    bn3: batchNorm(),
    conv3: conv1x1(width),
    downsample: project ? sequential(conv1x1(width)) : identity,
  }
  const block = module(m, (x: AnySym) => {
    const reduced = m.conv1(relu(m.bn1(x)))
    const hidden = m.conv2(relu(m.bn2(reduced)))
    return add(m.conv3(relu(m.bn3(hidden))), m.downsample(x))
  })
  return sequential(block)
}

/** Halves the size `depth` times, then doubles it as often, adding what each size had. */
const hourglass = (width: number) => {
  const levels = Array.from({ length: depth }, () => ({
    past: residual(width),
    before: residual(width),
    after: residual(width),
  }))
  const innermost = residual(width)
  const through = levels.reduce<(x: AnySym) => AnySym>(
    (inner, { past, before, after }) =>
      (x) =>
        add(past(x), double(after(inner(before(halve(x)))))),
    innermost,
  )
  const hg = levels.map((level, i) => [...Object.values(level), ...(i === 0 ? [innermost] : [])])
  return module({ hg }, through)
}

interface Form {
  readonly stacks: number
  readonly width: number
}

const stacked =
  ({ stacks, width }: Form) =>
  <const N extends number = 16>({ numClasses = 16 as N }: ClassifierOptions<N> = {}) => {
    const parts = Array.from({ length: stacks }, () => ({
      glass: hourglass(width),
      refine: residual(width),
      fc: sequential(conv1x1(width), batchNorm(), relu),
      score: conv1x1(numClasses),
    }))
    const links = Array.from({ length: stacks - 1 }, () => ({ features: conv1x1(width), scores: conv1x1(width) }))
    const m = {
      conv1: conv2d(width / 4, { kernel: 7, stride: 2, padding: 3 }),
      bn1: batchNorm(),
      layer1: residual(width / 2, { project: true }),
      layer2: residual(width, { project: true }),
      layer3: residual(width),
      hg: parts.map(({ glass }) => glass),
      res: parts.map(({ refine }) => refine),
      fc: parts.map(({ fc }) => fc),
      score: parts.map(({ score }) => score),
      fc_: links.map(({ features }) => features),
      score_: links.map(({ scores }) => scores),
    }
    return module(m, (image: AnySym) => {
      let x = m.layer3(m.layer2(halve(m.layer1(relu(m.bn1(m.conv1(image)))))))
      const maps = parts.map(({ glass, refine, fc, score }, i) => {
        const features = fc(refine(glass(x)))
        const scores = score(features)
        const link = links[i]
        if (link !== undefined) x = add(add(x, link.features(features)), link.scores(scores))
        return [`stack${i + 1}`, scores] as const
      })
      return Object.fromEntries(maps)
    })
  }

/**
 * The published stack of 8 hourglasses: `[256, 256, 3]` -> `stack1` to `stack8`, maps of 16 joints, each `[64, 64, 16]`.
 * Newell et al., arXiv:1603.06937.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('hourglass_s8_f256', { numClasses: 17 })
 * ```
 */
export const hourglassS8F256 = variant(
  'hourglass_s8_f256',
  { parameters: 25_594_624, macs: 28_094_496_768 },
  stacked({ stacks: 8, width: 256 }),
)

/** Two hourglasses: `[256, 256, 3]` -> `stack1` and `stack2`, each `[64, 64, 16]`. */
export const hourglassS2F256 = variant(
  'hourglass_s2_f256',
  { parameters: 6_730_912, macs: 8_988_917_760 },
  stacked({ stacks: 2, width: 256 }),
)

/** One hourglass: `[256, 256, 3]` -> `stack1` `[64, 64, 16]`. */
export const hourglassS1F256 = variant(
  'hourglass_s1_f256',
  { parameters: 3_586_960, macs: 5_804_654_592 },
  stacked({ stacks: 1, width: 256 }),
)

/**
 * Fast human pose estimation's small network, 4 hourglasses of half the channels: `[256, 256, 3]` -> `stack1` to `stack4`, each
 * `[64, 64, 16]`. Zhang et al., arXiv:1811.05419.
 */
export const hourglassS4F128 = variant(
  'hourglass_s4_f128',
  {
    paper: {
      title: 'Fast Human Pose Estimation',
      authors: 'Zhang, Zhu, Ye',
      year: 2018,
      url: 'https://arxiv.org/abs/1811.05419',
    },
    parameters: 3_287_936,
    macs: 3_907_256_320,
  },
  stacked({ stacks: 4, width: 128 }),
)
