import {
  type AnySym,
  add,
  affine,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAvgPool,
  identity,
  module,
  relu,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { convNorm, stagesOfUnits } from './blocks.js'
import { halve, inceptionV4Facts, type Layer, repeat, sideBySide } from './inception-blocks.js'

const variant = defineFamily({ family: 'inception_resnet_v1', ...inceptionV4Facts })

const eps = 1e-3

/** A convolution that keeps the size. */
const conv = (width: number, kernel: number | readonly [height: number, width: number]) =>
  convNorm(width, { kernel, eps, activation: relu })

/** One without padding, which halves the size at stride 2. */
const cut = (width: number, stride = 1) => convNorm(width, { kernel: 3, stride, padding: 0, eps, activation: relu })

/** What is applied one after the other; children `conv1`, `conv2`, ... of `conv_list`. */
const chain = (...convs: readonly Layer[]): Layer => {
  const conv_list = Object.fromEntries(convs.map((layer, i) => [`conv${i + 1}`, layer]))
  return module({ conv_list }, (x: AnySym) => convs.reduce((value, layer) => layer(value), x))
}

const single = (layer: Layer): Layer => module({ conv: layer }, layer)

const numbered = (branches: readonly Layer[]) =>
  Object.fromEntries(branches.map((branch, i) => [`branch${i + 1}`, branch] as const))

interface ResidualOptions {
  readonly width: number
  /** Times what the branches find, so that training stays stable. */
  readonly scale: number
  readonly branches: readonly Layer[]
  readonly activation?: Layer
}

/** Adds to its input, scaled, what its branches find, brought to the same `width` by 1 x 1. */
const residual = ({ width, scale, branches: list, activation = relu }: ResidualOptions): Layer => {
  const branches = numbered(list)
  const find = sideBySide(branches)
  const widen = conv2d(width, { kernel: 1 })
  const scaled = affine({ scale })
  return module({ branches, conv: widen }, (x: AnySym) => activation(add(scaled(widen(find(x))), x) as AnySym))
}

/** Branches that halve the size, and the maxima of the input beside them. */
const reduction = (...convs: readonly Layer[]): Layer => {
  const branches = numbered(convs)
  return module({ branches }, sideBySide({ ...branches, pool: halve }))
}

/** The paper's figure 10, on maps of 35 x 35. */
const block35 = () =>
  residual({
    width: 256,
    scale: 0.17,
    branches: [single(conv(32, 1)), chain(conv(32, 1), conv(32, 3)), chain(conv(32, 1), conv(32, 3), conv(32, 3))],
  })

/** The paper's figure 11, on maps of 17 x 17. */
const block17 = () =>
  residual({
    width: 896,
    scale: 0.1,
    branches: [single(conv(128, 1)), chain(conv(128, 1), conv(128, [1, 7]), conv(128, [7, 1]))],
  })

/** The paper's figure 13, on maps of 8 x 8. */
const block8 = ({ scale, activation = relu }: { readonly scale: number; readonly activation?: Layer }) =>
  residual({
    width: 1792,
    scale,
    branches: [single(conv(192, 1)), chain(conv(192, 1), conv(192, [1, 3]), conv(192, [3, 1]))],
    activation,
  })

/** The paper's figure 14. */
const stem = (): Layer => {
  const m = {
    conv1: cut(32, 2),
    conv2: cut(32),
    conv3: conv(64, 3),
    conv4: conv(80, 1),
    conv5: cut(192),
    conv6: cut(256, 2),
  }
  return module(m, (x: AnySym): AnySym => {
    const pooled = halve(m.conv3(m.conv2(m.conv1(x))))
    return m.conv6(m.conv5(m.conv4(pooled)))
  })
}

/**
 * Inception-ResNet v1 with a layer of 512 features before the classes, as for faces: `[299, 299, 3]` -> `[1000]`. Szegedy et al.,
 * arXiv:1602.07261.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('inceptionresnetv1', { numClasses: 10 })
 * ```
 */
export const inceptionResnetV1 = variant(
  'inceptionresnetv1',
  { parameters: 23_995_624, macs: 6_308_235_360 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const stages = [
      repeat(5, block35),
      [reduction(chain(cut(384, 2)), chain(conv(192, 1), conv(192, 3), cut(256, 2))), ...repeat(10, block17)],
      [
        reduction(
          chain(conv(256, 1), cut(384, 2)),
          chain(conv(256, 1), cut(256, 2)),
          chain(conv(256, 1), conv(256, 3), cut(256, 2)),
        ),
        ...repeat(5, () => block8({ scale: 0.2 })),
        block8({ scale: 1, activation: identity }),
      ],
    ]
    const initial = stem()
    const m = {
      features: { init_block: initial, ...stagesOfUnits(stages), final_pool: globalAvgPool() },
      output: {
        dropout: dropout({ p: 0.6 }),
        fc1: dense(512, { bias: false }),
        bn: batchNorm({ eps }),
        fc2: dense(numClasses),
      },
    }
    return module(m, (x: AnySym) => {
      const { output } = m
      const map = stages.flat().reduce((value, layer) => layer(value), initial(x))
      return output.fc2(output.bn(output.fc1(output.dropout(flatten(m.features.final_pool(map))))))
    })
  },
)
