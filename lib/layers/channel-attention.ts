/** What weighs or shifts channels by what it sees of the whole picture. */

import { invalidOption } from '../errors.js'
import type { AnySym, Layer, Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import type { Window2d } from '../shape-types.js'
import { relu, sigmoid, softmax } from './activations.js'
import { globalAvgPool } from './adaptive-pool.js'
import { broadcastAdd, multiply, subtract } from './arithmetic.js'
import { matmul } from './attention.js'
import { add } from './combine.js'
import { conv1d, conv2d } from './conv.js'
import { imageModule } from './image-module.js'
import { batchNorm, layerNorm } from './norm.js'
import { booleanOption, knownOptions, layerOption } from './options.js'
import { reshape } from './rearrange.js'
import { chunk } from './slice.js'

const inOrder = { order: 'channels-last' } as const

/** How many channels are left by a reduction, at least one. */
export const reducedChannels = (type: string, channels: unknown, reduction: unknown): number => {
  const all = positiveInteger(`channels of ${type}`, channels)
  return Math.max(1, Math.floor(all / positiveInteger(`reduction of ${type}`, reduction)))
}

export interface SqueezeExciteOptions {
  /** Channels between the two convolutions; a sixteenth of `channels` by default. */
  readonly squeezed?: number
  /** Between the convolutions; ReLU by default. */
  readonly activation?: Layer
  /** Makes the factors; the sigmoid by default. */
  readonly gate?: Layer
  /** Of the convolutions; torchvision's, `fc1` and `fc2`, by default. */
  readonly names?: readonly [reduce: string, expand: string]
}

/**
 * Multiplies each of `channels` channels by a factor that two layers make of the means of all of them; the shape stays, `[H, W, channels]`.
 *
 * Weights: two 1 x 1 convolutions, called as `names` says. Throws OptionError at once, ShapeError when applied to other channels. Hu et
 * al., Squeeze-and-Excitation Networks, arXiv:1709.01507.
 *
 * ```ts
 * import { batchNorm, conv2d, sequential, squeezeExcite } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, bias: false }), batchNorm(), squeezeExcite(64, { squeezed: 8 }))
 * ```
 */
export const squeezeExcite = (channels: number, options: SqueezeExciteOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'squeezeExcite'
  knownOptions(type, options, ['squeezed', 'activation', 'gate', 'names'])
  const { squeezed = reducedChannels(type, channels, 16), names = ['fc1', 'fc2'] } = options
  const activation = layerOption(`activation of ${type}`, options.activation ?? relu)
  const gate = layerOption(`gate of ${type}`, options.gate ?? sigmoid)
  const [reduce, expand] = pairOfNames(`names of ${type}`, names)
  const mean = globalAvgPool() as Layer
  const fc1 = conv2d(positiveInteger(`squeezed of ${type}`, squeezed), { kernel: 1 }) as Layer
  const fc2 = conv2d(positiveInteger(`channels of ${type}`, channels), { kernel: 1 }) as Layer
  const children = { avgpool: mean, [reduce]: fc1, [expand]: fc2 }
  const forward = (x: AnySym) => multiply(x, gate(fc2(activation(fc1(mean(x)))))) as AnySym
  return imageModule(type, channels, children, forward) as never
}

const pairOfNames = (name: string, names: unknown): readonly [string, string] => {
  const isPair =
    Array.isArray(names) && names.length === 2 && names.every((item) => typeof item === 'string' && item !== '')
  if (!isPair || names[0] === names[1]) throw invalidOption(name, 'a list of two different names', names)
  return names as unknown as readonly [string, string]
}

export interface EfficientChannelAttentionOptions {
  /** Odd; by default it grows with the logarithm of the channels. */
  readonly kernel?: number
}

/**
 * Weighs each of `channels` channels by a convolution along the means of all of them; the shape stays, `[H, W, channels]`.
 *
 * Weights: `conv.weight` (1, 1, kernel). Throws OptionError at once, ShapeError when applied to other channels. Wang et al., ECA-Net,
 * arXiv:1910.03151.
 *
 * ```ts
 * import { batchNorm, conv2d, efficientChannelAttention, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, bias: false }), batchNorm(), efficientChannelAttention(64))
 * ```
 */
export const efficientChannelAttention = (
  channels: number,
  options: EfficientChannelAttentionOptions = {},
): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'efficientChannelAttention'
  knownOptions(type, options, ['kernel'])
  const half = Math.floor((Math.log2(positiveInteger(`channels of ${type}`, channels)) + 1) / 2)
  const { kernel = Math.max(3, half % 2 === 1 ? half : half + 1) } = options
  if (positiveInteger(`kernel of ${type}`, kernel) % 2 === 0) throw invalidOption(`kernel of ${type}`, 'odd', kernel)
  const m = { conv: conv1d(1, { kernel, padding: (kernel - 1) / 2, bias: false }) as Layer }
  const mean = globalAvgPool() as Layer
  return imageModule(type, channels, m, (x) => {
    const series = reshape([channels, 1], inOrder)(mean(x)) as AnySym
    return multiply(x, reshape([1, 1, channels], inOrder)(sigmoid(m.conv(series)))) as AnySym
  }) as never
}

export interface GlobalContextOptions {
  /** The channels are divided by this between the two layers; 8 by default. */
  readonly reduction?: number
}

/**
 * Adds to every pixel what two layers make of a weighted mean of all pixels, whose weights are a softmax over the pixels; the shape stays,
 * `[H, W, channels]`.
 *
 * Weights: `conv_attn`, and `fc1`, `norm` and `fc2` in `mlp_add`. Throws OptionError at once, ShapeError when applied to other channels.
 * Cao et al., GCNet, arXiv:1904.11492.
 *
 * ```ts
 * import { batchNorm, conv2d, globalContext, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, bias: false }), batchNorm(), globalContext(64))
 * ```
 */
export const globalContext = (channels: number, options: GlobalContextOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'globalContext'
  knownOptions(type, options, ['reduction'])
  const mlp = {
    fc1: conv2d(reducedChannels(type, channels, options.reduction ?? 8), { kernel: 1 }) as Layer,
    norm: layerNorm() as Layer,
    fc2: conv2d(channels, { kernel: 1 }) as Layer,
  }
  const m = { conv_attn: conv2d(1, { kernel: 1 }) as Layer, mlp_add: mlp }
  return imageModule(type, channels, m, (x) => {
    const weights = softmax(reshape([1, -1], inOrder)(m.conv_attn(x)) as AnySym)
    const pixels = reshape([-1, channels], inOrder)(x) as AnySym
    const context = reshape([1, 1, channels], inOrder)(matmul(weights, pixels)) as AnySym
    return broadcastAdd(x, mlp.fc2(relu(mlp.norm(mlp.fc1(context))))) as AnySym
  }) as never
}

export interface SelectiveKernelOptions<S = number> {
  /** 1 by default. */
  readonly stride?: S
  /** Of the convolutions; 1 by default. */
  readonly groups?: number
  /** Channels in which the choice is made; a sixteenth of `channels`, at least 32, by default. */
  readonly squeezed?: number
  /** Each kernel reads half of the channels instead of all; false by default. */
  readonly splits?: boolean
}

/**
 * Two 3 x 3 convolutions, one of them dilated, and for each channel a weighted mean of both by what the whole picture says:
 * `[H, W, C]` -> `[H', W', channels]`.
 *
 * Weights: `conv` and `bn` in `paths.0` and `paths.1`; `fc_reduce`, `bn` and `fc_select` in `attn`. Throws OptionError at once,
 * ShapeError when applied. Li et al., Selective Kernel Networks, arXiv:1903.06586.
 *
 * ```ts
 * import { selectiveKernel, sequential } from 'im2col'
 *
 * const stage = sequential(selectiveKernel(64), selectiveKernel(128, { stride: 2, groups: 32 }))
 * ```
 */
export const selectiveKernel = <const C extends number, const S extends number = 1>(
  channels: C,
  options: SelectiveKernelOptions<S> = {},
): (<X>(x: Sym<X>) => Sym<Window2d<'selectiveKernel', X, C, 3, S, 1, 1, false, false>>) => {
  const type = 'selectiveKernel'
  knownOptions(type, options, ['stride', 'groups', 'squeezed', 'splits'])
  const width = positiveInteger(`channels of ${type}`, channels)
  const { groups = 1, squeezed = Math.max(32, Math.floor(width / 16)) } = options
  const stride = positiveInteger(`stride of ${type}`, options.stride ?? 1)
  const splits = booleanOption(`splits of ${type}`, options.splits ?? false)
  const path = (dilation: number) => ({
    conv: conv2d(width, { kernel: 3, stride, padding: dilation, dilation, groups, bias: false }) as Layer,
    bn: batchNorm() as Layer,
  })
  const paths = [path(1), path(2)] as const
  const attn = {
    fc_reduce: conv2d(positiveInteger(`squeezed of ${type}`, squeezed), { kernel: 1, bias: false }) as Layer,
    bn: batchNorm() as Layer,
    fc_select: conv2d(2 * width, { kernel: 1, bias: false }) as Layer,
  }
  const mean = globalAvgPool() as Layer
  const layer = imageModule(type, undefined, { paths, attn }, (x) => {
    const [first, second] = (splits ? chunk(x, 2) : [x, x]) as readonly [AnySym, AnySym]
    const near = relu(paths[0].bn(paths[0].conv(first)))
    const far = relu(paths[1].bn(paths[1].conv(second)))
    const scores = attn.fc_select(relu(attn.bn(attn.fc_reduce(mean(add(near, far) as AnySym)))))
    const [forNear, forFar] = chunk(scores, 2) as unknown as readonly [AnySym, AnySym]
    // A softmax over two is a sigmoid of their difference.
    const weighed = (value: AnySym, score: AnySym, other: AnySym) =>
      multiply(value, sigmoid(subtract(score, other) as AnySym)) as AnySym
    return add(weighed(near, forNear, forFar), weighed(far, forFar, forNear)) as AnySym
  })
  return layer as never
}
