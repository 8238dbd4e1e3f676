/** Boxes as plain data: four numbers each, one after the other. */

import { invalidOption } from '../errors.js'
import { knownOptions, positiveNumber } from '../layers/options.js'
import { numberList } from './options.js'

/** Rows of four coordinates: x1, y1, x2, y2 unless something else is said. */
export type Boxes = ArrayLike<number>

/** Two corners; a corner and the sizes; the centre and the sizes. */
export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh'

const formats: readonly BoxFormat[] = ['xyxy', 'xywh', 'cxcywh']

/** Number of boxes; throws OptionError unless they are a list with four numbers for each. */
export const boxCount = (name: string, boxes: Boxes): number => {
  const { length } = numberList(name, boxes)
  if (length % 4 !== 0) throw invalidOption(name, 'four numbers for each box', length)
  return length / 4
}

const at = (list: ArrayLike<number>, i: number): number => list[i] as number

/**
 * Boxes in another format: N times four numbers -> as many.
 *
 * Throws OptionError when a format does not exist or the numbers are not four for each box. As torchvision's box_convert.
 *
 * ```ts
 * import { convertBoxes } from 'im2col'
 *
 * convertBoxes([10, 20, 4, 6], 'cxcywh', 'xyxy') // 8, 17, 12, 23
 * ```
 */
export const convertBoxes = (boxes: Boxes, from: BoxFormat, to: BoxFormat): Float32Array => {
  for (const format of [from, to]) {
    if (!formats.includes(format)) throw invalidOption('format of boxes', formats.join(', '), format)
  }
  const count = boxCount('boxes', boxes)
  const result = new Float32Array(boxes.length)
  for (let i = 0; i < 4 * count; i += 4) {
    const [a, b, c, d] = [at(boxes, i), at(boxes, i + 1), at(boxes, i + 2), at(boxes, i + 3)]
    const [width, height] = from === 'xyxy' ? [c - a, d - b] : [c, d]
    const [left, top] = from === 'cxcywh' ? [a - width / 2, b - height / 2] : [a, b]
    const [right, bottom] = from === 'xyxy' ? [c, d] : [left + width, top + height]
    if (to === 'xyxy') result.set([left, top, right, bottom], i)
    else if (to === 'xywh') result.set([left, top, width, height], i)
    else if (from === 'xyxy') result.set([(left + right) / 2, (top + bottom) / 2, width, height], i)
    else result.set([left + width / 2, top + height / 2, width, height], i)
  }
  return result
}

/**
 * Boxes with every coordinate moved into an image of `height` x `width`: N times four numbers -> as many.
 *
 * Throws OptionError when the numbers are not four for each box, or a side of the image is missing or not positive.
 *
 * ```ts
 * import { clipBoxes } from 'im2col'
 *
 * clipBoxes([-5, 3, 40, 200], { height: 100, width: 30 }) // 0, 3, 30, 100
 * ```
 */
export const clipBoxes = (boxes: Boxes, image: { readonly height: number; readonly width: number }): Float32Array => {
  knownOptions('clipBoxes', image, ['height', 'width'])
  const [height, width] = [
    positiveNumber('height of clipBoxes', image.height),
    positiveNumber('width of clipBoxes', image.width),
  ]
  boxCount('boxes', boxes)
  return Float32Array.from(boxes, (value, i) => Math.min(Math.max(value, 0), i % 2 === 0 ? width : height))
}

/** Of each box, x2 - x1 times y2 - y1. */
const areas = (boxes: Boxes, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => {
    const [x1, y1, x2, y2] = [at(boxes, 4 * i), at(boxes, 4 * i + 1), at(boxes, 4 * i + 2), at(boxes, 4 * i + 3)]
    return (x2 - x1) * (y2 - y1)
  })

/** Intersection over union of box i of `a` and box j of `b`, 0 for two boxes without area; calls with the same lists share the areas. */
export const overlapOf = (a: Boxes, b: Boxes): ((i: number, j: number) => number) => {
  const [areasOfA, areasOfB] = [areas(a, boxCount('boxes', a)), areas(b, boxCount('boxes', b))]
  return (i, j) => {
    const width = Math.min(at(a, 4 * i + 2), at(b, 4 * j + 2)) - Math.max(at(a, 4 * i), at(b, 4 * j))
    const height = Math.min(at(a, 4 * i + 3), at(b, 4 * j + 3)) - Math.max(at(a, 4 * i + 1), at(b, 4 * j + 1))
    const shared = Math.max(width, 0) * Math.max(height, 0)
    const union = at(areasOfA, i) + at(areasOfB, j) - shared
    return union === 0 ? 0 : shared / union
  }
}

/**
 * Intersection over union of every box of `a` with every box of `b`: N and M boxes -> N times M numbers from 0 to 1, row by row.
 *
 * Two boxes without area do not overlap: they give 0, where torchvision gives NaN. Throws OptionError when the numbers are not four for
 * each box.
 *
 * ```ts
 * import { boxIou } from 'im2col'
 *
 * boxIou([0, 0, 2, 2], [1, 0, 3, 2]) // 1 / 3
 * ```
 */
export const boxIou = (a: Boxes, b: Boxes): Float32Array => {
  const [rows, columns] = [boxCount('boxes', a), boxCount('boxes', b)]
  const overlap = overlapOf(a, b)
  return Float32Array.from({ length: rows * columns }, (_, i) => overlap(Math.floor(i / columns), i % columns))
}
