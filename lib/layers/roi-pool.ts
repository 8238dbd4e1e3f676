import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import type { RoiShape } from '../pool-shape-types.js'
import { type Size2d, sizes } from '../shape.js'
import { checkRank } from './conv-options.js'
import { booleanOption, knownOptions, positiveNumber } from './options.js'

export interface RoiPoolOptions<Out = Size2d> {
  /** Bins along height and width. */
  readonly outputSize: Out
  /** Pixels of the input for one unit of a box's coordinates; 1 by default. */
  readonly spatialScale?: number
}

export interface RoiAlignOptions<Out = Size2d> extends RoiPoolOptions<Out> {
  /** Samples of a bin along one axis, at most 4096; as many as it has pixels, rounded up, by default. */
  readonly samplingRatio?: number
  /** Shifts boxes by half a pixel, so that a coordinate 0.5 is the centre of the first pixel; false by default. */
  readonly aligned?: boolean
}

const roiLayer = (
  type: string,
  options: RoiPoolOptions<unknown>,
  emit: (at: Application, spatialScale: number, shape: readonly number[]) => AnySym,
) => {
  const { spatialScale = 1 } = options
  const bins = sizes(`outputSize of ${type}`, 2, options.outputSize)
  positiveNumber(`spatialScale of ${type}`, spatialScale)
  const layer = (x: AnySym, boxes: AnySym) => {
    const at = apply(type, layer, [x, boxes])
    checkRank(at, 2, x.shape)
    const [count = 1, coordinates] = boxes.shape
    if (boxes.shape.length !== 2 || coordinates !== 4) {
      throw new ShapeError(`${at.label} takes boxes [count, 4] but received ${show(boxes.shape)}`, {
        layer: at.path,
        expected: '[count, 4]',
        actual: boxes.shape,
      })
    }
    return emit(at, spatialScale, [count, ...bins, x.shape[2] as number])
  }
  return layer
}

/**
 * The maxima over a grid of bins of every box: `[H, W, C]`, boxes `[K, 4]` -> `[K, height, width, C]`.
 *
 * A box is x1, y1, x2, y2, rounded to whole pixels, which both belong to it; every image of a batch has K boxes of its own. An empty bin
 * is 0. As torchvision's roi_pool. Throws OptionError at once, ShapeError when applied. Girshick, Fast R-CNN, arXiv:1504.08083.
 *
 * ```ts
 * import { model, roiPool } from 'im2col'
 *
 * const pool = roiPool({ outputSize: 7, spatialScale: 1 / 16 })
 * const net = model({ features: [38, 50, 512], boxes: [100, 4] }, ({ features, boxes }) => pool(features, boxes))
 * net.outputs.output // [100, 7, 7, 512]
 * ```
 */
export const roiPool = <const Out extends Size2d>(
  options: RoiPoolOptions<Out>,
): (<X, B>(x: Sym<X>, boxes: Sym<B>) => Sym<RoiShape<X, B, Out>>) => {
  knownOptions('roiPool', options, ['outputSize', 'spatialScale'])
  return roiLayer('roiPool', options, (at, spatialScale, shape) => at.emit('roiPool', { spatialScale }, shape)) as never
}

/**
 * The means of bilinear samples over a grid of bins of every box: `[H, W, C]`, boxes `[K, 4]` -> `[K, height, width, C]`.
 *
 * A box is x1, y1, x2, y2; every image of a batch has K boxes of its own. Samples more than a pixel outside count as 0. As torchvision's
 * roi_align. Throws OptionError at once, ShapeError when applied. He et al., Mask R-CNN, arXiv:1703.06870.
 *
 * ```ts
 * import { model, roiAlign } from 'im2col'
 *
 * const align = roiAlign({ outputSize: 7, spatialScale: 1 / 4, samplingRatio: 2, aligned: true })
 * const net = model({ features: [200, 272, 256], boxes: [100, 4] }, ({ features, boxes }) => align(features, boxes))
 * net.outputs.output // [100, 7, 7, 256]
 * ```
 */
export const roiAlign = <const Out extends Size2d>(
  options: RoiAlignOptions<Out>,
): (<X, B>(x: Sym<X>, boxes: Sym<B>) => Sym<RoiShape<X, B, Out>>) => {
  const type = 'roiAlign'
  knownOptions(type, options, ['outputSize', 'spatialScale', 'samplingRatio', 'aligned'])
  const { samplingRatio = 0, aligned = false } = options
  booleanOption(`aligned of ${type}`, aligned)
  if (!Number.isInteger(samplingRatio) || samplingRatio < 0 || samplingRatio > 4096) {
    throw invalidOption(`samplingRatio of ${type}`, 'an integer from 0 to 4096', samplingRatio)
  }
  return roiLayer(type, options, (at, spatialScale, shape) =>
    at.emit('roiAlign', { spatialScale, samplingRatio, aligned }, shape),
  ) as never
}
