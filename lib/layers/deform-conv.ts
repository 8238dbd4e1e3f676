import { ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { type Padding2d, positiveInteger, type Size2d, slideWindow } from '../shape.js'
import type { Window2d } from '../shape-types.js'
import {
  type ConvGroups,
  type ConvSwitches,
  checkChannels,
  checkGroups,
  checkRank,
  convSpec,
  type Geometry,
} from './conv-options.js'

export type DeformConv2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d, E = boolean> = Geometry<K, S, P, D> &
  Omit<ConvSwitches<E>, 'flip'> &
  ConvGroups

/**
 * A convolution whose every tap reads beside its place, by as much as `offsets` say: `[H, W, C]`, `[H', W', 2 G K]` and perhaps
 * `[H', W', G K]` -> `[H', W', outChannels]`, with K taps and G offset groups.
 *
 * The channels of `offsets` are dy, dx for every tap of every offset group; the G equal ranges of the input's channels move apart. A
 * `mask` multiplies what each tap reads (version 2). Reads are bilinear, 0 outside. As torchvision's deform_conv2d. Weights: `weight`
 * (outChannels, C / groups, height, width), `bias` (outChannels). Throws OptionError at once, ShapeError when applied. Dai et al.,
 * arXiv:1703.06211; Zhu et al., arXiv:1811.11168.
 *
 * ```ts
 * import { conv2d, deformConv2d, module, type Sym } from 'im2col'
 *
 * const m = { offset: conv2d(18, { kernel: 3, padding: 1 }), conv: deformConv2d(64, { kernel: 3, padding: 1 }) }
 * const block = module(m, <X,>(x: Sym<X>) => m.conv(x, m.offset(x)))
 * ```
 */
export const deformConv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: DeformConv2dOptions<K, S, P, D, E>,
): (<X, F, M>(
  x: Sym<X>,
  offsets: Sym<F>,
  mask?: Sym<M>,
) => Sym<Window2d<'deformConv2d', X, O, K, S, P, D, false, E>>) => {
  const type = 'deformConv2d'
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = convSpec(type, 2, options, ['bias', 'exact', 'groups', 'inChannels'])
  const groups = checkGroups(type, out, options)
  const layer = (x: AnySym, offsets: AnySym, mask?: AnySym) => {
    const at = apply(type, layer, mask === undefined ? [x, offsets] : [x, offsets, mask])
    checkRank(at, 2, x.shape)
    checkChannels(at, x.shape, groups, options.inChannels)
    const channels = x.shape[2] as number
    const { window, output } = slideWindow(at, x.shape.slice(0, 2), spec.window)
    const taps = window.kernel.reduce((product, size) => product * size, 1)
    const offsetGroups = (offsets.shape[2] ?? 0) / (2 * taps)
    const expected = [...output, 2 * taps * offsetGroups]
    if (offsets.shape.join() !== expected.join() || !Number.isInteger(offsetGroups) || channels % offsetGroups !== 0) {
      const text = `[${output.join(', ')}, 2 x ${taps} for each part of its ${channels} channels]`
      throw new ShapeError(`${at.label} takes offsets ${text} but received ${show(offsets.shape)}`, {
        layer: at.path,
        expected: text,
        actual: offsets.shape,
      })
    }
    if (mask !== undefined && mask.shape.join() !== [...output, taps * offsetGroups].join()) {
      const text = show([...output, taps * offsetGroups])
      throw new ShapeError(`${at.label} takes a mask ${text} but received ${show(mask.shape)}`, {
        layer: at.path,
        expected: text,
        actual: mask.shape,
      })
    }
    return at.emit('deformConv', { ...window, outChannels: out, groups, offsetGroups }, [...output, out], {
      weight: [out, channels / groups, ...window.kernel],
      ...(spec.bias ? { bias: [out] } : {}),
    })
  }
  return layer as never
}
