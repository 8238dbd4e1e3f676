import { type AnySym, avgPool2d, concat, conv2d, maxPool2d, module, relu } from '../layers/index.js'
import { type ClassifierOptions, defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'convolutional_pose_machine',
  task: 'pose-estimation',
  paper: {
    title: 'Convolutional Pose Machines',
    authors: 'Wei, Ramakrishna, Kanade, Sheikh',
    year: 2016,
    url: 'https://arxiv.org/abs/1602.00134',
  },
  inputs: { image: [368, 368, 3], center: [368, 368, 1] },
  minInputSize: 8,
  inputMultiple: 8,
  fixedChannels: true,
  numClasses: 15,
  preprocessing: { preset: 'unit', fit: 'contain', channelOrder: 'bgr', scale: 1 / 256, mean: 0.5 },
})

/** How often the maps are made, each time from those of the stage before. */
const stages = 6

const conv = (width: number, kernel: number) => conv2d(width, { kernel, padding: 'same' })
const halve = maxPool2d({ kernel: 3, stride: 2, padding: 1 })
const shrinkCenter = avgPool2d({ kernel: 9, stride: 8, padding: 1 })

type Layers = readonly ((x: AnySym) => AnySym)[]

/** The children `<prefix>1_stage<stage>`, `<prefix>2_stage<stage>` and so on. */
const named = (prefix: string, stage: number, layers: Layers) =>
  Object.fromEntries(layers.map((layer, i) => [`${prefix}${i + 1}_stage${stage}`, layer]))

/** Three large convolutions, each followed by ReLU and pooling: an eighth of the size. */
const shrinking = () => Array.from({ length: 3 }, () => conv(128, 9))
const shrink = (layers: Layers, x: AnySym): AnySym => layers.reduce((value, layer) => halve(relu(layer(value))), x)

/** The layers with ReLU between them. */
const chain = ([first, ...others]: readonly [Layers[number], ...Layers], x: AnySym): AnySym =>
  others.reduce((value, layer) => layer(relu(value)), first(x))

/** What a stage after the first has: channels for what it sees, then the layers that make its maps. */
const laterStage = (index: number, numClasses: number) => {
  const stage = index + 2
  const see = conv(32, 5)
  const refine = [conv(128, 11), conv(128, 11), conv(128, 11), conv(128, 1), conv(numClasses, 1)] as const
  const seeName = stage === 2 ? 'conv4_stage2' : `conv1_stage${stage}`
  return { see, refine, children: { [seeName]: see, ...named('Mconv', stage, refine) } }
}

/**
 * Convolutional pose machine of 6 stages: `image` `[368, 368, 3]` and `center` `[368, 368, 1]`, a bump at the person's centre ->
 * `stage1` to `stage6`, maps of 14 joints and the background, each `[46, 46, 15]`. Wei et al., arXiv:1602.00134.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('cpm', { inputSize: 256 })
 * ```
 */
export const convolutionalPoseMachine = variant(
  'cpm',
  { parameters: 31_219_866, macs: 175_437_729_280 },
  <const N extends number = 15>({ numClasses = 15 as N }: ClassifierOptions<N> = {}) => {
    const shrinking1 = shrinking()
    const locate = [conv(32, 5), conv(512, 9), conv(512, 1), conv(numClasses, 1)] as const
    const shrinking2 = shrinking()
    const later = Array.from({ length: stages - 1 }, (_, index) => laterStage(index, numClasses))
    const children = {
      ...named('conv', 1, [...shrinking1, ...locate]),
      ...named('conv', 2, shrinking2),
      ...Object.assign({}, ...later.map((stage) => stage.children)),
    }
    return module(children, ({ image, center }: { readonly image: AnySym; readonly center: AnySym }) => {
      const centerMap = shrinkCenter(center)
      const features = shrink(shrinking2, image)
      const maps = [chain(locate, shrink(shrinking1, image))]
      for (const { see, refine } of later) {
        const seen = relu(see(features))
        maps.push(chain(refine, concat(seen, maps.at(-1) as AnySym, centerMap)))
      }
      return Object.fromEntries(maps.map((map, i) => [`stage${i + 1}`, map]))
    })
  },
)
