import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Layer, type Sym } from '../graph/trace.js'
import type { Padding2d, Size2d } from '../shape.js'
import { positiveInteger } from '../shape.js'
import type { Conv2dShape, Window2d } from '../shape-types.js'
import { sigmoid } from './activations.js'
import { multiply } from './arithmetic.js'
import { concat } from './combine.js'
import { type Conv2dOptions, conv2d } from './conv.js'
import { checkRank, convNames, convSpec } from './conv-options.js'
import { depthwiseConv2d } from './depthwise-conv.js'
import { module } from './module.js'
import { booleanOption, knownOptions, layerOption } from './options.js'
import { split } from './slice.js'

/**
 * Depthwise convolutions of several kernel sizes, each over a part of the channels: `[H, W, C]` -> `[H', W', C]` with
 * H' = ceil(H / stride).
 *
 * The parts are equal, but the first has what is left over (timm's MixedConv2d). Kernels are odd, the padding is half of them. Weights:
 * `0.weight`, `1.weight`, ... (C of the part, 1, kernel, kernel) and, with `bias`, `0.bias`, ... Throws OptionError at once, ShapeError
 * when applied. Tan and Le, MixConv, arXiv:1907.09595.
 *
 * ```ts
 * import { mixedDepthwiseConv2d, model, sequential } from 'im2col'
 *
 * const net = model({ input: [56, 56, 40] }, sequential(mixedDepthwiseConv2d({ kernels: [3, 5, 7], stride: 2 })))
 * net.outputs.output // [28, 28, 40]
 * ```
 */
export const mixedDepthwiseConv2d = <const S extends number = 1>(options: {
  /** One odd size for each part of the channels. */
  readonly kernels: readonly number[]
  /** 1 by default. */
  readonly stride?: S
  /** Adds a learned number per channel; false by default. */
  readonly bias?: boolean
}): (<X>(x: Sym<X>) => Sym<Window2d<'mixedDepthwiseConv2d', X, 'same', 1, S, 0, 1, false, false>>) => {
  const type = 'mixedDepthwiseConv2d'
  knownOptions(type, options, ['kernels', 'stride', 'bias'])
  const { kernels, stride = 1, bias = false } = options
  if (!Array.isArray(kernels) || kernels.length === 0) {
    throw invalidOption(`kernels of ${type}`, 'a list of odd sizes', kernels)
  }
  positiveInteger(`stride of ${type}`, stride)
  booleanOption(`bias of ${type}`, bias)
  const convs = kernels.map((kernel: unknown) => {
    const size = positiveInteger(`kernel of ${type}`, kernel)
    if (size % 2 === 0) throw invalidOption(`kernel of ${type}`, 'odd', size)
    return depthwiseConv2d({ kernel: size, stride, padding: (size - 1) / 2, bias })
  })
  const layer: Layer = module(convs, (x: AnySym): AnySym => {
    const at = apply(type, layer, [x])
    checkRank(at, 2, x.shape)
    const channels = x.shape[2] as number
    if (channels < convs.length) {
      const expected = `at least ${convs.length} channels, one for each of its kernels,`
      throw new ShapeError(`${at.label} takes ${expected} but received ${show(x.shape)}`, {
        layer: at.path,
        expected: convs.length,
        actual: channels,
      })
    }
    const part = Math.floor(channels / convs.length)
    const sizes = convs.map((_, i) => (i === 0 ? channels - part * (convs.length - 1) : part))
    const parts = split(x, sizes) as readonly AnySym[]
    return concat(...parts.map((value, i) => (convs[i] as Layer)(value))) as AnySym
  })
  return layer as never
}

/**
 * A convolution times the sigmoid of another, which learns where the first counts: `[H, W, C]` -> `[H', W', outChannels]`.
 *
 * `activation` is applied to the first convolution; none by default. Weights: `feature.*` and `gate.*`, those of two conv2d. Throws
 * OptionError at once, ShapeError when applied. Yu et al., Free-Form Image Inpainting with Gated Convolution, arXiv:1806.03589.
 *
 * ```ts
 * import { elu, gatedConv2d } from 'im2col'
 *
 * const layer = gatedConv2d(48, { kernel: 5, padding: 2, activation: elu() })
 * ```
 */
export const gatedConv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: Conv2dOptions<K, S, P, D, E> & { readonly activation?: (x: AnySym) => AnySym },
): (<X>(x: Sym<X>) => Sym<Conv2dShape<X, O, K, S, P, D, E>>) => {
  const type = 'gatedConv2d'
  positiveInteger(`outChannels of ${type}`, outChannels)
  convSpec(type, 2, options, [...convNames, 'activation'])
  const { activation = (x: AnySym) => x, ...window } = options
  layerOption(`activation of ${type}`, activation)
  const conv = () => conv2d(outChannels, window as Conv2dOptions) as (x: AnySym) => AnySym
  const m = { feature: conv(), gate: conv() }
  return module(m, (x: AnySym) => multiply(activation(m.feature(x)), sigmoid(m.gate(x)))) as never
}
