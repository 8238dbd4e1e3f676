import { apply, type Sym } from '../graph/trace.js'
import { type Padding2d, positiveInteger, type Size2d, slideWindow } from '../shape.js'
import type { Window2d } from '../shape-types.js'
import { type ConvSwitches, checkRank, convSpec, type Geometry } from './conv-options.js'

export type LocallyConnected2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d, E = boolean> = Geometry<
  K,
  S,
  P,
  D
> &
  Omit<ConvSwitches<E>, 'flip'>

/**
 * A convolution with kernels of its own for every output pixel: `[H, W, C]` -> `[H', W', outChannels]`.
 *
 * Weights: `weight` (H', W', outChannels, C, height, width), `bias` (H', W', outChannels), so the network is bound to one input size.
 * Throws OptionError at once, ShapeError when applied. LeCun, Generalization and Network Design Strategies, 1989; Taigman et al., DeepFace,
 * CVPR 2014.
 *
 * ```ts
 * import { locallyConnected2d, model, sequential } from 'im2col'
 *
 * const net = model({ input: [25, 25, 16] }, sequential(locallyConnected2d(16, { kernel: 5, stride: 2 })))
 * net.outputs.output // [11, 11, 16]
 * ```
 */
export const locallyConnected2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: LocallyConnected2dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Window2d<'locallyConnected2d', X, O, K, S, P, D, false, E>>) => {
  const type = 'locallyConnected2d'
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = convSpec(type, 2, options, ['bias', 'exact'])
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, 2, shape)
    const { window, output } = slideWindow(at, shape.slice(0, 2), spec.window)
    return at.emit('locallyConnected', window, [...output, out], {
      weight: [...output, out, shape[2] as number, ...window.kernel],
      ...(spec.bias ? { bias: [...output, out] } : {}),
    })
  }
  return layer as never
}
