import { invalidOption, OptionError, ShapeError, show } from '../errors.js'
import { type Application, apply, type Sym } from '../graph/trace.js'
import {
  type Padding1d,
  type Padding2d,
  padding,
  positiveInteger,
  type Size2d,
  sizes,
  slideWindow,
  type WindowOptions,
} from '../shape.js'
import type { Conv1dShape, Conv2dShape, DepthwiseShape } from '../shape-types.js'
import { booleanOption, knownOptions } from './options.js'

interface ConvSwitches<E> {
  /** Adds a learned number per output channel; true by default. */
  readonly bias?: boolean
  /** Demands that the windows cover the padded input exactly; false by default. */
  readonly exact?: E
  /** Reverses the kernel along every spatial axis, which makes it a true convolution; false by default. */
  readonly flip?: boolean
}

interface ConvGroups {
  /** Parts that input and output channels are cut into, each convolved alone; 1 by default. */
  readonly groups?: number
  /** What the input's channels must be; any by default. */
  readonly inChannels?: number
}

interface Geometry<K, S, P, D> {
  readonly kernel: K
  /** 1 by default. */
  readonly stride?: S
  /** 0 by default. */
  readonly padding?: P
  /** Distance between neighbouring kernel elements; 1 (contiguous) by default. */
  readonly dilation?: D
}

export type Conv1dOptions<K = number, S = number, P = Padding1d, D = number, E = boolean> = Geometry<K, S, P, D> &
  ConvSwitches<E> &
  ConvGroups

export type Conv2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d, E = boolean> = Geometry<K, S, P, D> &
  ConvSwitches<E> &
  ConvGroups

export type DepthwiseConv2dOptions<
  K = Size2d,
  M = number,
  S = Size2d,
  P = Padding2d,
  D = Size2d,
  E = boolean,
> = Geometry<K, S, P, D> &
  ConvSwitches<E> & {
    /** Output channels per input channel; 1 by default. */
    readonly multiplier?: M
  }

interface ConvSpec {
  readonly window: WindowOptions
  readonly bias: boolean
  readonly flip: boolean
}

const geometryNames = ['kernel', 'stride', 'padding', 'dilation', 'bias', 'exact', 'flip']

type Unchecked = Geometry<unknown, unknown, unknown, unknown> & ConvSwitches<unknown>

const convSpec = (type: string, rank: number, options: Unchecked, names: readonly string[]): ConvSpec => {
  knownOptions(type, options, [...geometryNames, ...names])
  const { kernel, stride = 1, padding: pad = 0, dilation = 1, bias = true, exact = false, flip = false } = options
  return {
    window: {
      kernel: sizes(`kernel of ${type}`, rank, kernel),
      stride: sizes(`stride of ${type}`, rank, stride),
      padding: padding(`padding of ${type}`, rank, pad),
      dilation: sizes(`dilation of ${type}`, rank, dilation),
      ceil: false,
      exact: booleanOption(`exact of ${type}`, exact),
    },
    bias: booleanOption(`bias of ${type}`, bias),
    flip: booleanOption(`flip of ${type}`, flip),
  }
}

const axisNames: Readonly<Record<number, string>> = { 1: '[length, channels]', 2: '[height, width, channels]' }

/** Emits the node of a convolution over an input of `shape`, which has channels last. */
const emitConv = (at: Application, shape: readonly number[], spec: ConvSpec, outChannels: number, groups: number) => {
  const spatial = shape.slice(0, -1)
  const inChannels = shape[shape.length - 1] as number
  const { window, output } = slideWindow(at, spatial, spec.window)
  return at.emit('conv', { ...window, outChannels, groups, flip: spec.flip }, [...output, outChannels], {
    weight: [outChannels, inChannels / groups, ...window.kernel],
    ...(spec.bias ? { bias: [outChannels] } : {}),
  })
}

const checkRank = (at: Application, rank: number, shape: readonly number[]): void => {
  if (shape.length !== rank + 1) {
    throw new ShapeError(`${at.label} takes ${axisNames[rank]} but received ${show(shape)}`, {
      layer: at.path,
      expected: axisNames[rank],
      actual: shape,
    })
  }
}

const conv = (type: string, rank: number, outChannels: unknown, options: Unchecked & ConvGroups) => {
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = convSpec(type, rank, options, ['groups', 'inChannels'])
  const { groups: parts = 1, inChannels } = options
  const groups = positiveInteger(`groups of ${type}`, parts)
  if (out % groups !== 0) throw invalidOption(`groups of ${type}`, `a divisor of its ${out} output channels`, groups)
  if (inChannels !== undefined && positiveInteger(`inChannels of ${type}`, inChannels) % groups !== 0) {
    throw new OptionError(`inChannels of ${type} is ${inChannels}, which ${groups} groups do not divide`)
  }
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, rank, shape)
    const channels = shape[rank] as number
    if (inChannels !== undefined && channels !== inChannels) {
      throw new ShapeError(`${at.label} takes ${inChannels} channels but received ${show(shape)}`, {
        layer: at.path,
        expected: inChannels,
        actual: channels,
      })
    }
    if (channels % groups !== 0) {
      throw new ShapeError(`${at.label}: ${groups} groups do not divide the ${channels} channels of ${show(shape)}`, {
        layer: at.path,
        expected: `a multiple of ${groups}`,
        actual: channels,
      })
    }
    return emitConv(at, shape, spec, out, groups)
  }
  return layer
}

/**
 * Cross-correlation of a series with learned kernels: `[L, C]` -> `[L', outChannels]`.
 *
 * Weights: `weight` (outChannels, C / groups, kernel), `bias` (outChannels). Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { conv1d, model } from 'im2col'
 *
 * const net = model({ input: [1000, 1] }, conv1d(1, { kernel: 10, bias: false }))
 * net.outputs.output // [991, 1]
 * ```
 */
export const conv1d = <
  const O extends number,
  const K extends number,
  const S extends number = 1,
  const P extends Padding1d = 0,
  const D extends number = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: Conv1dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv1dShape<X, O, K, S, P, D, E>>) => conv('conv1d', 1, outChannels, options) as never

/**
 * Cross-correlation of an image with learned kernels: `[H, W, C]` -> `[H', W', outChannels]` with
 * H' = floor((H + top + bottom - dilation (kernel - 1) - 1) / stride) + 1.
 *
 * Weights: `weight` (outChannels, C / groups, height, width), `bias` (outChannels). Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { conv2d, model } from 'im2col'
 *
 * const net = model({ input: [227, 227, 3] }, conv2d(96, { kernel: 11, stride: 4 }))
 * net.outputs.output // [55, 55, 96]
 * ```
 */
export const conv2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  outChannels: O,
  options: Conv2dOptions<K, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<Conv2dShape<X, O, K, S, P, D, E>>) => conv('conv2d', 2, outChannels, options) as never

/**
 * A convolution of every channel alone: `[H, W, C]` -> `[H', W', C * multiplier]`.
 *
 * Weights: `weight` (C * multiplier, 1, height, width), `bias` (C * multiplier). Throws OptionError at once, ShapeError when applied.
 *
 * ```ts
 * import { depthwiseConv2d, model } from 'im2col'
 *
 * const net = model({ input: [112, 112, 32] }, depthwiseConv2d({ kernel: 3, padding: 1 }))
 * net.outputs.output // [112, 112, 32]
 * ```
 */
export const depthwiseConv2d = <
  const K extends Size2d,
  const M extends number = 1,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
  const E extends boolean = false,
>(
  options: DepthwiseConv2dOptions<K, M, S, P, D, E>,
): (<X>(x: Sym<X>) => Sym<DepthwiseShape<X, M, K, S, P, D, E>>) => {
  const type = 'depthwiseConv2d'
  const spec = convSpec(type, 2, options, ['multiplier'])
  const { multiplier = 1 } = options
  positiveInteger(`multiplier of ${type}`, multiplier)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, 2, shape)
    const channels = shape[2] as number
    return emitConv(at, shape, spec, channels * multiplier, channels)
  }
  return layer as never
}
