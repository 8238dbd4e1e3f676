import { type AnySym, add, dense, flatten, globalAvgPool, identity, module, relu } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm, stagesOfUnits } from './blocks.js'

const variant = defineFamily({
  family: 'cifar_resnext',
  task: 'image-classification',
  paper: {
    title: 'Aggregated Residual Transformations for Deep Neural Networks',
    authors: 'Xie, Girshick, Dollar, Tu, He',
    year: 2016,
    url: 'https://arxiv.org/abs/1611.05431',
  },
  inputs: { input: [32, 32, 3] },
  minInputSize: 1,
  numClasses: 10,
  preprocessing: 'cifar10',
})

interface Configuration {
  /** Blocks of each of the three stages. */
  readonly depth: number
  readonly groups: number
  /** Channels of a group in the first stage; each next one has twice as many. */
  readonly groupWidth: number
}

interface UnitOptions {
  readonly inner: number
  readonly outer: number
  readonly groups: number
  readonly stride: number
  readonly project: boolean
}

/** A bottleneck around a grouped 3 x 3 convolution, which has the stride. */
const unit = ({ inner, outer, groups, stride, project }: UnitOptions) => {
  const body = {
    conv1: convNorm(inner, { kernel: 1, activation: relu }),
    conv2: convNorm(inner, { kernel: 3, stride, groups, activation: relu }),
    conv3: convNorm(outer, { kernel: 1, activation: identity }),
  }
  const m = { body, ...(project && { identity_conv: convNorm(outer, { kernel: 1, stride, activation: identity }) }) }
  return module(m, (x: AnySym) => {
    const y = body.conv3(body.conv2(body.conv1(x)))
    return relu(add(y, m.identity_conv ? m.identity_conv(x) : x))
  })
}

/** Section 5.2: three stages of `depth` blocks, 9 depth + 2 layers. */
const cifarResnext =
  ({ depth, groups, groupWidth }: Configuration) =>
  <const N extends number = 10>({ numClasses = 10 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const stages = [0, 1, 2].map((stage) =>
      Array.from({ length: depth }, (_, i) =>
        unit({
          inner: groups * groupWidth * 2 ** stage,
          outer: 256 * 2 ** stage,
          groups,
          stride: i === 0 && stage > 0 ? 2 : 1,
          project: i === 0,
        }),
      ),
    )
    const stem = convNorm(64, { kernel: 3, activation: relu })
    const children = { init_block: stem, ...stagesOfUnits(stages) }
    const m = {
      features: module(children, (x: AnySym) => stages.flat().reduce<AnySym>((value, layer) => layer(value), stem(x))),
      pool: globalAvgPool(),
      output: dense(numClasses),
    }
    return module(m, (x: AnySym) => m.output(flatten(m.pool(m.features(x)))))
  }

/**
 * ResNeXt-29 for CIFAR-10 with 32 groups of 4 channels: `[32, 32, 3]` -> `[10]`. Xie et al., arXiv:1611.05431.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('resnext29_32x4d_cifar10', { numClasses: 100 })
 * ```
 */
export const resnext29_32x4dCifar10 = variant(
  'resnext29_32x4d_cifar10',
  { parameters: 4_775_754, macs: 774_055_936 },
  cifarResnext({ depth: 3, groups: 32, groupWidth: 4 }),
)

/** ResNeXt-29 for CIFAR-10 with 16 groups of 64 channels: `[32, 32, 3]` -> `[10]`. */
export const resnext29_16x64dCifar10 = variant(
  'resnext29_16x64d_cifar10',
  { parameters: 68_155_210, macs: 10_688_866_304 },
  cifarResnext({ depth: 3, groups: 16, groupWidth: 64 }),
)
