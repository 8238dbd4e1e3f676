import { ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import type { CorrelationShape } from '../pool-shape-types.js'
import { nonNegativeInteger, outputSize, positiveInteger } from '../shape.js'
import { checkRank } from './conv-options.js'
import { booleanOption, knownOptions } from './options.js'

export interface CorrelationOptions<Patch = number, K = number, S = number, P = number, D = number> {
  /** Displacements along each axis, centred. */
  readonly patchSize: Patch
  /** Distance between neighbouring displacements; 1 by default. */
  readonly patchDilation?: number
  /** Size of the patches that are compared; 1 by default. */
  readonly kernel?: K
  /** 1 by default. */
  readonly stride?: S
  /** 0 by default. */
  readonly padding?: P
  /** Distance between neighbouring pixels of a patch; 1 by default. */
  readonly dilation?: D
  /** Divides by the number of channels; false by default. */
  readonly normalize?: boolean
}

/**
 * How alike patches of one image are to displaced patches of another: `[H, W, C]`, `[H, W, C]` -> `[H', W', patchSize^2]`.
 *
 * Channel i patchSize + j is the sum of products of the first at (y, x) with the second at (y + (i - floor(patchSize / 2)) patchDilation,
 * x + (j - floor(patchSize / 2)) patchDilation); what lies outside of an image counts as 0. Throws OptionError at once, ShapeError when
 * applied. Dosovitskiy et al., FlowNet, arXiv:1504.06852.
 *
 * ```ts
 * import { correlation, model } from 'im2col'
 *
 * const compare = correlation({ patchSize: 21, patchDilation: 2, normalize: true })
 * const net = model({ a: [48, 64, 256], b: [48, 64, 256] }, ({ a, b }) => compare(a, b))
 * net.outputs.output // [48, 64, 441]
 * ```
 */
export const correlation = <
  const Patch extends number,
  const K extends number = 1,
  const S extends number = 1,
  const P extends number = 0,
  const D extends number = 1,
>(
  options: CorrelationOptions<Patch, K, S, P, D>,
): (<A, B>(a: Sym<A>, b: Sym<B>) => Sym<CorrelationShape<A, B, Patch, K, S, P, D>>) => {
  const type = 'correlation'
  knownOptions(type, options, ['patchSize', 'patchDilation', 'kernel', 'stride', 'padding', 'dilation', 'normalize'])
  const { patchSize, patchDilation = 1, kernel = 1, stride = 1, padding = 0, dilation = 1, normalize = false } = options
  const window = {
    patch: positiveInteger(`patchSize of ${type}`, patchSize),
    patchDilation: positiveInteger(`patchDilation of ${type}`, patchDilation),
    kernel: positiveInteger(`kernel of ${type}`, kernel),
    stride: positiveInteger(`stride of ${type}`, stride),
    padding: nonNegativeInteger(`padding of ${type}`, padding),
    dilation: positiveInteger(`dilation of ${type}`, dilation),
  }
  booleanOption(`normalize of ${type}`, normalize)
  const layer = (a: AnySym, b: AnySym) => {
    const at = apply(type, layer, [a, b])
    checkRank(at, 2, a.shape)
    const output = a.shape
      .slice(0, 2)
      .map((size) => outputSize(size, { ...window, padStart: window.padding, padEnd: window.padding }))
    if (a.shape.join() !== b.shape.join() || output.some((size) => size < 1)) {
      throw new ShapeError(
        `${at.label} takes two equal images of at least the kernel's size but received ${show(a.shape)} and ${show(b.shape)}`,
        { layer: at.path, expected: a.shape, actual: b.shape },
      )
    }
    const scale = normalize ? 1 / (a.shape[2] as number) : 1
    return at.emit('correlation', { ...window, scale }, [...output, window.patch ** 2])
  }
  return layer as never
}
