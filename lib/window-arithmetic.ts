/** The arithmetic of convolutions on paper: what a window makes of a size, and what a convolution costs, without a network. */

import { invalidOption, ShapeError } from './errors.js'
import { overWindow } from './graph/axis-reads.js'
import { type ReceptiveField, read, unseen } from './graph/receptive-field.js'
import { knownOptions } from './layers/options.js'
import { elementCount, nonNegativeInteger, outputSize, positiveInteger } from './shape.js'

/** A window of a convolution or pool: a number for every axis, or one per axis from outer to inner. */
export interface WindowSizes {
  readonly kernel: number | readonly number[]
  /** 1 by default. */
  readonly stride?: number | readonly number[]
  /** 1 by default. */
  readonly dilation?: number | readonly number[]
  /** At the start and at the end of an axis, each; 0 by default. */
  readonly padding?: number | readonly number[]
}

export interface ConvSizes {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernel: number | readonly number[]
  /** 1 by default. */
  readonly groups?: number
  /** Whether there is one; true by default. */
  readonly bias?: boolean
}

interface Axes {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padStart: readonly number[]
  readonly padEnd: readonly number[]
}

const rankOf = (values: readonly unknown[]): number =>
  Math.max(1, ...values.map((value) => (Array.isArray(value) ? value.length : 1)))

const spread = (
  name: string,
  rank: number,
  value: unknown,
  check: (name: string, value: unknown) => number,
): readonly number[] => {
  if (!Array.isArray(value)) return new Array<number>(rank).fill(check(name, value))
  if (value.length !== rank) throw invalidOption(name, `a number or ${rank} of them`, value)
  return value.map((size) => check(name, size))
}

const names = ['kernel', 'stride', 'dilation', 'padding'] as const

const axesOf = (rank: number, window: WindowSizes): Axes => {
  const { kernel, stride = 1, dilation = 1, padding = 0 } = window
  const pad = spread('padding', rank, padding, nonNegativeInteger)
  return {
    kernel: spread('kernel', rank, kernel, positiveInteger),
    stride: spread('stride', rank, stride, positiveInteger),
    dilation: spread('dilation', rank, dilation, positiveInteger),
    padStart: pad,
    padEnd: pad,
  }
}

const rankOfWindow = ({ kernel, stride, dilation, padding }: WindowSizes): number =>
  rankOf([kernel, stride, dilation, padding])

/**
 * The output size of a convolution or pool: floor((input + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 along every axis of
 * `input`, outer to inner.
 *
 * Throws OptionError, and ShapeError when the window does not fit.
 *
 * ```ts
 * import { windowOutputSize } from 'im2col'
 *
 * windowOutputSize([227, 227], { kernel: 11, stride: 4 }) // [55, 55]
 * ```
 */
export const windowOutputSize = (input: readonly number[], window: WindowSizes): readonly number[] => {
  knownOptions('windowOutputSize', window, names)
  if (!Array.isArray(input)) throw invalidOption('input of windowOutputSize', 'a list of sizes', input)
  const axes = axesOf(input.length, window)
  return input.map((size, axis) => {
    const [kernel, stride, dilation, padStart, padEnd] = [
      axes.kernel,
      axes.stride,
      axes.dilation,
      axes.padStart,
      axes.padEnd,
    ].map((list) => list[axis] as number) as [number, number, number, number, number]
    const output = outputSize(positiveInteger('every size of input', size), {
      kernel,
      stride,
      dilation,
      padStart,
      padEnd,
    })
    if (output < 1) {
      throw new ShapeError(
        `A window of ${dilation * (kernel - 1) + 1} does not fit into ${size + padStart + padEnd} with padding`,
        {
          expected: dilation * (kernel - 1) + 1,
          actual: size + padStart + padEnd,
        },
      )
    }
    return output
  })
}

/**
 * What one element behind a stack of convolutions and pools, first to last, sees of the input; for a whole network with branches
 * see `summary()` of a model, which also says what the numbers mean (Araujo, Norris and Sim, 2019).
 *
 * As many axes as the longest list among the windows has, at least one. Throws OptionError.
 *
 * ```ts
 * import { windowReceptiveField } from 'im2col'
 *
 * // AlexNet's first convolution and pool
 * windowReceptiveField([{ kernel: 11, stride: 4, padding: 2 }, { kernel: 3, stride: 2 }])
 * // { size: [19], jump: [8], start: [7.5] }
 * ```
 */
export const windowReceptiveField = (windows: readonly WindowSizes[]): ReceptiveField => {
  if (!Array.isArray(windows)) throw invalidOption('windows of windowReceptiveField', 'a list of windows', windows)
  for (const window of windows) knownOptions('windowReceptiveField', window, names)
  const rank = Math.max(1, ...windows.map(rankOfWindow))
  const axes = windows.map((window) => axesOf(rank, window))
  const seen = Array.from({ length: rank }, (_, axis) => {
    return axes.reduce((field, window) => read(field, overWindow(window, axis, 1)), unseen)
  })
  return {
    size: seen.map(({ size }) => size),
    jump: seen.map(({ jump }) => jump),
    start: seen.map(({ start }) => start),
  }
}

const weightOf = (label: string, sizes: ConvSizes): number => {
  knownOptions(label, sizes, ['inChannels', 'outChannels', 'kernel', 'groups', 'bias'])
  const { inChannels, outChannels, kernel, groups = 1 } = sizes
  positiveInteger('groups', groups)
  for (const [name, channels] of Object.entries({ inChannels, outChannels })) {
    if (positiveInteger(name, channels) % groups !== 0)
      throw invalidOption(name, `a multiple of ${groups} groups`, channels)
  }
  return elementCount([
    outChannels,
    inChannels / groups,
    ...spread('kernel', rankOf([kernel]), kernel, positiveInteger),
  ])
}

/**
 * Parameters of a convolution: outChannels inChannels / groups times the kernel's elements, and outChannels for the bias. A kernel given
 * as one number has one axis.
 *
 * Throws OptionError, and ShapeError beyond 2^31 - 1 weights.
 *
 * ```ts
 * import { convParameterCount } from 'im2col'
 *
 * convParameterCount({ inChannels: 3, outChannels: 96, kernel: [11, 11] }) // 34944
 * ```
 */
export const convParameterCount = (sizes: ConvSizes): number =>
  weightOf('convParameterCount', sizes) + (sizes.bias === false ? 0 : sizes.outChannels)

/**
 * Multiply-accumulates of a convolution for one image: each element of its output meets a row of the weight.
 *
 * Throws OptionError, and ShapeError beyond 2^31 - 1 weights or pixels.
 *
 * ```ts
 * import { convMacs } from 'im2col'
 *
 * convMacs([55, 55], { inChannels: 3, outChannels: 96, kernel: [11, 11] }) // 105415200
 * ```
 */
export const convMacs = (outputSize: readonly number[], sizes: ConvSizes): number => {
  if (!Array.isArray(outputSize)) throw invalidOption('outputSize of convMacs', 'a list of sizes', outputSize)
  return elementCount(outputSize) * weightOf('convMacs', sizes)
}
