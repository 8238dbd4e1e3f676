import { invalidOption } from '../errors.js'
import { knownOptions, positiveNumbers } from '../layers/options.js'
import { type Size, sizeOption } from './options.js'

export interface AnchorGridOptions {
  /** Of the feature map. */
  readonly featureSize: Size
  /** Of the image, in pixels. */
  readonly imageSize: Size
  /** Square roots of the anchors' areas, in pixels. */
  readonly sizes: readonly number[]
  /** Heights over widths. */
  readonly aspectRatios: readonly number[]
}

/** To the nearest integer, ties to even. */
const roundEven = (value: number): number => {
  const nearest = Math.round(value)
  return nearest - value === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest
}

/**
 * Anchors of every size and aspect ratio around every cell of a feature map: -> rows * columns * ratios * sizes boxes x1, y1, x2, y2.
 *
 * Cells run row by row; within a cell all sizes of the first ratio come first. Corners are whole pixels; cells are
 * floor(image / features) pixels apart, from 0 on. Throws OptionError when a size or ratio is not positive. Ren et al., Faster R-CNN, arXiv:1506.01497; torchvision's
 * AnchorGenerator.
 *
 * ```ts
 * import { anchorGrid } from 'im2col'
 *
 * const anchors = anchorGrid({
 *   featureSize: [25, 25],
 *   imageSize: [800, 800],
 *   sizes: [128, 256],
 *   aspectRatios: [0.5, 1, 2],
 * })
 * anchors.length // 25 * 25 * 6 * 4
 * ```
 */
export const anchorGrid = (options: AnchorGridOptions): Float32Array => {
  knownOptions('anchorGrid', options, ['featureSize', 'imageSize', 'sizes', 'aspectRatios'])
  const { featureSize, imageSize, sizes, aspectRatios } = options
  sizeOption('featureSize of anchorGrid', featureSize)
  sizeOption('imageSize of anchorGrid', imageSize)
  positiveNumbers('sizes of anchorGrid', sizes)
  positiveNumbers('aspectRatios of anchorGrid', aspectRatios)
  const shapes = aspectRatios.flatMap((ratio) =>
    sizes.map((size) => {
      const [width, height] = [size / Math.sqrt(ratio), size * Math.sqrt(ratio)]
      return [-width / 2, -height / 2, width / 2, height / 2].map(roundEven)
    }),
  )
  const [rows, columns] = featureSize
  const [down, right] = [Math.floor(imageSize[0] / rows), Math.floor(imageSize[1] / columns)]
  const anchors: number[] = []
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (const shape of shapes) {
        anchors.push(...shape.map((corner, i) => corner + (i % 2 === 0 ? x * right : y * down)))
      }
    }
  }
  return Float32Array.from(anchors)
}

export interface DefaultBoxesOptions {
  /** Of every feature map, in the order of the scales. */
  readonly featureSizes: readonly Size[]
  /** Of the image, in pixels. */
  readonly imageSize: Size
  /** One for every feature map and one more, as parts of the image. */
  readonly scales: readonly number[]
  /** For every feature map; each ratio but 1 gives a wide and a tall box. */
  readonly aspectRatios: readonly (readonly number[])[]
  /** Pixels between the cells of every feature map; image / features by default. */
  readonly steps?: readonly number[]
  /** Keeps widths and heights within the image, as torchvision does (true, the default); `'all'`: centres as well, as SSD's authors do. */
  readonly clip?: boolean | 'all'
}

const checkDefaultBoxes = (type: string, options: DefaultBoxesOptions): void => {
  knownOptions(type, options, ['featureSizes', 'imageSize', 'scales', 'aspectRatios', 'steps', 'clip'])
  const { featureSizes, imageSize, scales, aspectRatios, steps, clip } = options
  if (!Array.isArray(featureSizes)) throw invalidOption(`featureSizes of ${type}`, 'a list of sizes', featureSizes)
  for (const size of featureSizes) sizeOption(`featureSizes of ${type}`, size)
  sizeOption(`imageSize of ${type}`, imageSize)
  const maps = featureSizes.length
  positiveNumbers(`scales of ${type}`, scales, maps + 1)
  if (!Array.isArray(aspectRatios) || aspectRatios.length !== maps || !aspectRatios.every(Array.isArray)) {
    throw invalidOption(`aspectRatios of ${type}`, `${maps} lists`, aspectRatios)
  }
  for (const ratios of aspectRatios) if (ratios.length > 0) positiveNumbers(`aspectRatios of ${type}`, ratios)
  if (steps !== undefined) positiveNumbers(`steps of ${type}`, steps, maps)
  if (clip !== undefined && clip !== 'all' && typeof clip !== 'boolean') {
    throw invalidOption(`clip of ${type}`, "a boolean or 'all'", clip)
  }
}

/**
 * SSD's default boxes of all its feature maps, one map after the other: -> boxes x1, y1, x2, y2 in pixels.
 *
 * Each cell has a square of its map's scale s, one of sqrt(s s') with the next scale s', then for every aspect ratio a wide and a tall
 * box. Throws OptionError when the lists do not fit or a number is not positive. Liu et al., SSD, arXiv:1512.02325; torchvision's DefaultBoxGenerator.
 *
 * ```ts
 * import { defaultBoxes } from 'im2col'
 *
 * const boxes = defaultBoxes({
 *   featureSizes: [[20, 20], [10, 10]],
 *   imageSize: [320, 320],
 *   scales: [0.2, 0.35, 0.5],
 *   aspectRatios: [[2], [2, 3]],
 * })
 * boxes.length // (20 * 20 * 4 + 10 * 10 * 6) * 4
 * ```
 */
export const defaultBoxes = (options: DefaultBoxesOptions): Float32Array => {
  checkDefaultBoxes('defaultBoxes', options)
  const { featureSizes, imageSize, scales, aspectRatios, steps, clip = true } = options
  const [imageHeight, imageWidth] = imageSize
  const boxes: number[] = []
  featureSizes.forEach((size, map) => {
    const [scale, next] = [scales[map] as number, scales[map + 1] as number]
    const mean = Math.sqrt(scale * next)
    const shapes = [
      [scale, scale],
      [mean, mean],
      ...(aspectRatios[map] as readonly number[]).flatMap((ratio) => {
        const [long, short] = [scale * Math.sqrt(ratio), scale / Math.sqrt(ratio)]
        return [
          [long, short],
          [short, long],
        ]
      }),
    ].map((shape) => (clip ? shape.map((side) => Math.min(Math.max(side, 0), 1)) : shape))
    const step = steps?.[map]
    const [rows, columns] = step === undefined ? size : [imageHeight / step, imageWidth / step]
    for (let y = 0; y < size[0]; y++) {
      for (let x = 0; x < size[1]; x++) {
        const inside = (centre: number) => (clip === 'all' ? Math.min(centre, 1) : centre)
        const [cx, cy] = [inside((x + 0.5) / columns) * imageWidth, inside((y + 0.5) / rows) * imageHeight]
        for (const [width = 0, height = 0] of shapes) {
          const [w, h] = [(width * imageWidth) / 2, (height * imageHeight) / 2]
          boxes.push(cx - w, cy - h, cx + w, cy + h)
        }
      }
    }
  })
  return Float32Array.from(boxes)
}
