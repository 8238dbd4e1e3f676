/** What weighs the elements of a map by where they are, alone or together with their channels. */

import type { AnySym, Layer, Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import { affine, hardSwish, relu, sigmoid } from './activations.js'
import { globalAvgPool, globalMaxPool } from './adaptive-pool.js'
import { multiply } from './arithmetic.js'
import { reducedChannels } from './channel-attention.js'
import { add, concat } from './combine.js'
import { conv2d } from './conv.js'
import { dense } from './dense.js'
import { depthwiseConv2d } from './depthwise-conv.js'
import { imageModule } from './image-module.js'
import { batchNorm } from './norm.js'
import { knownOptions } from './options.js'
import { permute, reshape } from './rearrange.js'
import { reduce } from './reduce.js'
import { flatten } from './reshape.js'

const inOrder = { order: 'channels-last' } as const

export interface ReductionOptions {
  /** The channels are divided by this between the layers. */
  readonly reduction?: number
}

/** Largest element and mean along an axis, which stays with size 1. */
const extremes = (axis: number): ((x: AnySym) => readonly [max: AnySym, mean: AnySym]) => {
  const [max, mean] = [
    reduce('max', { axes: [axis], keepDims: true }),
    reduce('mean', { axes: [axis], keepDims: true }),
  ]
  return (x) => [max(x) as AnySym, mean(x) as AnySym]
}

/** A 7 x 7 convolution to one channel, and its batch norm. */
const gate7x7 = () => ({
  conv: conv2d(1, { kernel: 7, padding: 3, bias: false }) as Layer,
  bn: batchNorm() as Layer,
})

/**
 * The convolutional block attention module: weighs channels by their means and maxima, then places by the mean and maximum of their
 * channels; the shape stays, `[H, W, channels]`.
 *
 * `reduction` is 16 by default. Weights, by the names of the authors: `ChannelGate.mlp.1`, `ChannelGate.mlp.3`, `SpatialGate.spatial.conv`,
 * `SpatialGate.spatial.bn`. Throws OptionError at once, ShapeError when applied to other channels. Woo et al., arXiv:1807.06521.
 *
 * ```ts
 * import { batchNorm, cbam, conv2d, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, bias: false }), batchNorm(), cbam(64))
 * ```
 */
export const cbam = (channels: number, options: ReductionOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('cbam', options, ['reduction'])
  const hidden = reducedChannels('cbam', channels, options.reduction ?? 16)
  const mlp = { 1: dense(hidden) as Layer, 3: dense(channels) as Layer }
  const spatial = gate7x7()
  const [mean, max, alongChannels] = [globalAvgPool() as Layer, globalMaxPool() as Layer, extremes(-1)]
  const score = (pooled: AnySym) => mlp[3](relu(mlp[1](flatten(pooled))))
  return imageModule('cbam', channels, { ChannelGate: { mlp }, SpatialGate: { spatial } }, (x) => {
    const scores = add(score(mean(x)), score(max(x))) as AnySym
    const weighed = multiply(x, sigmoid(scores)) as AnySym
    return multiply(weighed, sigmoid(spatial.bn(spatial.conv(concat(...alongChannels(weighed)) as AnySym)))) as AnySym
  }) as never
}

export interface BamOptions extends ReductionOptions {
  /** Of the convolutions that look around a place; 4 by default. */
  readonly dilation?: number
}

/**
 * The bottleneck attention module: x (1 + sigmoid(c s)), c for each channel from the means of all, s for each place from what lies
 * around it; the shape stays, `[H, W, channels]`.
 *
 * `reduction` is 16 by default. Weights have the names of the authors, in `channel_att.gate_c` and `spatial_att.gate_s`. Throws
 * OptionError at once, ShapeError when applied to other channels. Park et al., arXiv:1807.06514.
 *
 * ```ts
 * import { bam, conv2d, maxPool2d, sequential } from 'im2col'
 *
 * const stage = sequential(conv2d(64, { kernel: 3 }), bam(64), maxPool2d({ kernel: 2 }))
 * ```
 */
export const bam = (channels: number, options: BamOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('bam', options, ['reduction', 'dilation'])
  const hidden = reducedChannels('bam', channels, options.reduction ?? 16)
  const dilation = positiveInteger('dilation of bam', options.dilation ?? 4)
  const around = () => conv2d(hidden, { kernel: 3, padding: dilation, dilation }) as Layer
  const gate_c = {
    gate_c_fc_0: dense(hidden) as Layer,
    gate_c_bn_1: batchNorm() as Layer,
    gate_c_fc_final: dense(channels) as Layer,
  }
  const gate_s = {
    gate_s_conv_reduce0: conv2d(hidden, { kernel: 1 }) as Layer,
    gate_s_bn_reduce0: batchNorm() as Layer,
    gate_s_conv_di_0: around(),
    gate_s_bn_di_0: batchNorm() as Layer,
    gate_s_conv_di_1: around(),
    gate_s_bn_di_1: batchNorm() as Layer,
    gate_s_conv_final: conv2d(1, { kernel: 1 }) as Layer,
  }
  const mean = globalAvgPool() as Layer
  return imageModule('bam', channels, { channel_att: { gate_c }, spatial_att: { gate_s } }, (x) => {
    const ofChannels = gate_c.gate_c_fc_final(relu(gate_c.gate_c_bn_1(gate_c.gate_c_fc_0(flatten(mean(x))))))
    const reduced = relu(gate_s.gate_s_bn_reduce0(gate_s.gate_s_conv_reduce0(x)))
    const near = relu(gate_s.gate_s_bn_di_0(gate_s.gate_s_conv_di_0(reduced)))
    const far = relu(gate_s.gate_s_bn_di_1(gate_s.gate_s_conv_di_1(near)))
    const ofPlaces = gate_s.gate_s_conv_final(far)
    return multiply(x, affine({ shift: 1 })(sigmoid(multiply(ofPlaces, ofChannels) as AnySym))) as AnySym
  }) as never
}

/**
 * Multiplies every element by a factor from 0 to 1 that the channels of its pixel give; the shape stays, `[H, W, channels]`.
 *
 * Weights: `conv`, 1 x 1. Throws OptionError at once, ShapeError when applied to other channels. Zhao et al., Efficient Image
 * Super-Resolution Using Pixel Attention, arXiv:2010.01073.
 *
 * ```ts
 * import { conv2d, pixelAttention, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(24, { kernel: 3, padding: 1 }), pixelAttention(24))
 * ```
 */
export const pixelAttention = (channels: number): (<X>(x: Sym<X>) => Sym<X>) => {
  const m = { conv: conv2d(positiveInteger('channels of pixelAttention', channels), { kernel: 1 }) as Layer }
  return imageModule('pixelAttention', channels, m, (x) => multiply(x, sigmoid(m.conv(x))) as AnySym) as never
}

/**
 * Weighs every element by a factor of its row and channel and one of its column and channel; the shape stays, `[H, W, channels]`.
 *
 * `reduction` is 32 by default, and leaves eight channels at least. Weights, by the names of the authors: `conv1`, `bn1`, `conv_h`, `conv_w`.
 * Throws OptionError at once, ShapeError when applied to other channels. Hou et al., arXiv:2103.02907.
 *
 * ```ts
 * import { conv2d, coordinateAttention, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, padding: 1 }), coordinateAttention(64))
 * ```
 */
export const coordinateAttention = (channels: number, options: ReductionOptions = {}): (<X>(x: Sym<X>) => Sym<X>) => {
  knownOptions('coordinateAttention', options, ['reduction'])
  const hidden = Math.max(8, reducedChannels('coordinateAttention', channels, options.reduction ?? 32))
  const m = {
    conv1: conv2d(hidden, { kernel: 1 }) as Layer,
    bn1: batchNorm() as Layer,
    conv_h: conv2d(channels, { kernel: 1 }) as Layer,
    conv_w: conv2d(channels, { kernel: 1 }) as Layer,
  }
  const [alongRows, alongColumns] = [1, 0].map((axis) => reduce('mean', { axes: [axis], keepDims: true }) as Layer) as [
    Layer,
    Layer,
  ]
  const hiddenOf = (means: AnySym) => hardSwish(m.bn1(m.conv1(means)))
  return imageModule('coordinateAttention', channels, m, (x) => {
    const ofRows = sigmoid(m.conv_h(hiddenOf(alongRows(x))))
    const ofColumns = sigmoid(m.conv_w(hiddenOf(alongColumns(x))))
    return multiply(multiply(x, ofColumns), ofRows) as AnySym
  }) as never
}

/**
 * The mean of three maps whose elements are weighed by what lies around them in the planes of columns and channels, of rows and
 * channels, and of the image; the shape stays, `[H, W, C]`.
 *
 * Weights, by the names of the authors: `conv.conv` and `conv.bn` in `cw`, `hc` and `hw`. Throws ShapeError when applied to something
 * else than an image. Misra et al., Rotate to Attend, arXiv:2010.03045.
 *
 * ```ts
 * import { conv2d, sequential, tripletAttention } from 'im2col'
 *
 * const layer = sequential(conv2d(64, { kernel: 3, padding: 1 }), tripletAttention())
 * ```
 */
export const tripletAttention = (): (<X>(x: Sym<X>) => Sym<X>) => {
  const [cw, hc, hw] = [{ conv: gate7x7() }, { conv: gate7x7() }, { conv: gate7x7() }]
  const factors = ({ conv }: typeof cw, planes: readonly AnySym[]) =>
    sigmoid(conv.bn(conv.conv(concat(...planes) as AnySym)))
  const [overRows, overColumns, overChannels] = [extremes(0), extremes(1), extremes(2)]
  const transposed = permute([1, 0, 2]) as Layer
  return imageModule('tripletAttention', undefined, { cw, hc, hw }, (x) => {
    const [height, width, channels] = x.shape as readonly [number, number, number]
    const asImage = (rows: number, columns: number) => reshape([rows, columns, 1], inOrder) as Layer
    const byChannel = overRows(x).map((plane) => transposed(asImage(width, channels)(plane)))
    const ofColumns = reshape([1, width, channels], inOrder)(transposed(factors(cw, byChannel))) as AnySym
    const byRow = overColumns(x).map(asImage(height, channels))
    const ofRows = reshape([height, 1, channels], inOrder)(factors(hc, byRow)) as AnySym
    const maps = [ofColumns, ofRows, factors(hw, overChannels(x))].map((weights) => multiply(x, weights) as AnySym)
    return affine({ scale: 1 / 3 })(maps.reduce((sum, map) => add(sum, map) as AnySym))
  }) as never
}

/**
 * Multiplies a map by what a kernel of 21 x 21 sees of it, which is taken apart into a depthwise 5 x 5, a dilated depthwise 7 x 7 and a
 * 1 x 1 convolution; the shape stays, `[H, W, channels]`.
 *
 * Weights, by the names of the authors: `conv0`, `conv_spatial`, `conv1`. Throws OptionError at once, ShapeError when applied to other
 * channels. Guo et al., Visual Attention Network, arXiv:2202.09741.
 *
 * ```ts
 * import { conv2d, gelu, largeKernelAttention, sequential } from 'im2col'
 *
 * const layer = sequential(conv2d(32, { kernel: 1 }), gelu(), largeKernelAttention(32), conv2d(32, { kernel: 1 }))
 * ```
 */
export const largeKernelAttention = (channels: number): (<X>(x: Sym<X>) => Sym<X>) => {
  const m = {
    conv0: depthwiseConv2d({ kernel: 5, padding: 2 }) as Layer,
    conv_spatial: depthwiseConv2d({ kernel: 7, padding: 9, dilation: 3 }) as Layer,
    conv1: conv2d(positiveInteger('channels of largeKernelAttention', channels), { kernel: 1 }) as Layer,
  }
  const forward = (x: AnySym) => multiply(x, m.conv1(m.conv_spatial(m.conv0(x)))) as AnySym
  return imageModule('largeKernelAttention', channels, m, forward) as never
}
