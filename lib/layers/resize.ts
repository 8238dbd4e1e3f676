import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import type { GridSampleShape, ResizeShape } from '../moved-shape-types.js'
import { positiveInteger } from '../shape.js'
import { booleanOption, knownOptions, positiveNumber } from './options.js'
import { antialiasedTable, cubicTable, linearTable, nearestTable, type ResizedAxis } from './resize-tables.js'

/** PyTorch's names; 'linear' is for one spatial axis, 'bilinear' and 'bicubic' for two, 'trilinear' for three. */
export type ResizeMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area'

/** One number for every spatial axis, or one for each, outer to inner. */
export type PerAxis = number | readonly number[]

export interface ResizeOptions<Size = PerAxis, Factor = PerAxis> {
  /** The spatial sizes of the result; this or `scaleFactor`. */
  readonly size?: Size
  /** Output size by input size, which is rounded down. */
  readonly scaleFactor?: Factor
  /** 'nearest' by default. */
  readonly mode?: ResizeMode
  /** Puts the centres of the corner elements upon each other, not their outer edges; false by default. Linear and cubic only. */
  readonly alignCorners?: boolean
  /** Averages over all that an output element covers when it shrinks; false by default. 'bilinear' and 'bicubic' only. */
  readonly antialias?: boolean
}

/** Spatial axes that a mode is for; the others take any number. */
const modeRanks: Readonly<Record<ResizeMode, number | undefined>> = {
  nearest: undefined,
  'nearest-exact': undefined,
  area: undefined,
  linear: 1,
  bilinear: 2,
  trilinear: 3,
  bicubic: 2,
}

const perAxis = (
  name: string,
  value: unknown,
  check: (name: string, value: unknown) => number,
): ((rank: number) => readonly number[] | undefined) => {
  if (!Array.isArray(value)) {
    const one = check(name, value)
    return (rank) => Array<number>(rank).fill(one)
  }
  const list = value.map((item) => check(name, item))
  return (rank) => (list.length === rank ? list : undefined)
}

interface Plan {
  readonly mode: ResizeMode
  readonly antialias: boolean
  readonly axes: readonly ResizedAxis[]
}

const emitResize = (at: Application, shape: readonly number[], { mode, antialias, axes }: Plan): AnySym => {
  const output = [...axes.map((axis) => axis.output), shape[shape.length - 1] as number]
  const of = 'resize'
  switch (mode) {
    case 'area':
      return at.emit('adaptiveAvgPool', { outputSize: output.slice(0, -1) }, output)
    case 'nearest':
    case 'nearest-exact': {
      const indices = () => axes.map((axis) => nearestTable(at, axis, mode === 'nearest-exact', axes.length))
      return at.emit('gather', () => ({ of, indices: [...indices(), null], value: 0 }), output)
    }
    default: {
      const kind = mode === 'bicubic' ? 'cubic' : 'linear'
      const plain = kind === 'cubic' ? cubicTable : linearTable
      const tables = () => axes.map((axis) => (antialias ? antialiasedTable(at, axis, kind) : plain(at, axis)))
      return at.emit('resample', () => ({ of, tables: tables() }), output)
    }
  }
}

/**
 * Resizes the spatial axes, as PyTorch's `interpolate` and `Upsample`: `[H, W, C]` -> `[H', W', C]`.
 *
 * Throws OptionError at once, ShapeError when applied to a value with another number of axes, or when an axis of the result reads more
 * than 2^26 elements of the input, one, two or four for each cell.
 *
 * ```ts
 * import { model, resize } from 'im2col'
 *
 * const net = model({ input: [28, 28, 21] }, resize({ size: 224, mode: 'bilinear' }))
 * net.outputs.output // [224, 224, 21]
 * ```
 */
export const resize = <
  const Size extends PerAxis | undefined = undefined,
  const Factor extends PerAxis | undefined = undefined,
>(
  options: ResizeOptions<Size, Factor>,
): (<X>(x: Sym<X>) => Sym<ResizeShape<X, Size, Factor>>) => {
  const type = 'resize'
  knownOptions(type, options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'antialias'])
  const { size, scaleFactor, mode = 'nearest', alignCorners = false, antialias = false } = options
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw invalidOption(`options of ${type}`, 'either size or scaleFactor', options)
  }
  if (!Object.hasOwn(modeRanks, mode)) throw invalidOption(`mode of ${type}`, Object.keys(modeRanks).join(', '), mode)
  const isInterpolated = modeRanks[mode] !== undefined
  if (booleanOption(`alignCorners of ${type}`, alignCorners) && !isInterpolated) {
    throw invalidOption(`alignCorners of ${type}`, `false with mode '${mode}'`, alignCorners)
  }
  if (booleanOption(`antialias of ${type}`, antialias) && mode !== 'bilinear' && mode !== 'bicubic') {
    throw invalidOption(`antialias of ${type}`, `false with mode '${mode}'`, antialias)
  }
  const wanted =
    size === undefined
      ? perAxis(`scaleFactor of ${type}`, scaleFactor, positiveNumber)
      : perAxis(`size of ${type}`, size, positiveInteger)
  const layer = (x: AnySym) => {
    const at = apply(type, layer, [x])
    const spatial = x.shape.slice(0, -1)
    const values = wanted(spatial.length)
    const rank = modeRanks[mode]
    if (spatial.length === 0 || values === undefined || (rank !== undefined && rank !== spatial.length)) {
      const axes = rank ?? `as many as numbers (${show(size ?? scaleFactor)})`
      throw new ShapeError(`${at.label} with mode '${mode}' takes ${axes} spatial axes but received ${show(x.shape)}`, {
        layer: at.path,
        expected: axes,
        actual: x.shape,
      })
    }
    const axes = spatial.map((input, axis): ResizedAxis => {
      const value = values[axis] as number
      if (size !== undefined) return { input, output: value, alignCorners }
      return { input, output: Math.floor(input * value), factor: value, alignCorners }
    })
    return emitResize(at, x.shape, { mode, antialias, axes })
  }
  return layer as never
}

export interface GridSampleOptions {
  /** 'bilinear' by default; it is trilinear for a grid of three coordinates, which cannot be 'bicubic'. */
  readonly mode?: 'bilinear' | 'nearest' | 'bicubic'
  /** What lies outside of the input: 'zeros' (by default), its 'border', or its 'reflection'. */
  readonly padding?: 'zeros' | 'border' | 'reflection'
  /** Makes -1 and 1 the centres of the corner elements, not their outer edges; false by default. */
  readonly alignCorners?: boolean
}

/**
 * The value read at the places that a grid names: `[H, W, C]`, `[H', W', 2]` -> `[H', W', C]`.
 *
 * The grid has the coordinates x, y from -1 to 1 of each output pixel, as PyTorch's `grid_sample`; x, y, z for a `[D, H, W, C]`. Throws
 * OptionError, ShapeError. Jaderberg et al., Spatial Transformer Networks, arXiv:1506.02025.
 *
 * ```ts
 * import { conv2d, gridSample, module, type Sym, tanh } from 'im2col'
 *
 * const m = { flow: conv2d(2, { kernel: 3, padding: 1 }) }
 * const warp = module(m, <X,>(x: Sym<X>) => gridSample(x, tanh(m.flow(x)), { padding: 'border' }))
 * ```
 */
export const gridSample = <X, G>(
  x: Sym<X>,
  grid: Sym<G>,
  options: GridSampleOptions = {},
): Sym<GridSampleShape<X, G>> => {
  const at = apply('gridSample', gridSample, [x, grid])
  knownOptions('gridSample', options, ['mode', 'padding', 'alignCorners'])
  const { mode = 'bilinear', padding = 'zeros', alignCorners = false } = options
  if (!['bilinear', 'nearest', 'bicubic'].includes(mode)) {
    throw invalidOption('mode of gridSample', "'bilinear', 'nearest' or 'bicubic'", mode)
  }
  if (!['zeros', 'border', 'reflection'].includes(padding)) {
    throw invalidOption('padding of gridSample', "'zeros', 'border' or 'reflection'", padding)
  }
  booleanOption('alignCorners of gridSample', alignCorners)
  const [shape, places] = [x.shape as readonly number[], grid.shape as readonly number[]]
  const axes = shape.length - 1
  const isFit = places.length === shape.length && places[axes] === axes
  if ((axes !== 2 && axes !== 3) || !isFit || (axes === 3 && mode === 'bicubic')) {
    throw new ShapeError(
      `${at.label} takes an image and a grid of 2 channels, or a volume and one of 3 (not bicubic), but received ${show(shape)} and ${show(places)}`,
      { layer: at.path, expected: axes, actual: places },
    )
  }
  return at.emit('gridSample', { mode, padding, alignCorners }, [
    ...places.slice(0, -1),
    shape[axes] as number,
  ]) as never
}
