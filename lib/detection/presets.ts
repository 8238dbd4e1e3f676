import type { DefaultBoxesOptions } from './anchors.js'
import type { YoloMap } from './decode.js'

type Anchors = YoloMap['anchors']

/** Anchors that are published in cells of the coarsest map. */
const cells = (...anchors: Anchors): Anchors => anchors.map(([width, height]) => [32 * width, 32 * height] as const)

const pixels = (...anchors: Anchors): Anchors => anchors

/**
 * The published anchors of the YOLO networks, in pixels of the network's input: by the name of the network, for each of its outputs.
 *
 * ```ts
 * import { createModel, decodeYolo, Tensor, yoloAnchors } from 'im2col'
 *
 * const session = await createModel('yolov2_tiny_voc').randomizeWeights().compile()
 * const { output } = await session.run({ input: Tensor.zeros([1, 416, 416, 3]) })
 * const { yolov2_tiny_voc: anchors } = yoloAnchors
 * if (output) decodeYolo([{ map: output, anchors: anchors.output }], { imageSize: [416, 416], exclusive: true })
 * ```
 */
export const yoloAnchors = {
  yolov2_tiny_voc: { output: cells([1.08, 1.19], [3.42, 4.41], [6.63, 11.38], [9.42, 5.11], [16.62, 10.52]) },
  yolov2_voc: {
    output: cells([1.3221, 1.73145], [3.19275, 4.00944], [5.05587, 8.09892], [9.47112, 4.84053], [11.2364, 10.0071]),
  },
  yolov3_tiny: { coarse: pixels([81, 82], [135, 169], [344, 319]), fine: pixels([23, 27], [37, 58], [81, 82]) },
  yolov3: {
    coarse: pixels([116, 90], [156, 198], [373, 326]),
    middle: pixels([30, 61], [62, 45], [59, 119]),
    fine: pixels([10, 13], [16, 30], [33, 23]),
  },
} as const

const squares = (...sides: readonly number[]): DefaultBoxesOptions['featureSizes'] =>
  sides.map((side) => [side, side] as const)

/**
 * The default boxes of the SSD networks at their published sizes: by the name of the network, what `defaultBoxes` makes them of.
 *
 * ```ts
 * import { createModel, decodeSsd, defaultBoxes, ssdBoxes, Tensor } from 'im2col'
 *
 * const session = await createModel('ssd512_vgg').randomizeWeights().compile()
 * const { deltas, logits } = await session.run({ input: Tensor.zeros([1, 512, 512, 3]) })
 * const anchors = defaultBoxes(ssdBoxes.ssd512_vgg)
 * if (deltas && logits) decodeSsd({ deltas, logits }, { anchors, imageSize: [512, 512] })
 * ```
 */
export const ssdBoxes = {
  ssd300_vgg: {
    featureSizes: squares(38, 19, 10, 5, 3, 1),
    imageSize: [300, 300],
    scales: [30, 60, 111, 162, 213, 264, 315].map((side) => side / 300),
    aspectRatios: [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
    steps: [8, 16, 32, 64, 100, 300],
    clip: 'all',
  },
  ssd300_vgg16: {
    featureSizes: squares(38, 19, 10, 5, 3, 1),
    imageSize: [300, 300],
    scales: [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05],
    aspectRatios: [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
    steps: [8, 16, 32, 64, 100, 300],
  },
  ssd512_vgg: {
    featureSizes: squares(64, 32, 16, 8, 4, 2, 1),
    imageSize: [512, 512],
    scales: [0.07, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05],
    aspectRatios: [[2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]],
    steps: [8, 16, 32, 64, 128, 256, 512],
    clip: 'all',
  },
  ssdlite320_mobilenet_v3_large: {
    featureSizes: squares(20, 10, 5, 3, 2, 1),
    imageSize: [320, 320],
    scales: [0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1],
    aspectRatios: Array.from({ length: 6 }, () => [2, 3]),
  },
} as const satisfies Readonly<Record<string, DefaultBoxesOptions>>
