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
