import { type Model, model } from '../../lib/model.js'
import { Tensor } from '../../lib/tensor.js'
import { createModel, listModels } from '../../lib/zoo/registry.js'
import {
  type Golden,
  goldenWeights,
  hasGolden,
  inputOf,
  readGolden,
  readGoldenOutputs,
  relativeRms,
  toleranceOf,
} from './golden.js'

/** Stored outputs of a registered network with other options, by their own name. */
const otherForms: Readonly<Record<string, { readonly of: string; readonly inChannels: number }>> = {
  inceptiontime_keras_c3: { of: 'inceptiontime_keras', inChannels: 3 },
}

/** Registered networks that have stored outputs, with fewer than `below` parameters, or with at least `from`. */
export const goldenNames = ({ from = 0, below = Number.POSITIVE_INFINITY } = {}): readonly string[] =>
  listModels()
    .filter(({ parameters }) => parameters >= from && parameters < below)
    .flatMap(({ name }) => [name, ...Object.keys(otherForms).filter((form) => otherForms[form]?.of === name)])
    .filter(hasGolden)

/** Networks with at least this many parameters are left to the deep tests. */
export const largeNetwork = 60_000_000

/** The registered network at the golden's size. */
export const goldenModel = ({ name, input }: Golden): Model => {
  const { of = name, ...options } = otherForms[name] ?? {}
  return createModel(of, { inputSize: input.slice(2), ...options })
}

/** Where the network takes or gives something else than what is stored. */
interface Adaptation {
  /** The stored input, channels first, as the network's inputs. */
  readonly inputs?: (stored: Tensor) => Readonly<Record<string, Tensor>>
  /** Which of the stored outputs the network gives; all of them by default. */
  readonly outputs?: readonly number[]
  /** The outputs are tables, stored row by row. */
  readonly tables?: boolean
}

/** `count` channels from `first` on. */
const channelsOf = ({ data, shape }: Tensor, first: number, count: number): Tensor => {
  const plane = (shape[2] as number) * (shape[3] as number)
  return new Tensor(data.slice(first * plane, (first + count) * plane), [1, count, ...shape.slice(2)])
}

const twoPictures = (stored: Tensor) => ({ first: channelsOf(stored, 0, 3), second: channelsOf(stored, 3, 3) })

/** A mask: 1 where a value is above -0.4. */
const binary = ({ data, shape }: Tensor): Tensor =>
  new Tensor(
    data.map((value) => (value > -0.4 ? 1 : 0)),
    shape,
  )

/** A caption of one word, number 7. */
const oneWord = (vocabulary: number): Tensor =>
  new Tensor(
    Float32Array.from({ length: vocabulary }, (_, word) => (word === 7 ? 1 : 0)),
    [1, vocabulary, 1],
  )

/** A table that is given column by column. */
const rowByRow = ({ data, shape: [, width = 1, rows = 1] }: Tensor): Float32Array =>
  data.map((_, i) => data[(i % width) * rows + Math.floor(i / width)] as number)

const detections = { outputs: [0, 1], tables: true }

const afterActivation = { outputs: [1] }

const adaptations: Readonly<Record<string, Adaptation>> = {
  bsuv_net: afterActivation,
  context_encoder: afterActivation,
  cpm: { inputs: (stored) => ({ image: channelsOf(stored, 0, 3), center: channelsOf(stored, 3, 1) }) },
  cyclegan_resnet9: afterActivation,
  fgsegnet_v2: afterActivation,
  deepedge: {
    inputs: (stored) =>
      Object.fromEntries(
        ['patch64', 'patch128', 'patch196', 'image'].map((name, i) => [name, channelsOf(stored, 3 * i, 3)] as const),
      ),
  },
  flownet_c: { inputs: twoPictures },
  flownet_s: { inputs: twoPictures },
  gated_inpainting_gray: {
    inputs: (stored) => ({ image: channelsOf(stored, 0, 1), mask: binary(channelsOf(stored, 1, 1)) }),
  },
  hed: afterActivation,
  pconv_unet5: {
    inputs: (stored) => ({ image: channelsOf(stored, 0, 3), mask: binary(channelsOf(stored, 3, 3)) }),
    outputs: [0],
  },
  pix2pix_resnet9_bn: afterActivation,
  pix2pix_unet128: afterActivation,
  retinanet_resnet50_fpn: detections,
  retinanet_resnet50_fpn_v2: detections,
  show_and_tell_resnet152: { inputs: (image) => ({ image, words: oneWord(9956) }) },
  ssd300_vgg: detections,
  ssd300_vgg16: detections,
  ssdlite320_mobilenet_v3_large: detections,
  ultraface_rfb_320: detections,
  yolov3_tiny: { outputs: [0, 1] },
  siamese_one_shot: { inputs: (stored) => ({ first: channelsOf(stored, 0, 1), second: channelsOf(stored, 1, 1) }) },
}

export interface GoldenOutcome {
  readonly error: number
  readonly tolerance: number
}

/** A model of one image around a layer or network, at the size of a golden. */
export const imageModel = ({ input: [, channels, height, width] }: Golden, net: unknown): Model =>
  model({ input: [height, width, channels] } as Record<string, readonly number[]>, net as never) as unknown as Model

/** How far a layer or network of one image, under the recipe's weights, is from the first stored output, and how far it may be. */
export async function compareWithGolden(
  name: string,
  net: unknown,
): Promise<GoldenOutcome & { readonly model: Model }> {
  const golden = readGolden(name)
  const built = imageModel(golden, net)
  await built.loadWeights(goldenWeights(golden))
  const session = await built.compile({ threads: 2, layout: 'nchw' })
  try {
    const { output } = await session.run({ input: new Tensor(inputOf(golden.input), golden.input) })
    const [expected] = readGoldenOutputs(golden) as [Float32Array]
    const error = relativeRms((output as Tensor).data, expected)
    return { error, tolerance: toleranceOf(golden, 0), model: built }
  } finally {
    session.dispose()
  }
}

/** Runs a zoo network under the recipe's weights; says of each output how far it is from the stored one and how far it may be. */
export async function runGolden(name: string): Promise<readonly GoldenOutcome[]> {
  const golden = readGolden(name)
  const net = goldenModel(golden)
  const weights = goldenWeights(golden)
  await net.loadWeights(new Map(net.parameters().map(({ path }) => [path, weights.get(path) as Tensor])))
  const session = await net.compile({ threads: 2, layout: 'nchw' })
  try {
    const { inputs = (input) => ({ input }), outputs, tables }: Adaptation = adaptations[name] ?? {}
    const actual = Object.values(await session.run(inputs(new Tensor(inputOf(golden.input), golden.input))))
    const stored = readGoldenOutputs(golden)
    const elementsOf = (output: Tensor) => (tables ? rowByRow(output) : output.data)
    return (outputs ?? [...stored.keys()]).map((of, i) => ({
      error: relativeRms(elementsOf(actual[i] as Tensor), stored[of] as Float32Array),
      tolerance: toleranceOf(golden, of),
    }))
  } finally {
    session.dispose()
  }
}
