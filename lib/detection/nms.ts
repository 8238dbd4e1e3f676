import { invalidOption } from '../errors.js'
import { finiteNumber, knownOptions, positiveNumber } from '../layers/options.js'
import { type Boxes, boxCount, overlapOf } from './boxes.js'
import { fractionOption, numberList, withoutNaN } from './options.js'

export interface NmsOptions {
  /** Boxes that overlap a better one by more than this (intersection over union, from 0 to 1) go. */
  readonly iouThreshold: number
  /** Boxes of different labels do not compete; without labels all do. */
  readonly labels?: ArrayLike<number>
}

/** Checks a list with a number for each box. */
const checkForEach = (name: string, list: ArrayLike<number>, count: number): void => {
  const { length } = numberList(name, list)
  if (length !== count) throw invalidOption(name, `${count}, one for each box,`, length)
  withoutNaN(name, list)
}

/** Number of boxes that have no NaN. */
const comparableBoxes = (name: string, boxes: Boxes): number => {
  const count = boxCount(name, boxes)
  withoutNaN(name, boxes)
  return count
}

/** Indices by falling score; equal scores keep their order. */
const byScore = (scores: ArrayLike<number>): readonly number[] =>
  Array.from(scores, (_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number))

/**
 * Greedy non-maximum suppression: N boxes x1, y1, x2, y2 and N scores -> indices of the boxes that stay, best first.
 *
 * With `labels` it is class-aware (torchvision's batched_nms). Throws OptionError when the counts differ, a number is NaN or an option is
 * wrong.
 *
 * ```ts
 * import { nms } from 'im2col'
 *
 * nms([0, 0, 10, 10, 1, 1, 11, 11, 50, 50, 60, 60], [0.9, 0.8, 0.7], { iouThreshold: 0.5 }) // 0, 2
 * ```
 */
export const nms = (boxes: Boxes, scores: ArrayLike<number>, options: NmsOptions): number[] => {
  knownOptions('nms', options, ['iouThreshold', 'labels'])
  const { iouThreshold, labels } = options
  const count = comparableBoxes('boxes of nms', boxes)
  checkForEach('scores of nms', scores, count)
  if (labels !== undefined) checkForEach('labels of nms', labels, count)
  fractionOption('iouThreshold of nms', iouThreshold)
  const overlap = overlapOf(boxes, boxes)
  const kept: number[] = []
  for (const i of byScore(scores)) {
    const isBeaten = kept.some((j) => labels?.[i] === labels?.[j] && overlap(i, j) > iouThreshold)
    if (!isBeaten) kept.push(i)
  }
  return kept
}

export interface SoftNmsOptions {
  /** How fast scores fall with the overlap, exp(-overlap^2 / sigma); 0.5 by default. */
  readonly sigma?: number
  /** Boxes whose score falls to this or below go; 0.001 by default. */
  readonly scoreThreshold?: number
}

/**
 * Non-maximum suppression that lowers scores instead of dropping boxes: N boxes and N scores -> the boxes that stay, best first, with
 * their new scores.
 *
 * Again and again the best box is taken and the score of every other falls by exp(-overlap^2 / sigma). Throws OptionError when the
 * counts differ, a number is NaN or an option is wrong. Bodla et al., Soft-NMS, arXiv:1704.04503.
 *
 * ```ts
 * import { softNms } from 'im2col'
 *
 * softNms([0, 0, 10, 10, 0, 0, 10, 10], [0.9, 0.8]) // [{ index: 0, score: 0.9 }, { index: 1, score: 0.108 }]
 * ```
 */
export const softNms = (
  boxes: Boxes,
  scores: ArrayLike<number>,
  options: SoftNmsOptions = {},
): readonly { readonly index: number; readonly score: number }[] => {
  knownOptions('softNms', options, ['sigma', 'scoreThreshold'])
  const { sigma = 0.5, scoreThreshold = 0.001 } = options
  positiveNumber('sigma of softNms', sigma)
  finiteNumber('scoreThreshold of softNms', scoreThreshold)
  checkForEach('scores of softNms', scores, comparableBoxes('boxes of softNms', boxes))
  const overlap = overlapOf(boxes, boxes)
  const rest = new Map(byScore(scores).map((index) => [index, scores[index] as number]))
  const kept: { readonly index: number; readonly score: number }[] = []
  while (rest.size > 0) {
    const [index, score] = [...rest].reduce((best, entry) => (entry[1] > best[1] ? entry : best))
    rest.delete(index)
    if (!(score > scoreThreshold)) break
    kept.push({ index, score })
    for (const [other, old] of rest) rest.set(other, old * Math.exp(-(overlap(index, other) ** 2) / sigma))
  }
  return kept
}
