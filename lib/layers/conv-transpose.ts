import type { ConvTranspose1dShape, ConvTranspose2dShape, ConvTranspose3dShape } from '../conv-shape-types.js'
import { invalidOption, ShapeError, show } from '../errors.js'
import { type Application, apply, type Sym } from '../graph/trace.js'
import {
  type Padding1d,
  type Padding2d,
  type Padding3d,
  padding,
  positiveInteger,
  type Size2d,
  type Size3d,
  sizes,
} from '../shape.js'
import { type ConvGroups, checkChannels, checkGroups, checkRank, type Geometry } from './conv-options.js'
import { booleanOption, knownOptions } from './options.js'

interface TransposeGeometry<K, S, P, D, Extra> extends Omit<Geometry<K, S, P, D>, 'padding'> {
  /** What is cut off the output's sides, the padding of the convolution that this is the transpose of; 0 by default. */
  readonly padding?: P
  /** What is added to the output's ends; smaller than the stride or the dilation; 0 by default. */
  readonly outputPadding?: Extra
  /** Adds a learned number per output channel; true by default. */
  readonly bias?: boolean
}

export type ConvTranspose1dOptions<
  K = number,
  S = number,
  P = Exclude<Padding1d, 'same'>,
  D = number,
  Extra = number,
> = TransposeGeometry<K, S, P, D, Extra> & ConvGroups

export type ConvTranspose2dOptions<
  K = Size2d,
  S = Size2d,
  P = Exclude<Padding2d, 'same'>,
  D = Size2d,
  Extra = Size2d,
> = TransposeGeometry<K, S, P, D, Extra> & ConvGroups

export type ConvTranspose3dOptions<
  K = Size3d,
  S = Size3d,
  P = Exclude<Padding3d, 'same'>,
  D = Size3d,
  Extra = Size3d,
> = TransposeGeometry<K, S, P, D, Extra> & ConvGroups

interface TransposeSpec {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padStart: readonly number[]
  readonly padEnd: readonly number[]
  readonly outputPadding: readonly number[]
}

const optionNames = [
  'kernel',
  'stride',
  'padding',
  'outputPadding',
  'dilation',
  'groups',
  'bias',
  'inChannels',
] as const

type Unchecked = TransposeGeometry<unknown, unknown, unknown, unknown, unknown> & ConvGroups

const transposeSpec = (type: string, rank: number, options: Unchecked): TransposeSpec => {
  knownOptions(type, options, optionNames)
  const { kernel, stride = 1, padding: pad = 0, dilation = 1, outputPadding: extra = 0 } = options
  const sides = padding(`padding of ${type}`, rank, pad, []) as { start: readonly number[]; end: readonly number[] }
  const added = padding(`outputPadding of ${type}`, rank, extra, []) as { end: readonly number[] }
  const spec = {
    kernel: sizes(`kernel of ${type}`, rank, kernel),
    stride: sizes(`stride of ${type}`, rank, stride),
    dilation: sizes(`dilation of ${type}`, rank, dilation),
    padStart: sides.start,
    padEnd: sides.end,
    outputPadding: added.end,
  }
  spec.outputPadding.forEach((cells, axis) => {
    const limit = Math.max(spec.stride[axis] as number, spec.dilation[axis] as number)
    if (cells >= limit) {
      throw invalidOption(`outputPadding of ${type}`, `smaller than the stride or the dilation (${limit})`, extra)
    }
  })
  return spec
}

/** (input - 1) stride - padding + dilation (kernel - 1) + outputPadding + 1 for every axis. */
const spreadWindow = (at: Application, input: readonly number[], spec: TransposeSpec): readonly number[] =>
  input.map((size, axis) => {
    const of = (list: readonly number[]) => list[axis] as number
    const whole = (size - 1) * of(spec.stride) + of(spec.dilation) * (of(spec.kernel) - 1) + of(spec.outputPadding) + 1
    const output = whole - of(spec.padStart) - of(spec.padEnd)
    if (output < 1) {
      throw new ShapeError(
        `${at.label}: a padding of ${of(spec.padStart)} + ${of(spec.padEnd)} leaves nothing of the ${whole} that ${show(size)} spread to`,
        { layer: at.path, expected: `a padding below ${whole}`, actual: of(spec.padStart) + of(spec.padEnd) },
      )
    }
    return output
  })

const convTranspose = (type: string, rank: number, outChannels: unknown, options: Unchecked) => {
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = transposeSpec(type, rank, options)
  const groups = checkGroups(type, out, options)
  const { bias = true } = options
  booleanOption(`bias of ${type}`, bias)
  const layer = (x: Sym<unknown>) => {
    const at = apply(type, layer, [x])
    const shape = x.shape as readonly number[]
    checkRank(at, rank, shape)
    checkChannels(at, shape, groups, options.inChannels)
    const { outputPadding: _, ...window } = spec
    const output = [...spreadWindow(at, shape.slice(0, rank), spec), out]
    return at.emit('convTranspose', { ...window, outChannels: out, groups }, output, {
      weight: [shape[rank] as number, out / groups, ...spec.kernel],
      ...(bias ? { bias: [out] } : {}),
    })
  }
  return layer
}

/**
 * Transposed convolution of a series, PyTorch's ConvTranspose1d: `[L, C]` -> `[L', outChannels]`; otherwise as convTranspose2d.
 *
 * ```ts
 * import { convTranspose1d, model } from 'im2col'
 *
 * const net = model({ input: [100, 8] }, convTranspose1d(4, { kernel: 4, stride: 2, padding: 1 }))
 * net.outputs.output // [200, 4]
 * ```
 */
export const convTranspose1d = <
  const O extends number,
  const K extends number,
  const S extends number = 1,
  const P extends Exclude<Padding1d, 'same'> = 0,
  const D extends number = 1,
  const Extra extends number = 0,
>(
  outChannels: O,
  options: ConvTranspose1dOptions<K, S, P, D, Extra>,
): (<X>(x: Sym<X>) => Sym<ConvTranspose1dShape<X, O, K, S, P, D, Extra>>) =>
  convTranspose('convTranspose1d', 1, outChannels, options) as never

/**
 * Transposed convolution, PyTorch's ConvTranspose2d: `[H, W, C]` -> `[H', W', outChannels]` with
 * H' = (H - 1) stride - top - bottom + dilation (kernel - 1) + outputPadding + 1.
 *
 * Weights: `weight` (C, outChannels / groups, height, width), `bias` (outChannels). Throws OptionError at once, ShapeError when
 * applied. Zeiler et al., Deconvolutional Networks, CVPR 2010; Dumoulin and Visin, arXiv:1603.07285.
 *
 * ```ts
 * import { convTranspose2d, model } from 'im2col'
 *
 * const net = model({ input: [28, 28, 128] }, convTranspose2d(64, { kernel: 2, stride: 2 }))
 * net.outputs.output // [56, 56, 64]
 * ```
 */
export const convTranspose2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Exclude<Padding2d, 'same'> = 0,
  const D extends Size2d = 1,
  const Extra extends Size2d = 0,
>(
  outChannels: O,
  options: ConvTranspose2dOptions<K, S, P, D, Extra>,
): (<X>(x: Sym<X>) => Sym<ConvTranspose2dShape<X, O, K, S, P, D, Extra>>) =>
  convTranspose('convTranspose2d', 2, outChannels, options) as never

/**
 * Transposed convolution of a volume, PyTorch's ConvTranspose3d: `[D, H, W, C]` -> `[D', H', W', outChannels]`; otherwise as
 * convTranspose2d.
 *
 * ```ts
 * import { convTranspose3d } from 'im2col'
 *
 * const double = convTranspose3d(16, { kernel: 2, stride: 2 })
 * ```
 */
export const convTranspose3d = <
  const O extends number,
  const K extends Size3d,
  const S extends Size3d = 1,
  const P extends Exclude<Padding3d, 'same'> = 0,
  const D extends Size3d = 1,
  const Extra extends Size3d = 0,
>(
  outChannels: O,
  options: ConvTranspose3dOptions<K, S, P, D, Extra>,
): (<X>(x: Sym<X>) => Sym<ConvTranspose3dShape<X, O, K, S, P, D, Extra>>) =>
  convTranspose('convTranspose3d', 3, outChannels, options) as never
