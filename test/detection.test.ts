import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as detection from '../lib/detection/index.js'
import {
  anchorGrid,
  boxIou,
  clipBoxes,
  convertBoxes,
  decodeBoxes,
  defaultBoxes,
  encodeBoxes,
  Im2colError,
  nms,
  OptionError,
  softNms,
} from '../lib/index.js'

/** What torchvision gives; made by test/oracle/torch_layers.py. */
const oracle: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL('./fixtures/torch-layers.json', import.meta.url), 'utf8'),
).detection
const { boxes = [], scores = [], labels = [], deltas = [] } = oracle

const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number> = []) => {
  expect(actual.length).toBe(expected.length)
  Array.from(expected).forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - value), `element ${i}`).toBeLessThan(1e-4 * (1 + Math.abs(value)))
  })
}

const reversed = (list: readonly number[]) =>
  Array.from({ length: list.length / 4 }, (_, i) => list.slice(4 * i, 4 * i + 4))
    .reverse()
    .flat()

describe('as torchvision', () => {
  test('overlaps', () => expectClose(boxIou(boxes.slice(0, 32), boxes.slice(0, 32)), oracle.iou))
  test('greedy suppression', () => expect(nms(boxes, scores, { iouThreshold: 0.3 })).toEqual(oracle.nms))
  test('suppression within each class', () =>
    expect(nms(boxes, scores, { iouThreshold: 0.3, labels })).toEqual(oracle.batchedNms))
  test('decoding', () => expectClose(decodeBoxes(boxes, deltas, { weights: [10, 10, 5, 5] }), oracle.decoded))
  test('encoding', () => expectClose(encodeBoxes(boxes, reversed(boxes), { weights: [10, 10, 5, 5] }), oracle.encoded))
  test('anchors', () => {
    const options = { featureSize: [4, 5], imageSize: [31, 46], sizes: [8, 20], aspectRatios: [0.5, 1, 2] } as const
    expectClose(anchorGrid(options), oracle.anchors)
  })
  test("SSD's default boxes", () => {
    const options = {
      featureSizes: [
        [3, 4],
        [1, 2],
      ],
      imageSize: [30, 40],
      scales: [0.2, 0.55, 0.9],
      aspectRatios: [[2], [2, 3]],
    } as const
    expectClose(defaultBoxes(options), oracle.defaultBoxes)
  })
  test('formats', () => expectClose(convertBoxes(boxes.slice(0, 32), 'xyxy', 'cxcywh'), oracle.cxcywh))
})

test('steps take the place of image over features', () => {
  const options = { featureSizes: [[2, 2]], imageSize: [10, 10], scales: [0.1, 0.1], aspectRatios: [[]] } as const
  expect([...defaultBoxes({ ...options, steps: [4] }).slice(0, 4)]).toEqual([1.5, 1.5, 2.5, 2.5])
  expect([...defaultBoxes(options).slice(0, 4)]).toEqual([2, 2, 3, 3])
})

test('every format converts to every other and back', () => {
  const corners = [8, 17, 12, 23]
  for (const format of ['xyxy', 'xywh', 'cxcywh'] as const) {
    const other = convertBoxes(corners, 'xyxy', format)
    expect([...convertBoxes(other, format, 'xyxy')]).toEqual(corners)
    for (const next of ['xyxy', 'xywh', 'cxcywh'] as const) {
      expect([...convertBoxes(other, format, next)]).toEqual([...convertBoxes(corners, 'xyxy', next)])
    }
  }
  expect([...convertBoxes(corners, 'xyxy', 'xywh')]).toEqual([8, 17, 4, 6])
})

test('boxes are clipped to the image', () => {
  expect([...clipBoxes([-5, 3, 40, 200], { height: 100, width: 30 })]).toEqual([0, 3, 30, 100])
})

test('decoding undoes encoding, and no box grows without bound', () => {
  expectClose(decodeBoxes(boxes, encodeBoxes(boxes, reversed(boxes))), reversed(boxes))
  expectClose(decodeBoxes([0, 0, 16, 16], [0, 0, 1000, 0]), [-492, 0, 508, 16])
})

test('suppression keeps the order of equal scores and takes empty lists', () => {
  expect(nms([0, 0, 1, 1, 5, 5, 6, 6, 0, 0, 1, 1], [1, 1, 1], { iouThreshold: 0.5 })).toEqual([0, 1])
  expect(nms([], [], { iouThreshold: 0.5 })).toEqual([])
})

test('soft suppression lowers the scores of what overlaps', () => {
  const twice = [0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 30, 30]
  const kept = softNms(twice, [0.9, 0.8, 0.5])
  expect(kept.map(({ index }) => index)).toEqual([0, 2, 1])
  expectClose(
    kept.map(({ score }) => score),
    [0.9, 0.5, 0.8 * Math.exp(-2)],
  )
  expect(softNms(twice, [0.9, 0.8, 0.5], { sigma: 0.1 }).map(({ index }) => index)).toEqual([0, 2])
})

test('boxes without area do not overlap', () => {
  expect([...boxIou([0, 0, 0, 0, 1, 1, 3, 3], [0, 0, 0, 0])]).toEqual([0, 0])
  expect(softNms([0, 0, 0, 0, 0, 0, 0, 0], [0.9, 0.8]).map(({ score }) => score)).toEqual([0.9, 0.8])
})

const grid = { featureSize: [1, 1], imageSize: [32, 32], sizes: [32], aspectRatios: [1] } as const
const defaults = { featureSizes: [[2, 2]], imageSize: [9, 9], scales: [0.1, 0.2], aspectRatios: [[2]] } as const

test.each<[() => unknown, string]>([
  [() => anchorGrid(undefined as never), 'Expected options of anchorGrid to be an object'],
  [() => anchorGrid({ ...grid, ratios: [2] } as never), 'anchorGrid has no option "ratios"'],
  [() => anchorGrid({ ...grid, sizes: undefined as never }), 'sizes of anchorGrid to be a list of positive numbers'],
  [() => anchorGrid({ ...grid, sizes: 32 as never }), 'sizes of anchorGrid to be a list of positive numbers'],
  [() => anchorGrid({ ...grid, aspectRatios: [0] }), 'aspectRatios of anchorGrid to be a list of positive numbers'],
  [() => anchorGrid({ ...grid, aspectRatios: [1, -1] }), 'aspectRatios of anchorGrid to be a list of positive numbers'],
  [() => defaultBoxes(undefined as never), 'Expected options of defaultBoxes to be an object'],
  [() => defaultBoxes({ ...defaults, clp: 1 } as never), 'defaultBoxes has no option "clp"'],
  [
    () => defaultBoxes({ ...defaults, featureSizes: [3] as never }),
    'featureSizes of defaultBoxes to be [height, width]',
  ],
  [() => defaultBoxes({ ...defaults, featureSizes: 3 as never }), 'featureSizes of defaultBoxes to be a list of sizes'],
  [() => defaultBoxes({ ...defaults, aspectRatios: [2] as never }), 'aspectRatios of defaultBoxes to be 1 lists'],
  [() => defaultBoxes({ ...defaults, aspectRatios: [[0]] }), 'aspectRatios of defaultBoxes to be a list of positive'],
  [() => defaultBoxes({ ...defaults, steps: [0] }), 'steps of defaultBoxes to be a list of 1 positive numbers'],
  [() => defaultBoxes({ ...defaults, clip: 'none' as never }), "clip of defaultBoxes to be a boolean or 'all'"],
  [() => clipBoxes([0, 0, 9, 9], undefined as never), 'Expected options of clipBoxes to be an object'],
  [() => clipBoxes([0, 0, 9, 9], [5, 5] as never), 'Expected options of clipBoxes to be an object'],
  [() => clipBoxes([0, 0, 9, 9], { height: 5 } as never), 'width of clipBoxes to be a positive number'],
  [
    () => decodeBoxes([0, 0, 1, 1], [0, 0, 0, 0], { weights: [1] as never }),
    'weights of decodeBoxes to be a list of 4',
  ],
  [
    () => decodeBoxes([0, 0, 1, 1], [0, 0, 0, 0], { weights: [0, 0, 0, 0] }),
    'weights of decodeBoxes to be a list of 4',
  ],
  [() => decodeBoxes([0, 0, 1, 1], [0, 0, 0, 0], { weight: [1] } as never), 'decodeBoxes has no option "weight"'],
  [() => encodeBoxes([0, 0, 1, 1], [0, 0, 1, 1], { weight: [1] } as never), 'encodeBoxes has no option "weight"'],
  [() => nms([0, 0, 1, 1], [1], { iouThreshold: 50 }), 'iouThreshold of nms to be a number from 0 to 1'],
  [() => nms([0, 0, 1, 1], [1], { iouThreshold: -1 }), 'iouThreshold of nms to be a number from 0 to 1'],
  [() => nms('abcd' as never, [1], { iouThreshold: 0.5 }), 'boxes of nms to be a list of numbers'],
  [() => nms([0, 0, 1, '1'] as never, [1], { iouThreshold: 0.5 }), 'boxes of nms[3] to be a number'],
  [() => boxIou(null as never, []), 'Expected boxes to be a list of numbers but received null'],
  [() => boxIou([1, 2, 3], []), 'Expected boxes to be four numbers for each box but received 3 (number)'],
  [() => nms(boxes, [1], { iouThreshold: 0.5 }), 'Expected scores of nms to be 60, one for each box, but received 1'],
  [() => nms([], [], { threshold: 1 } as never), 'nms has no option "threshold"'],
  [() => convertBoxes([], 'xyxy', 'corners' as never), 'Expected format of boxes to be xyxy, xywh, cxcywh'],
  [() => decodeBoxes([0, 0, 1, 1], []), 'Expected deltas to be as many as there are anchors (1) but received 0'],
  [
    () => anchorGrid({ featureSize: [4, 0], imageSize: [9, 9], sizes: [1], aspectRatios: [1] }),
    'Expected featureSize of anchorGrid to be [height, width], two positive integers, but received [4, 0]',
  ],
  [
    () => defaultBoxes({ featureSizes: [[1, 1]], imageSize: [9, 9], scales: [1], aspectRatios: [[]] }),
    'Expected scales of defaultBoxes to be a list of 2 positive numbers',
  ],
])('what does not fit is refused, %#', (attempt, message) => {
  expect(attempt).toThrow(OptionError)
  expect(attempt).toThrow(message)
})

test.each(Object.entries(detection).filter(([, value]) => typeof value === 'function'))(
  'whatever %s refuses it refuses with an error of the package',
  (_, call) => {
    const values = [undefined, null, 5, 'x', [], [5], [null], {}, { unknown: 1 }, [0, 0, 1, 1], { imageSize: [9, 9] }]
    const thrown = values.flatMap((a) =>
      values.flatMap((b) =>
        values.map((c) => {
          try {
            ;(call as (...args: readonly unknown[]) => unknown)(a, b, c)
          } catch (error) {
            return error
          }
          return undefined
        }),
      ),
    )
    expect(thrown.filter((error) => error !== undefined && !(error instanceof Im2colError))).toEqual([])
  },
)
