import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import { clamp } from './activations.js'
import { divide } from './arithmetic.js'
import { booleanOption, finiteNumber, knownOptions, positiveNumber } from './options.js'
import { reduce } from './reduce.js'

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

export interface GroupNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number
  /** Scales and shifts every channel afterwards by learned numbers; true by default. */
  readonly affine?: boolean
}

/**
 * Normalises each of `groups` ranges of the channels, over all pixels, to mean 0 and variance 1; the shape stays.
 *
 * Weights: `weight`, `bias`, each (C), unless `affine` is false. Throws OptionError at once, ShapeError when `groups` does not divide
 * the channels. Wu and He, arXiv:1803.08494.
 *
 * ```ts
 * import { conv2d, groupNorm, relu, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, padding: 1 }), groupNorm(32), relu)
 * ```
 */
export const groupNorm = (groups: number, options: GroupNormOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'groupNorm'
  positiveInteger(`groups of ${type}`, groups)
  knownOptions(type, options, ['eps', 'affine'])
  return normOverPixels(type, options, true, () => groups)
}

export interface InstanceNormOptions extends GroupNormOptions {
  /** Scales and shifts every channel afterwards by learned numbers; false by default, as in PyTorch. */
  readonly affine?: boolean
  /** Uses stored statistics instead of the image's own, as batch norm does; false by default. */
  readonly trackRunningStats?: boolean
}

/**
 * Normalises every channel of every image to mean 0 and variance 1; the shape stays.
 *
 * Weights: `weight`, `bias`, each (C), with `affine`; `running_mean`, `running_var`, each (C), with `trackRunningStats`. Throws
 * OptionError. Ulyanov et al., arXiv:1607.08022.
 *
 * ```ts
 * import { conv2d, instanceNorm, relu, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, padding: 1 }), instanceNorm({ affine: true }), relu)
 * ```
 */
export const instanceNorm = (options: InstanceNormOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'instanceNorm'
  knownOptions(type, options, ['eps', 'affine', 'trackRunningStats'])
  const { trackRunningStats = false } = options
  if (!booleanOption(`trackRunningStats of ${type}`, trackRunningStats)) {
    return normOverPixels(type, options, false, (channels) => channels)
  }
  const { eps, affine } = normOptions(type, options, false)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    const perChannel = [shape[shape.length - 1] as number]
    const learned = affine ? { weight: perChannel, bias: perChannel } : {}
    return at.emit('batchNorm', { eps }, shape, { ...learned, runningMean: perChannel, runningVar: perChannel })
  }
  return layer as never
}

const normOptions = (type: string, { eps = 1e-5, affine }: GroupNormOptions, isAffine: boolean) => {
  finiteNumber(`eps of ${type}`, eps)
  if (eps < 0) throw invalidOption(`eps of ${type}`, 'a number of at least 0', eps)
  return { eps, affine: booleanOption(`affine of ${type}`, affine ?? isAffine) }
}

const normOverPixels = (
  type: string,
  options: GroupNormOptions,
  isAffine: boolean,
  groupsOf: (channels: number) => number,
): (<X>(x: Sym<X>) => Sym<X>) => {
  const { eps, affine } = normOptions(type, options, isAffine)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    const channels = shape[shape.length - 1] as number
    const groups = groupsOf(channels)
    if (channels % groups !== 0) {
      throw new ShapeError(`${at.label}: ${groups} groups do not divide the ${channels} channels of ${show(shape)}`, {
        layer: at.path,
        expected: `a multiple of ${groups}`,
        actual: channels,
      })
    }
    return at.emit('groupNorm', { groups, eps }, shape, affine ? { weight: [channels], bias: [channels] } : {})
  }
  return layer as never
}

/**
 * Divides the channels of every pixel by their L2 norm, or by `eps` (1e-12 by default) where that is larger; the shape stays.
 *
 * Throws OptionError. PyTorch's `normalize`.
 *
 * ```ts
 * import { dense, l2Normalize, sequential } from 'im2col'
 *
 * const embedding = sequential(dense(128), l2Normalize())
 * ```
 */
export const l2Normalize = (options: { readonly eps?: number } = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('l2Normalize', options, ['eps'])
  const eps = positiveNumber('eps of l2Normalize', options.eps ?? 1e-12)
  const norm = reduce('l2', { axes: [-1], keepDims: true })
  const atLeast = clamp({ min: eps, max: largestNumber })
  const layer = (x: AnySym) => divide(x, atLeast(norm(x)) as unknown as AnySym)
  return layer as never
}

/** Of float32. */
const largestNumber = (2 - 2 ** -23) * 2 ** 127

/**
 * Multiplies every channel by a learned number; the shape stays.
 *
 * Weights: (C, 1, 1), or (C) when `flat`, or one number for all channels when `shared`, without axes as in SkipInit, under the name
 * of the layer itself, `block.0.layer_scale`. Neither is the default. Throws OptionError. Touvron et al., arXiv:2103.17239; De and
 * Smith, arXiv:2002.10444.
 *
 * ```ts
 * import { add, conv2d, layerScale, module, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(96, { kernel: 1 }), layer_scale: layerScale() }
 * const block = module(m, <X,>(x: Sym<X>) => add(m.layer_scale(m.conv(x)), x))
 * ```
 */
export const layerScale = (
  options: { readonly flat?: boolean; readonly shared?: boolean } = {},
): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('layerScale', options, ['flat', 'shared'])
  const flat = booleanOption('flat of layerScale', options.flat ?? false)
  const shared = booleanOption('shared of layerScale', options.shared ?? false)
  if (flat && shared) throw invalidOption('flat of layerScale', 'false where shared is true', flat)
  const layer = (x: Sym<unknown>) => {
    const shape = x.shape as readonly number[]
    const channels = shape[shape.length - 1] as number
    const scale = shared ? [] : flat ? [channels] : [channels, 1, 1]
    return apply('layerScale', layer, [x]).emit('layerScale', {}, shape, { scale })
  }
  return layer as never
}

export interface LocalResponseNormOptions {
  /** Number of neighbouring channels that are summed over. */
  readonly size: number
  /** At least 0; 1e-4 by default. */
  readonly alpha?: number
  /** 0.75 by default. */
  readonly beta?: number
  /** Positive; 1 by default. */
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
  if (Math.fround(k) <= 0) throw invalidOption(`k of ${type}`, 'a positive number', k)
  if (alpha < 0) throw invalidOption(`alpha of ${type}`, 'a number of at least 0', alpha)
  const layer = (x: Sym<unknown>) =>
    apply(type, layer, [x]).emit('localResponseNorm', { ...attributes }, x.shape as readonly number[])
  return layer as never
}
