import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import { type Padding2d, positiveInteger, type Size2d } from '../shape.js'
import type { Pool2dShape, Window2d } from '../shape-types.js'
import { affine, clamp } from './activations.js'
import { broadcastAdd, divide, multiply } from './arithmetic.js'
import { checkRank, convSpec, emitConv, type Geometry } from './conv-options.js'
import { booleanOption, knownOptions } from './options.js'
import { lpPool2d } from './pool-means.js'
import { reduce } from './reduce.js'

export interface PartialConv2dOptions<K = Size2d, S = Size2d, P = Padding2d>
  extends Omit<Geometry<K, S, P, 1>, 'dilation'> {
  /** Adds a learned number per output channel where anything is known; true by default. */
  readonly bias?: boolean
  /**
   * By what the sum over the known elements of a window is made up for the others: 'window' (default) multiplies it with the share of
   * the window's elements over the known ones, 'mean' divides it by the number of the known ones.
   */
  readonly rescale?: 'window' | 'mean'
}

/**
 * A convolution over what a mask says is known: an image `[H, W, C]` and its mask `[H, W, C]` or, for all channels at once, `[H, W, 1]`
 * -> `{ output: [H', W', outChannels], mask: [H', W', 1] }`.
 *
 * A mask has ones where the image is known and zeros elsewhere; the new one has ones where the window met anything known. Weights:
 * `weight`, `bias` as those of `conv2d`. Throws OptionError at once, ShapeError when mask and image do not fit. Liu et al.,
 * arXiv:1804.07723.
 *
 * ```ts
 * import { model, module, partialConv2d, relu, type Sym } from 'im2col'
 *
 * const m = { first: partialConv2d(64, { kernel: 7, stride: 2, padding: 3 }), second: partialConv2d(128, { kernel: 5 }) }
 * const net = model(
 *   { image: [256, 256, 3], mask: [256, 256, 1] },
 *   module(m, <X, M>({ image, mask }: { image: Sym<X>; mask: Sym<M> }) => {
 *     const first = m.first(image, mask)
 *     return m.second(relu(first.output), first.mask)
 *   }),
 * )
 * net.outputs.output // [124, 124, 128]
 * ```
 */
export const partialConv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
>(
  outChannels: O,
  options: PartialConv2dOptions<K, S, P>,
): (<X, M>(
  x: Sym<X>,
  mask: Sym<M>,
) => {
  readonly output: Sym<Window2d<'partialConv2d', X, O, K, S, P, 1, false, false>>
  readonly mask: Sym<MaskShape<Pool2dShape<X, K, S, P, 1, false, false>>>
}) => {
  const type = 'partialConv2d'
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  knownOptions(type, options, ['kernel', 'stride', 'padding', 'bias', 'rescale'])
  const { rescale = 'window', bias = true, ...geometry } = options
  booleanOption(`bias of ${type}`, bias)
  if (rescale !== 'window' && rescale !== 'mean') throw invalidOption(`rescale of ${type}`, 'window, mean', rescale)
  const spec = { ...convSpec(type, 2, geometry, []), bias: false }
  const { kernel, stride = 1, padding = 0 } = geometry
  const taps = spec.window.kernel.reduce((product, size) => product * size, 1)
  const count = lpPool2d({ kernel, stride, padding, p: 1 })
  const layer = (x: AnySym, mask: AnySym) => {
    const at = apply(type, layer, [x, mask])
    checkRank(at, 2, x.shape)
    checkMask(at, x.shape, mask.shape)
    const perChannel = mask.shape[2] !== 1
    const known = count(perChannel ? reduce('sum', { axes: [-1], keepDims: true })(mask) : mask) as AnySym
    const newMask = clamp({ min: 0, max: 1 })(known)
    const scale = rescale === 'mean' ? 1 / (perChannel ? 1 : (x.shape[2] as number)) : taps * (mask.shape[2] as number)
    const factor = divide(affine({ scale })(newMask), affine({ shift: 1e-8 })(known))
    const input = multiply(x, mask) as AnySym
    const sums = emitConv(at.on(input), x.shape, spec, { outChannels: out, groups: 1 })
    const output = multiply(sums, factor) as AnySym
    if (!bias) return { output, mask: newMask }
    const learned = at.on().emit('parameter', {}, [out], { weight: [out] }, { weight: 'bias' })
    return { output: multiply(broadcastAdd(output, learned), newMask), mask: newMask }
  }
  return layer as never
}

type MaskShape<Pooled> = Pooled extends readonly [infer H, infer W, unknown] ? [H, W, 1] : Pooled

const checkMask = (at: Application, image: readonly number[], mask: readonly number[]): void => {
  const [height, width, channels] = image
  const fits = mask.length === 3 && mask[0] === height && mask[1] === width
  if (fits && (mask[2] === 1 || mask[2] === channels)) return
  throw new ShapeError(`${at.label} takes a mask [${height}, ${width}, 1 or ${channels}] but received ${show(mask)}`, {
    layer: at.path,
    expected: image,
    actual: mask,
  })
}
