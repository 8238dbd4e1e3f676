import {
  type AnySym,
  dense,
  dropout,
  flatten,
  globalAvgPool,
  hardSwish,
  type Layer,
  module,
  sequential,
} from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { features, type Line, large, small } from './mobilenet-v3-body.js'

const variant = defineFamily({
  family: 'mobilenet_v3',
  task: 'image-classification',
  paper: {
    title: 'Searching for MobileNetV3',
    authors: 'Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam',
    year: 2019,
    url: 'https://arxiv.org/abs/1905.02244',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 1,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

interface Configuration {
  readonly lines: readonly Line[]
  /** Channels of the last convolution. */
  readonly lastWidth: number
  /** Features of the dense layer before the last. */
  readonly hidden: number
}

const mobilenetV3 =
  ({ lines, lastWidth, hidden }: Configuration) =>
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const m = {
      features: sequential(...features(lines, lastWidth)) as Layer,
      avgpool: globalAvgPool(),
      classifier: sequential(dense(hidden), hardSwish, dropout({ p: 0.2 }), dense(numClasses)),
    }
    return module(m, (x: AnySym) => m.classifier(flatten(m.avgpool(m.features(x)))))
  }

/**
 * MobileNet v3 Large: `[224, 224, 3]` -> `[1000]`. Howard et al., arXiv:1905.02244.
 *
 * ```ts
 * import { mobilenetV3Large, model } from 'im2col'
 *
 * const net = model({ input: [224, 224, 3] }, mobilenetV3Large({ numClasses: 10 }))
 * ```
 */
export const mobilenetV3Large = variant(
  'mobilenet_v3_large',
  { parameters: 5_483_032, macs: 216_589_760 },
  mobilenetV3({ lines: large, lastWidth: 960, hidden: 1280 }),
)

/** MobileNet v3 Small: `[224, 224, 3]` -> `[1000]`. */
export const mobilenetV3Small = variant(
  'mobilenet_v3_small',
  { parameters: 2_542_856, macs: 56_510_400 },
  mobilenetV3({ lines: small, lastWidth: 576, hidden: 1024 }),
)
