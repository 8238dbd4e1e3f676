/** From the outputs of the zoo's detectors to detections. */

import { invalidOption } from '../errors.js'
import { booleanOption } from '../layers/options.js'
import { Tensor } from '../tensor.js'
import { type BoxCodingOptions, decodeBoxes } from './box-coding.js'
import { type Boxes, boxCount, clipBoxes } from './boxes.js'
import { type Size, sizeOption } from './options.js'
import { checkSelection, type Detection, type SelectOptions, select } from './select.js'

/** Outputs of a detector over anchors, for one picture. */
export interface AnchorPredictions {
  /** Corrections of the anchors, `[1, N, 4]`. */
  readonly deltas: Tensor
  /** Scores of the classes before softmax or sigmoid, `[1, N, classes]`. */
  readonly logits: Tensor
}

export interface DecodeAnchorsOptions extends Partial<SelectOptions> {
  /** N boxes x1, y1, x2, y2 in pixels, as `defaultBoxes` and `anchorGrid` give them. */
  readonly anchors: Boxes
  /** Of the picture that the network got, in pixels. */
  readonly imageSize: Size
}

interface AnchorDefaults {
  readonly defaults: Partial<SelectOptions>
  readonly weights: NonNullable<BoxCodingOptions['weights']>
}

/** Checks everything that a detector over anchors is given; its boxes, by the weights of its corrections, and its selection. */
const readAnchors = (
  type: string,
  predictions: AnchorPredictions,
  options: DecodeAnchorsOptions,
  { defaults, weights }: AnchorDefaults,
) => {
  const selection = checkSelection(type, options, { own: ['anchors', 'imageSize'], defaults })
  const { anchors, imageSize } = options
  const [height, width] = sizeOption(`imageSize of ${type}`, imageSize)
  const count = boxCount(`anchors of ${type}`, anchors)
  if (typeof predictions !== 'object' || predictions === null) {
    throw invalidOption(`predictions of ${type}`, 'an object of deltas and logits', predictions)
  }
  const { deltas, logits } = predictions
  if (shapeOf(deltas)?.join() !== `1,${count},4`) {
    const expected = `of shape [1, ${count}, 4], as many as there are anchors,`
    throw invalidOption(`deltas of ${type}`, expected, shapeOf(deltas) ?? deltas)
  }
  if (shapeOf(logits)?.length !== 3 || logits.shape[0] !== 1 || logits.shape[1] !== count) {
    throw invalidOption(`logits of ${type}`, `of shape [1, ${count}, classes]`, shapeOf(logits) ?? logits)
  }
  const boxes = clipBoxes(decodeBoxes(anchors, deltas.data, { weights }), { height, width })
  return { boxes, selection, classes: logits.shape[2] as number }
}

const shapeOf = (tensor: unknown): readonly number[] | undefined =>
  tensor instanceof Tensor ? tensor.shape : undefined

const softmaxRows = (logits: Float32Array, classes: number): Float32Array => {
  const scores = new Float32Array(logits.length)
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes)
    const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const exponentials = Array.from(row, (value) => Math.exp(value - largest))
    const sum = exponentials.reduce((a, b) => a + b, 0)
    scores.set(
      exponentials.map((value) => value / sum),
      start,
    )
  }
  return scores
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/**
 * Detections of the `ssd` and `ultraface` networks, in pixels of the network's input, best first.
 *
 * Scores are the softmax of the logits, whose first class is the background; corrections have the weights 10, 10, 5, 5. By default the
 * thresholds are torchvision's for SSD300: scores above 0.01, overlaps up to 0.45, 400 candidates of each class, 200 detections.
 * The published default boxes are in `ssdBoxes`. Throws OptionError when the outputs and the anchors do not fit. Liu et al., arXiv:1512.02325.
 *
 * ```ts
 * import { createModel, decodeSsd, defaultBoxes, ssdBoxes, Tensor } from 'im2col'
 *
 * const net = createModel('ssdlite320_mobilenet_v3_large').randomizeWeights()
 * const session = await net.compile()
 * const { deltas, logits } = await session.run({ input: Tensor.zeros([1, 320, 320, 3]) })
 * const anchors = defaultBoxes(ssdBoxes.ssdlite320_mobilenet_v3_large)
 * if (deltas && logits) decodeSsd({ deltas, logits }, { anchors, imageSize: [320, 320], scoreThreshold: 0.4 })
 * ```
 */
export const decodeSsd = (predictions: AnchorPredictions, options: DecodeAnchorsOptions): readonly Detection[] => {
  const { boxes, selection, classes } = readAnchors('decodeSsd', predictions, options, {
    defaults: { scoreThreshold: 0.01, iouThreshold: 0.45, candidates: 400, limit: 200, background: 0 },
    weights: [10, 10, 5, 5],
  })
  return select(boxes, softmaxRows(predictions.logits.data, classes), selection)
}

/**
 * Detections of `retinanet_resnet50_fpn`, in pixels of the network's input, best first.
 *
 * Scores are the sigmoids of the logits. By default the thresholds are torchvision's: scores above 0.05, overlaps up to 0.5, 300 detections;
 * of each class the 1000 best scores compete, where torchvision lets those of each map. Throws OptionError when the outputs and
 * the anchors do not fit. Lin et al., arXiv:1708.02002.
 *
 * ```ts
 * import { anchorGrid, createModel, decodeRetinanet, Tensor } from 'im2col'
 *
 * const net = createModel('retinanet_resnet50_fpn', { inputSize: 256 }).randomizeWeights()
 * const session = await net.compile()
 * const { deltas, logits } = await session.run({ input: Tensor.zeros([1, 256, 256, 3]) })
 * const anchors = [32, 16, 8, 4, 2].flatMap((side, i) => [
 *   ...anchorGrid({
 *     featureSize: [side, side],
 *     imageSize: [256, 256],
 *     sizes: [0, 1, 2].map((third) => Math.floor(32 * 2 ** i * 2 ** (third / 3))),
 *     aspectRatios: [0.5, 1, 2],
 *   }),
 * ])
 * if (deltas && logits) decodeRetinanet({ deltas, logits }, { anchors, imageSize: [256, 256] })
 * ```
 */
export const decodeRetinanet = (
  predictions: AnchorPredictions,
  options: DecodeAnchorsOptions,
): readonly Detection[] => {
  const { boxes, selection } = readAnchors('decodeRetinanet', predictions, options, {
    defaults: { scoreThreshold: 0.05, iouThreshold: 0.5, candidates: 1000, limit: 300 },
    weights: [1, 1, 1, 1],
  })
  return select(boxes, predictions.logits.data.map(sigmoid), selection)
}

export interface YoloMap {
  /** `[1, H, W, anchors (5 + classes)]`, an output of the network. */
  readonly map: Tensor
  /** Width and height of each of its anchors, in pixels of the network's input. */
  readonly anchors: readonly (readonly [width: number, height: number])[]
}

export interface DecodeYoloOptions extends Partial<SelectOptions> {
  /** Of the picture that the network got, in pixels. */
  readonly imageSize: Size
  /** Whether the classes of a box exclude each other (softmax, YOLO v2) or not (sigmoid, YOLO v3 and the default). */
  readonly exclusive?: boolean
}

/**
 * Detections of YOLO v2 and v3, in pixels of the network's input, best first.
 *
 * A box is centred (sigmoid(x) + column, sigmoid(y) + row) cells from the corner and exp(w) and exp(h) times as large as its anchor; its scores
 * are the objectness times the classes'. By default scores above 0.25 and overlaps up to 0.45 count. The published anchors are in
 * `yoloAnchors`. Throws OptionError when a map and its anchors do not fit. Redmon and Farhadi, arXiv:1804.02767.
 *
 * ```ts
 * import { createModel, decodeYolo, Tensor, yoloAnchors } from 'im2col'
 *
 * const session = await createModel('yolov3_tiny').randomizeWeights().compile()
 * const { coarse, fine } = await session.run({ input: Tensor.zeros([1, 416, 416, 3]) })
 * const maps = [
 *   { map: coarse, anchors: yoloAnchors.yolov3_tiny.coarse },
 *   { map: fine, anchors: yoloAnchors.yolov3_tiny.fine },
 * ]
 * decodeYolo(maps as never, { imageSize: [416, 416] })
 * ```
 */
export const decodeYolo = (maps: readonly YoloMap[], options: DecodeYoloOptions): readonly Detection[] => {
  const selection = checkSelection('decodeYolo', options, {
    own: ['imageSize', 'exclusive'],
    defaults: { scoreThreshold: 0.25, iouThreshold: 0.45 },
  })
  const { imageSize, exclusive = false } = options
  booleanOption('exclusive of decodeYolo', exclusive)
  const [height, width] = sizeOption('imageSize of decodeYolo', imageSize)
  if (!Array.isArray(maps) || maps.length === 0) throw invalidOption('maps of decodeYolo', 'a list of maps', maps)
  const rows = maps.map((map, i) => yoloRows(map, { height, width }, exclusive, `maps[${i}] of decodeYolo`))
  const join = (pick: (of: YoloRows) => readonly number[]) => Float32Array.from(rows.flatMap(pick))
  const boxes = clipBoxes(
    join((of) => of.boxes),
    { height, width },
  )
  const scores = join((of) => of.scores)
  return select(boxes, scores, selection)
}

interface YoloRows {
  readonly boxes: readonly number[]
  readonly scores: readonly number[]
}

const isAnchor = (anchor: unknown): boolean =>
  Array.isArray(anchor) && anchor.length === 2 && anchor.every((side) => Number.isFinite(side) && side > 0)

const checkYoloMap = (name: string, of: YoloMap): void => {
  if (typeof of !== 'object' || of === null) throw invalidOption(name, 'a map and its anchors', of)
  const { map, anchors } = of
  if (!Array.isArray(anchors) || anchors.length === 0 || !anchors.every(isAnchor)) {
    throw invalidOption(`anchors of ${name}`, 'a list of positive widths and heights', anchors)
  }
  const shape = shapeOf(map)
  const width = (shape?.[3] ?? 0) / anchors.length
  if (shape?.length !== 4 || shape[0] !== 1 || !Number.isInteger(width) || width < 6) {
    throw invalidOption(name, `of shape [1, H, W, ${anchors.length} x (5 + classes)]`, shape ?? map)
  }
}

const yoloRows = (
  of: YoloMap,
  image: { readonly height: number; readonly width: number },
  exclusive: boolean,
  name: string,
): YoloRows => {
  checkYoloMap(name, of)
  const { map, anchors } = of
  const [, rows, columns, channels] = map.shape as readonly [number, number, number, number]
  const width = channels / anchors.length
  const [boxes, scores]: [number[], number[]] = [[], []]
  const [cellHeight, cellWidth] = [image.height / rows, image.width / columns]
  for (let cell = 0; cell < rows * columns; cell++) {
    anchors.forEach(([anchorWidth, anchorHeight], a) => {
      const row = map.data.subarray(cell * channels + a * width, cell * channels + (a + 1) * width)
      const [x = 0, y = 0, w = 0, h = 0, objectness = 0] = row
      const centreX = (sigmoid(x) + (cell % columns)) * cellWidth
      const centreY = (sigmoid(y) + Math.floor(cell / columns)) * cellHeight
      const [halfWidth, halfHeight] = [(Math.exp(w) * anchorWidth) / 2, (Math.exp(h) * anchorHeight) / 2]
      boxes.push(centreX - halfWidth, centreY - halfHeight, centreX + halfWidth, centreY + halfHeight)
      const classes = row.subarray(5)
      const shares = exclusive ? softmaxRows(classes, classes.length) : classes.map(sigmoid)
      for (const share of shares) scores.push(sigmoid(objectness) * share)
    })
  }
  return { boxes, scores }
}
