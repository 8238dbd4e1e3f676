import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  convertBoxes,
  createModel,
  type Detection,
  decodeRetinanet,
  decodeSsd,
  decodeYolo,
  defaultBoxes,
  nms,
  OptionError,
  selectDetections,
  softNms,
  ssdBoxes,
  Tensor,
  yoloAnchors,
} from '../lib/index.js'
import { hasGolden, readGolden, readGoldenOutputs } from './support/golden.js'

/** Made by test/oracle/torchvision_detections.py. */
const oracle: {
  readonly [key in 'anchors' | 'deltas' | 'logits']: readonly number[]
} & { readonly [key in 'ssd' | 'retinanet']: readonly Detection[] } = JSON.parse(
  readFileSync(new URL('./fixtures/torchvision-detections.json', import.meta.url), 'utf8'),
)
const { anchors } = oracle
const predictions = {
  deltas: new Tensor(Float32Array.from(oracle.deltas), [1, 40, 4]),
  logits: new Tensor(Float32Array.from(oracle.logits), [1, 40, 3]),
}
const imageSize = [80, 90] as const

const expectDetections = (actual: readonly Detection[], expected: readonly Detection[]) => {
  expect(actual).toHaveLength(expected.length)
  expected.forEach(({ box, label, score }, i) => {
    const found = actual[i] as Detection
    expect(found.label, `label ${i}`).toBe(label)
    expect(found.score).toBeCloseTo(score, 4)
    box.forEach((side, k) => {
      expect(found.box[k], `box ${i}`).toBeCloseTo(side, 3)
    })
  })
}

describe('as torchvision', () => {
  test('detections of SSD', () => expectDetections(decodeSsd(predictions, { anchors, imageSize }), oracle.ssd))

  test('detections of RetinaNet', () =>
    expectDetections(decodeRetinanet(predictions, { anchors, imageSize }), oracle.retinanet))
})

describe('as the authors', () => {
  test.skipIf(!hasGolden('ssd300_vgg'))('default boxes of SSD300', () => {
    const boxes = defaultBoxes(ssdBoxes.ssd300_vgg)
    const [, , expected] = readGoldenOutputs(readGolden('ssd300_vgg')) as [Float32Array, Float32Array, Float32Array]
    const actual = convertBoxes(boxes, 'xyxy', 'cxcywh').map((side) => side / 300)
    expect(actual).toHaveLength(expected.length)
    const differences = actual.map((side, i) => Math.abs(side - (expected[i] as number)))
    expect(differences.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-6)
  })

  test.skipIf(!hasGolden('yolov3_tiny'))('boxes and scores of tiny YOLO v3', () => {
    const golden = readGolden('yolov3_tiny')
    const [coarse, fine, decoded] = readGoldenOutputs(golden) as [Float32Array, Float32Array, Float32Array]
    const last = (map: Float32Array, side: number) => {
      const channels = map.length / side ** 2
      const data = map.map((_, i) => map[(i % channels) * side ** 2 + Math.floor(i / channels)] as number)
      return new Tensor(data, [1, side, side, channels])
    }
    const anchors = yoloAnchors.yolov3_tiny
    const maps = [
      { map: last(coarse, 4), anchors: anchors.coarse },
      { map: last(fine, 8), anchors: anchors.fine },
    ]
    const rows = Array.from({ length: decoded.length / 85 }, (_, i) => decoded.subarray(85 * i, 85 * (i + 1)))
    const boxes = convertBoxes(Float32Array.from(rows.flatMap((row) => [...row.subarray(0, 4)])), 'cxcywh', 'xyxy')
    const scores = rows.flatMap((row) => [...row.subarray(5)].map((score) => score * (row[4] as number)))
    const options = { scoreThreshold: 0.5, iouThreshold: 0.45, limit: 500 }
    const clipped = boxes.map((side) => Math.min(Math.max(side, 0), 128))
    const expected = selectDetections(clipped, scores, options)
    expect(expected.length).toBeGreaterThan(10)
    const order = (list: readonly Detection[]) =>
      list.map(({ box, label, score }) => `${label} ${score.toFixed(3)} ${box.map((side) => side.toFixed(1))}`).sort()
    expect(order(decodeYolo(maps, { imageSize: [128, 128], ...options }))).toEqual(order(expected))
  })
})

test.each(Object.entries(yoloAnchors))('%s has anchors for each of its outputs', (name, anchors) => {
  const { outputs } = createModel(name, { inputSize: 64 })
  const classes = name.startsWith('yolov2') ? 20 : 80
  expect(Object.entries(anchors).map(([output, list]) => [output, list.length * (5 + classes)])).toEqual(
    Object.entries(outputs).map(([output, shape]) => [output, shape.at(-1)]),
  )
})

test.each(Object.entries(ssdBoxes))('%s has a default box for each of its rows', (name, options) => {
  expect(createModel(name).outputs.deltas).toEqual([defaultBoxes(options).length / 4, 4])
})

describe('selection', () => {
  const boxes = [0, 0, 10, 10, 1, 1, 11, 11, 50, 50, 60, 60]
  const scores = [0.1, 0.9, 0.2, 0.8, 0.7, 0.3]
  const options = { scoreThreshold: 0.25, iouThreshold: 0.5 }

  test('keeps the best of each class, best first', () => {
    expect(selectDetections(boxes, scores, options).map(({ label, score }) => [label, score])).toEqual([
      [1, 0.9],
      [0, 0.7],
      [1, 0.3],
    ])
    expect(selectDetections(boxes, scores, { ...options, limit: 1 })).toHaveLength(1)
    expect(selectDetections(boxes, scores, { ...options, background: 1 }).map(({ label }) => label)).toEqual([0])
    expect(selectDetections(boxes, scores, { ...options, candidates: 1 })).toHaveLength(2)
    expect(selectDetections([], [], options)).toEqual([])
  })

  test('takes the defaults of a detector for options that are undefined', () => {
    expect(decodeSsd(predictions, { anchors, imageSize, ...{ scoreThreshold: undefined as never } })).toHaveLength(
      oracle.ssd.length,
    )
  })

  const map = Tensor.zeros([1, 2, 2, 255])

  test.each<[() => unknown, RegExp]>([
    [() => decodeSsd(predictions, undefined as never), /options of decodeSsd to be an object/],
    [() => decodeSsd(null as never, { anchors, imageSize }), /predictions of decodeSsd to be an object/],
    [() => decodeSsd({} as never, { anchors, imageSize }), /deltas of decodeSsd/],
    [() => decodeSsd(predictions, { imageSize } as never), /anchors of decodeSsd to be a list of numbers/],
    [
      () => decodeSsd(predictions, { anchors, imageSize, threshold: 1 } as never),
      /^decodeSsd has no option "threshold"; it has anchors, imageSize, scoreThreshold/,
    ],
    [() => decodeSsd(predictions, { anchors, imageSize, limit: 0 }), /limit of decodeSsd/],
    [() => decodeYolo([{ map, anchors: [[1, 1]] }], undefined as never), /options of decodeYolo to be an object/],
    [
      () => decodeYolo([{ map, anchors: [[1, 1]] }], { imageSize, softmax: true } as never),
      /^decodeYolo has no option "softmax"; it has imageSize, exclusive, scoreThreshold/,
    ],
    [
      () => decodeYolo([{ map, anchors: [[1, 1]] }], { imageSize, exclusive: 'yes' as never }),
      /exclusive of decodeYolo to be a boolean/,
    ],
    [() => decodeYolo([null as never], { imageSize }), /maps\[0\] of decodeYolo to be a map and its anchors/],
    [
      () => decodeYolo([{ map, anchors: [1, 2, 3, 4, 5] as never }], { imageSize }),
      /anchors of maps\[0\] of decodeYolo to be a list of positive widths and heights/,
    ],
    [() => decodeYolo([{ map, anchors: [[-5, 5]] }], { imageSize }), /anchors of maps\[0\] of decodeYolo/],
    [() => decodeYolo([{ map } as never], { imageSize }), /anchors of maps\[0\] of decodeYolo/],
    [() => selectDetections(boxes, scores, undefined as never), /options of selectDetections to be an object/],
    [() => selectDetections(boxes, scores, { ...options, background: '0' as never }), /background of selectDetections/],
    [() => selectDetections(boxes, scores, { ...options, iouThreshold: 2 }), /iouThreshold of selectDetections/],
    [
      () => selectDetections(boxes, scores.slice(1), options),
      /scores of selectDetections to be a row for each of 3 boxes/,
    ],
    [() => selectDetections(boxes, [...scores.slice(1), Number.NaN], options), /scores\[5\] to be a number/],
    [() => selectDetections([Number.NaN, ...boxes.slice(1)], scores, options), /boxes of nms\[\d+\] to be a number/],
    [() => selectDetections(boxes, scores, { ...options, limit: 0 }), /limit of selectDetections/],
    [() => selectDetections(boxes, scores, { ...options, best: 3 } as never), /has no option "best"/],
    [() => nms([0, 0, 1, 1], [Number.NaN], { iouThreshold: 0.5 }), /scores of nms\[0\] to be a number/],
    [() => softNms([0, 0, Number.NaN, 1], [1]), /boxes of softNms\[2\] to be a number/],
    [
      () => decodeSsd(predictions, { anchors: anchors.slice(4), imageSize }),
      /deltas of decodeSsd to be of shape \[1, 39, 4\]/,
    ],
    [
      () => decodeSsd({ ...predictions, logits: Tensor.zeros([1, 3, 40]) }, { anchors, imageSize }),
      /logits of decodeSsd/,
    ],
    [() => decodeRetinanet(predictions, { anchors, imageSize: [80] as never }), /imageSize of decodeRetinanet/],
    [() => decodeYolo([], { imageSize }), /maps of decodeYolo to be a list of maps/],
    [
      () =>
        decodeYolo(
          [
            {
              map: Tensor.zeros([1, 2, 2, 255]),
              anchors: [
                [1, 1],
                [2, 2],
              ],
            },
          ],
          { imageSize },
        ),
      /maps\[0\] of decodeYolo to be of shape \[1, H, W, 2 x \(5 \+ classes\)\]/,
    ],
  ])('%#', (make, message) => {
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })
})
