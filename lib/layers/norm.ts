import { invalidOption } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import { finiteNumber, knownOptions } from './options.js'

export interface BatchNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
}

/**
 * Normalises every channel by its running statistics, then scales and shifts it; the shape stays.
 *
 * Weights: `weight`, `bias`, `running_mean`, `running_var`, each (C). Throws OptionError. Ioffe and Szegedy, arXiv:1502.03167.
 *
 * ```ts
 * import { batchNorm, conv2d, relu, sequential } from 'im2col'
 *
 * const stem = sequential(conv2d(64, { kernel: 3, bias: false }), batchNorm(), relu)
 * ```
 */
export const batchNorm = (options: BatchNormOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('batchNorm', options, ['eps'])
  const { eps = 1e-5 } = options
  finiteNumber('eps of batchNorm', eps)
  if (eps < 0) throw invalidOption('eps of batchNorm', 'a number of at least 0', eps)
  const layer = (x: Sym<unknown>) => {
    const at = apply('batchNorm', layer, [x])
    const shape = x.shape as readonly number[]
    const perChannel = [shape[shape.length - 1] as number]
    return at.emit('batchNorm', { eps }, shape, {
      weight: perChannel,
      bias: perChannel,
      runningMean: perChannel,
      runningVar: perChannel,
    })
  }
  return layer as never
}

export interface LayerNormOptions {
  /** Added to the variance; 1e-6 by default, as in ConvNeXt and ViT (PyTorch's own default is 1e-5). */
  readonly eps?: number
}

/**
 * Normalises the channels of every pixel to mean 0 and variance 1, then scales and shifts every channel; the shape stays.
 *
 * Weights: `weight`, `bias`, each (C). Throws OptionError. Ba et al., arXiv:1607.06450.
 *
 * ```ts
 * import { depthwiseConv2d, layerNorm, sequential } from 'im2col'
 *
 * const layer = sequential(depthwiseConv2d({ kernel: 7, padding: 3 }), layerNorm())
 * ```
 */
export const layerNorm = (options: LayerNormOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('layerNorm', options, ['eps'])
  const { eps = 1e-6 } = options
  finiteNumber('eps of layerNorm', eps)
  if (eps < 0) throw invalidOption('eps of layerNorm', 'a number of at least 0', eps)
  const layer = (x: Sym<unknown>) => {
    const at = apply('layerNorm', layer, [x])
    const shape = x.shape as readonly number[]
    const perChannel = [shape[shape.length - 1] as number]
    return at.emit('layerNorm', { eps }, shape, { weight: perChannel, bias: perChannel })
  }
  return layer as never
}

/**
 * Multiplies every channel by a learned number; the shape stays.
 *
 * Weights: (C, 1, 1) under the name of the layer itself, `block.0.layer_scale`. Touvron et al., arXiv:2103.17239.
 *
 * ```ts
 * import { add, conv2d, layerScale, module, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(96, { kernel: 1 }), layer_scale: layerScale() }
 * const block = module(m, <X>(x: Sym<X>) => add(m.layer_scale(m.conv(x)), x))
 * ```
 */
export const layerScale = (): (<X>(x: Sym<X>) => Sym<X>) => {
  const layer = (x: Sym<unknown>) => {
    const shape = x.shape as readonly number[]
    const scale = [shape[shape.length - 1] as number, 1, 1]
    return apply('layerScale', layer, [x]).emit('layerScale', {}, shape, { scale })
  }
  return layer as never
}

export interface LocalResponseNormOptions {
  /** Number of neighbouring channels that are summed over. */
  readonly size: number
  /** 1e-4 by default. */
  readonly alpha?: number
  /** 0.75 by default. */
  readonly beta?: number
  /** 1 by default. */
  readonly k?: number
}

/**
 * Divides by (k + alpha / size * sum of squares over `size` neighbouring channels) ^ beta; the shape stays.
 *
 * Throws OptionError. Krizhevsky et al., ImageNet Classification with Deep CNNs, 2012.
 *
 * ```ts
 * import { localResponseNorm } from 'im2col'
 *
 * const norm = localResponseNorm({ size: 5, alpha: 1e-4, beta: 0.75, k: 2 })
 * ```
 */
export const localResponseNorm = (options: LocalResponseNormOptions): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'localResponseNorm'
  knownOptions(type, options, ['size', 'alpha', 'beta', 'k'])
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options
  const attributes = {
    size: positiveInteger(`size of ${type}`, size),
    alpha: finiteNumber(`alpha of ${type}`, alpha),
    beta: finiteNumber(`beta of ${type}`, beta),
    k: finiteNumber(`k of ${type}`, k),
  }
  const layer = (x: Sym<unknown>) =>
    apply(type, layer, [x]).emit('localResponseNorm', { ...attributes }, x.shape as readonly number[])
  return layer as never
}
