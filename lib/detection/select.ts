import { invalidOption } from '../errors.js'
import { finiteNumber, knownOptions } from '../layers/options.js'
import { nonNegativeInteger, positiveInteger } from '../shape.js'
import { type Boxes, boxCount } from './boxes.js'
import { nms } from './nms.js'
import { fractionOption, numberList } from './options.js'

/** What a detector found. */
export interface Detection {
  /** x1, y1, x2, y2. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number]
  /** Number of its class. */
  readonly label: number
  readonly score: number
}

export interface SelectOptions {
  /** Detections with a score of this or less go. */
  readonly scoreThreshold: number
  /** Detections of one class that overlap a better one by more than this (intersection over union, from 0 to 1) go. */
  readonly iouThreshold: number
  /** How many stay at most; 100 by default. */
  readonly limit?: number
  /** Of each class, how many of the best scores compete; all by default. */
  readonly candidates?: number
  /** Number of the background among the classes, which is never a detection; none by default. */
  readonly background?: number
}

const optionNames = ['scoreThreshold', 'iouThreshold', 'limit', 'candidates', 'background']

/** What `select` needs to know. */
export interface Selection {
  readonly scoreThreshold: number
  readonly iouThreshold: number
  readonly limit: number
  readonly candidates: number | undefined
  readonly background: number | undefined
}

/** Checks the options of `type`, which are those of selecting and `own`; `defaults` are of those that are absent. */
export const checkSelection = (
  type: string,
  options: Partial<SelectOptions>,
  { own = [], defaults = {} }: { readonly own?: readonly string[]; readonly defaults?: Partial<SelectOptions> } = {},
): Selection => {
  knownOptions(type, options, [...own, ...optionNames])
  const {
    scoreThreshold = defaults.scoreThreshold,
    iouThreshold = defaults.iouThreshold,
    limit = defaults.limit ?? 100,
    candidates = defaults.candidates,
    background = defaults.background,
  } = options
  if (candidates !== undefined) positiveInteger(`candidates of ${type}`, candidates)
  if (background !== undefined) nonNegativeInteger(`background of ${type}`, background)
  return {
    scoreThreshold: finiteNumber(`scoreThreshold of ${type}`, scoreThreshold),
    iouThreshold: fractionOption(`iouThreshold of ${type}`, iouThreshold),
    limit: positiveInteger(`limit of ${type}`, limit),
    candidates,
    background,
  }
}

/**
 * Detections out of N boxes x1, y1, x2, y2 and N rows of scores of the classes, best first.
 *
 * Every class of a box counts as a detection of its own. Throws OptionError when the counts do not fit, a score or box in question is NaN or
 * an option is wrong.
 *
 * ```ts
 * import { selectDetections } from 'im2col'
 *
 * const boxes = [0, 0, 10, 10, 1, 1, 11, 11]
 * const scores = [0.1, 0.9, 0.2, 0.8] // two classes
 * selectDetections(boxes, scores, { scoreThreshold: 0.5, iouThreshold: 0.5 })
 * // [{ box: [0, 0, 10, 10], label: 1, score: 0.9 }]
 * ```
 */
export const selectDetections = (
  boxes: Boxes,
  scores: ArrayLike<number>,
  options: SelectOptions,
): readonly Detection[] => {
  const selection = checkSelection('selectDetections', options)
  const count = boxCount('boxes of selectDetections', boxes)
  const { length } = numberList('scores of selectDetections', scores)
  const classes = count === 0 ? 0 : length / count
  if (!Number.isInteger(classes) || (count > 0 && classes < 1)) {
    throw invalidOption('scores of selectDetections', `a row for each of ${count} boxes`, length)
  }
  return select(boxes, scores, selection)
}

/** The detections of {@link selectDetections}, whose arguments are right. */
export const select = (boxes: Boxes, scores: ArrayLike<number>, selection: Selection): readonly Detection[] => {
  const { scoreThreshold, iouThreshold, limit, candidates, background } = selection
  const count = boxes.length / 4
  const classes = count === 0 ? 0 : scores.length / count
  const found = Array.from({ length: classes }, (_, label) => label)
    .filter((label) => label !== background)
    .flatMap((label) => candidatesOf(scores, { label, classes, count, scoreThreshold, candidates }))
  const corners = (i: number) => [0, 1, 2, 3].map((k) => boxes[4 * i + k] as number)
  const kept = nms(
    found.flatMap(({ index }) => corners(index)),
    found.map(({ score }) => score),
    { iouThreshold, labels: found.map(({ label }) => label) },
  )
  return kept.slice(0, limit).map((k) => {
    const { index, label, score } = found[k] as Candidate
    return { box: corners(index) as unknown as Detection['box'], label, score }
  })
}

interface Candidate {
  readonly index: number
  readonly label: number
  readonly score: number
}

interface ClassQuery {
  readonly label: number
  readonly classes: number
  readonly count: number
  readonly scoreThreshold: number
  readonly candidates: number | undefined
}

/** The boxes whose score for one class is above the threshold, the best `candidates` of them. */
const candidatesOf = (
  scores: ArrayLike<number>,
  { label, classes, count, scoreThreshold, candidates }: ClassQuery,
): readonly Candidate[] => {
  const found: Candidate[] = []
  for (let index = 0; index < count; index++) {
    const score = scores[index * classes + label] as number
    if (Number.isNaN(score)) throw invalidOption(`scores[${index * classes + label}]`, 'a number', score)
    if (score > scoreThreshold) found.push({ index, label, score })
  }
  if (candidates === undefined || found.length <= candidates) return found
  return found.sort((a, b) => b.score - a.score).slice(0, candidates)
}
