import {
  type AnySym,
  add,
  batchNorm,
  conv2d,
  dense,
  flatten,
  globalAvgPool,
  identity,
  module,
  relu,
  resize,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { basicBlock, bottleneck, conv3x3, residualStage } from './residual.js'

const variant = defineFamily({
  family: 'hrnet',
  task: 'image-classification',
  paper: {
    title: 'Deep High-Resolution Representation Learning for Visual Recognition',
    authors: 'Wang, Sun, Cheng, Jiang, Deng, Zhao, Liu, Mu, Tan, Wang, Liu, Xiao',
    year: 2019,
    url: 'https://arxiv.org/abs/1908.07919',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  inputMultiple: 32,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

type Layer = (x: AnySym) => AnySym

interface Configuration {
  /** Channels of the branch with the highest resolution; each next one has twice as many. */
  readonly width: number
  /** Channels inside the blocks of the first stage. */
  readonly firstWidth?: number
  /** Blocks of the first stage, and of each branch of a module. */
  readonly firstDepth?: number
  readonly depth?: number
  /** Modules of the stages with two, three and four branches. */
  readonly modules?: readonly [number, number, number]
}

const stemWidth = 64

/** Of the bottlenecks behind each branch. */
const headWidths = [32, 64, 128, 256]
const headFeatures = 2048

const normRelu = (conv: Layer) => sequential(conv, batchNorm(), relu)

/** Brings branch `from` to the shape of branch `to`: widened and resized up, or halved as often as they are apart. */
const exchange = (from: number, to: number, width: number): Layer => {
  if (from === to) return identity
  const toWidth = width * 2 ** to
  if (from > to) {
    const narrow = conv2d(toWidth, { kernel: 1, bias: false })
    return sequential(narrow, batchNorm(), resize({ scaleFactor: 2 ** (from - to), mode: 'nearest' }) as Layer)
  }
  const halvings = Array.from({ length: to - from - 1 }, () => normRelu(conv3x3(width * 2 ** from, 2)))
  return sequential(...halvings, sequential(conv3x3(toWidth, 2), batchNorm()))
}

/** A stage's value: one per branch, from the highest resolution to the lowest. */
type Branches = readonly AnySym[]

/** Convolves every branch on its own, then adds to each what the others have. */
const exchangeModule = (count: number, { width, depth = 4 }: Configuration) => {
  const indices = Array.from({ length: count }, (_, i) => i)
  const m = {
    branches: indices.map((i) =>
      residualStage(basicBlock, depth, { width: width * 2 ** i, stride: 1, project: false }),
    ),
    fuse_layers: indices.map((to) => indices.map((from) => exchange(from, to, width))),
  }
  return module(m, (...values: AnySym[]): Branches => {
    const convolved = m.branches.map((branch, i) => branch(values[i] as AnySym))
    return m.fuse_layers.map((row) =>
      relu(row.map((layer, from) => layer(convolved[from] as AnySym)).reduce((sum, y) => add(sum, y))),
    )
  })
}

/** What a stage's first module gets: the branches before it, and one more out of the last of them. */
const transition = (count: number, { width }: Configuration): readonly Layer[] => {
  const halving = sequential(normRelu(conv3x3(width * 2 ** (count - 1), 2)))
  return count === 2
    ? [normRelu(conv3x3(width)), halving]
    : [...Array.from({ length: count - 1 }, () => identity), halving]
}

const hrnet =
  (configuration: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const { firstWidth = 64, firstDepth = 4, modules = [1, 4, 3] } = configuration
    const stages = modules.map((length, i) => Array.from({ length }, () => exchangeModule(i + 2, configuration)))
    const transitions = modules.map((_, i) => transition(i + 2, configuration))
    const m = {
      conv1: conv3x3(stemWidth, 2),
      bn1: batchNorm(),
      conv2: conv3x3(64, 2),
      bn2: batchNorm(),
      layer1: residualStage(bottleneck, firstDepth, { width: firstWidth, stride: 1, project: true }),
      ...Object.fromEntries(transitions.map((layers, i) => [`transition${i + 1}`, layers])),
      ...Object.fromEntries(stages.map((blocks, i) => [`stage${i + 2}`, blocks])),
    }
    const head = {
      incre_modules: headWidths.map((width) => residualStage(bottleneck, 1, { width, stride: 1, project: true })),
      downsamp_modules: headWidths
        .slice(1)
        .map((width) => normRelu(conv2d(4 * width, { kernel: 3, stride: 2, padding: 1 }))),
      final_layer: normRelu(conv2d(headFeatures, { kernel: 1 })),
      global_pool: globalAvgPool(),
      classifier: dense(numClasses),
    }
    return module({ ...m, ...head }, (x: AnySym) => {
      const stem = relu(m.bn2(m.conv2(relu(m.bn1(m.conv1(x))))))
      let branches: Branches = [m.layer1(stem)]
      stages.forEach((blocks, i) => {
        const before = branches
        branches = (transitions[i] as readonly Layer[]).map((layer, b) => layer((before[b] ?? before.at(-1)) as AnySym))
        for (const block of blocks) branches = block(...branches)
      })
      const widened = head.incre_modules.map((widen, i) => widen(branches[i] as AnySym))
      const features = widened.reduce((sum, y, i) => add(y, (head.downsamp_modules[i - 1] as Layer)(sum)))
      return head.classifier(flatten(head.global_pool(head.final_layer(features))))
    })
  }

/**
 * HRNet-W18-C-Small: `[224, 224, 3]` -> `[1000]`. Wang et al., arXiv:1908.07919.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('hrnet_w18_small', { numClasses: 10 })
 * ```
 */
export const hrnetW18Small = variant(
  'hrnet_w18_small',
  { parameters: 13_187_464, macs: 1_601_508_352, preprocessing: { interpolation: 'bicubic' } },
  hrnet({ width: 16, firstWidth: 32, firstDepth: 1, depth: 2, modules: [1, 1, 1] }),
)

/** HRNet-W18-C-Small, version 2: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW18SmallV2 = variant(
  'hrnet_w18_small_v2',
  { parameters: 15_597_464, macs: 2_595_712_864, preprocessing: { interpolation: 'bicubic' } },
  hrnet({ width: 18, firstDepth: 2, depth: 2, modules: [1, 3, 2] }),
)

/** HRNet-W18-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW18 = variant(
  'hrnet_w18',
  { parameters: 21_299_004, macs: 4_283_537_072, preprocessing: { crop: 0.95 } },
  hrnet({ width: 18 }),
)

/** HRNet-W30-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW30 = variant('hrnet_w30', { parameters: 37_712_220, macs: 8_105_781_680 }, hrnet({ width: 30 }))

/** HRNet-W32-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW32 = variant('hrnet_w32', { parameters: 41_232_680, macs: 8_921_133_056 }, hrnet({ width: 32 }))

/** HRNet-W40-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW40 = variant('hrnet_w40', { parameters: 57_557_160, macs: 12_691_997_440 }, hrnet({ width: 40 }))

/** HRNet-W44-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW44 = variant('hrnet_w44', { parameters: 67_064_984, macs: 14_883_104_960 }, hrnet({ width: 44 }))

/** HRNet-W48-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW48 = variant('hrnet_w48', { parameters: 77_469_864, macs: 17_277_996_032 }, hrnet({ width: 48 }))

/** HRNet-W64-C: `[224, 224, 3]` -> `[1000]`. */
export const hrnetW64 = variant('hrnet_w64', { parameters: 128_059_944, macs: 28_895_395_840 }, hrnet({ width: 64 }))
