import { invalidOption } from '../errors.js'
import { knownOptions, positiveNumbers } from '../layers/options.js'
import { type Boxes, boxCount } from './boxes.js'

export interface BoxCodingOptions {
  /** What the shifts of x and y and the logarithms of width and height were multiplied with; 1, 1, 1, 1 by default. */
  readonly weights?: readonly [x: number, y: number, width: number, height: number]
}

interface Coding {
  readonly type: string
  readonly others: 'boxes' | 'deltas'
}

/** Number of anchors and of what goes with them, and the weights. */
const checked = ({ type, others }: Coding, anchors: Boxes, list: Boxes, options: BoxCodingOptions) => {
  knownOptions(type, options, ['weights'])
  const { weights = [1, 1, 1, 1] } = options
  positiveNumbers(`weights of ${type}`, weights, 4)
  const count = boxCount('anchors', anchors)
  if (boxCount(others, list) !== count) {
    throw invalidOption(others, `as many as there are anchors (${count})`, list.length / 4)
  }
  return { count, weights }
}

/** Centre and sizes of box i. */
const centred = (boxes: Boxes, i: number): readonly [number, number, number, number] => {
  const [x1, y1, x2, y2] = [0, 1, 2, 3].map((k) => boxes[4 * i + k]) as [number, number, number, number]
  return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
}

/** A box grows to at most this many times its anchor: 1000 / 16, so that no exponential overflows. */
const largestGrowth = Math.log(1000 / 16)

/**
 * Boxes from what a detector predicts relative to its anchors: N anchors, N times (dx, dy, dw, dh) -> N boxes.
 *
 * The centre moves by dx and dy times the anchor's sizes, which grow by exp(dw) and exp(dh), each over its weight; Fast R-CNN uses the
 * weights 10, 10, 5, 5, as SSD does. Throws OptionError when the counts differ or a weight is not
 * positive. Girshick et al., arXiv:1311.2524; torchvision's BoxCoder.
 *
 * ```ts
 * import { decodeBoxes } from 'im2col'
 *
 * decodeBoxes([0, 0, 10, 10], [1, 0, 0, 0], { weights: [10, 10, 5, 5] }) // 1, 0, 11, 10
 * ```
 */
export const decodeBoxes = (anchors: Boxes, deltas: Boxes, options: BoxCodingOptions = {}): Float32Array => {
  const { count, weights } = checked({ type: 'decodeBoxes', others: 'deltas' }, anchors, deltas, options)
  const boxes = new Float32Array(4 * count)
  for (let i = 0; i < count; i++) {
    const [x, y, width, height] = centred(anchors, i)
    const [dx, dy, dw, dh] = weights.map((weight, k) => (deltas[4 * i + k] as number) / weight) as [
      number,
      number,
      number,
      number,
    ]
    const [cx, cy] = [x + dx * width, y + dy * height]
    const halfWidth = (width * Math.exp(Math.min(dw, largestGrowth))) / 2
    const halfHeight = (height * Math.exp(Math.min(dh, largestGrowth))) / 2
    boxes.set([cx - halfWidth, cy - halfHeight, cx + halfWidth, cy + halfHeight], 4 * i)
  }
  return boxes
}

/**
 * What a detector has to predict for boxes, relative to anchors: N anchors, N boxes -> N times (dx, dy, dw, dh), the inverse of
 * decodeBoxes. Throws OptionError likewise.
 *
 * ```ts
 * import { encodeBoxes } from 'im2col'
 *
 * encodeBoxes([0, 0, 10, 10], [1, 0, 11, 10]) // 0.1, 0, 0, 0
 * ```
 */
export const encodeBoxes = (anchors: Boxes, boxes: Boxes, options: BoxCodingOptions = {}): Float32Array => {
  const { count, weights } = checked({ type: 'encodeBoxes', others: 'boxes' }, anchors, boxes, options)
  const deltas = new Float32Array(4 * count)
  for (let i = 0; i < count; i++) {
    const [ax, ay, aw, ah] = centred(anchors, i)
    const [x, y, width, height] = centred(boxes, i)
    const plain = [(x - ax) / aw, (y - ay) / ah, Math.log(width / aw), Math.log(height / ah)]
    deltas.set(
      plain.map((delta, k) => delta * (weights[k] as number)),
      4 * i,
    )
  }
  return deltas
}
