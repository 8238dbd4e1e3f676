import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, apply, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import type { Window2d } from '../shape-types.js'
import { relu } from './activations.js'
import { conv2d } from './conv.js'
import { module } from './module.js'
import { batchNorm } from './norm.js'
import { knownOptions } from './options.js'
import { avgPool2d } from './pool.js'

export interface InvolutionOptions<S = number> {
  /** Odd; the padding is half of it. */
  readonly kernel: number
  /** 1 by default. */
  readonly stride?: S
  /** Channels that share a kernel; 16 by default. */
  readonly groupChannels?: number
  /** How many times fewer channels the kernels are made from; 4 by default. */
  readonly reduction?: number
}

/** The sum of a window by kernels that differ from pixel to pixel: `x` and [group][tap] along the channels of `kernels`. */
const applyKernels = (kernel: number, stride: number, groups: number) => {
  const layer = (x: AnySym, kernels: AnySym): AnySym => {
    const at = apply('involution', layer, [x, kernels])
    const [height = 1, width = 1, channels = 1] = x.shape
    const window = {
      kernel: [kernel, kernel],
      stride: [stride, stride],
      dilation: [1, 1],
      padStart: [(kernel - 1) / 2, (kernel - 1) / 2],
      padEnd: [(kernel - 1) / 2, (kernel - 1) / 2],
    }
    return at.emit('involution', { ...window, groups }, [height / stride, width / stride, channels])
  }
  return layer
}

/**
 * A convolution whose kernels are made from each pixel and shared by groups of channels: `[H, W, channels]` -> `[H / stride, W / stride,
 * channels]`.
 *
 * Weights: `conv1.conv.weight` (channels / reduction, channels, 1, 1), `conv1.bn.*`, `conv2.conv.weight` (kernel^2 groups, channels /
 * reduction, 1, 1), `conv2.conv.bias`. Throws OptionError at once, ShapeError when applied to other channels or to a size that the
 * stride does not divide. Li et al., Involution, arXiv:2103.06255.
 *
 * ```ts
 * import { batchNorm, involution, relu, sequential } from 'im2col'
 *
 * const stage = sequential(involution(64, { kernel: 7 }), batchNorm(), relu)
 * ```
 */
export const involution = <const C extends number, const S extends number = 1>(
  channels: C,
  options: InvolutionOptions<S>,
): (<X>(x: Sym<X>) => Sym<Window2d<'involution', X, C, S, S, 0, 1, false, true>>) => {
  const type = 'involution'
  knownOptions(type, options, ['kernel', 'stride', 'groupChannels', 'reduction'])
  const { kernel, stride = 1, groupChannels = 16, reduction = 4 } = options
  positiveInteger(`channels of ${type}`, channels)
  const step = positiveInteger(`stride of ${type}`, stride)
  if (positiveInteger(`kernel of ${type}`, kernel) % 2 === 0) throw invalidOption(`kernel of ${type}`, 'odd', kernel)
  for (const [name, divisor] of Object.entries({ groupChannels, reduction })) {
    if (channels % positiveInteger(`${name} of ${type}`, divisor) !== 0) {
      throw invalidOption(`${name} of ${type}`, `a divisor of its ${channels} channels`, divisor)
    }
  }
  const groups = channels / groupChannels
  const m = {
    conv1: { conv: conv2d(channels / reduction, { kernel: 1, bias: false }), bn: batchNorm() },
    conv2: { conv: conv2d(kernel * kernel * groups, { kernel: 1 }) },
  }
  const shrink = step === 1 ? [] : [avgPool2d({ kernel: step })]
  const sum = applyKernels(kernel, step, groups)
  const layer = module(m, (x: AnySym): AnySym => {
    if (x.shape.length !== 3 || x.shape[2] !== channels || x.shape.slice(0, 2).some((size) => size % step !== 0)) {
      const expected = `[height, width, ${channels}]${step === 1 ? '' : ` with sizes that ${step} divides`}`
      throw new ShapeError(`${type} takes ${expected} but received ${show(x.shape)}`, { expected, actual: x.shape })
    }
    const seen = shrink.reduce<AnySym>((y, pool) => pool(y), x)
    return sum(x, m.conv2.conv(relu(m.conv1.bn(m.conv1.conv(seen)))))
  })
  return layer as never
}
