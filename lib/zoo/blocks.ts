/** Blocks that several families share. */

import { type AnySym, batchNorm, conv2d, module, squeezeExcite } from '../layers/index.js'

type Activation = (x: AnySym) => AnySym

type Size = number | readonly [height: number, width: number]

interface ConvNormOptions {
  readonly kernel: Size
  readonly stride?: number
  /** Half of the kernel by default, which keeps the size. */
  readonly padding?: Size
  readonly groups?: number
  /** Of the convolution; none by default. */
  readonly bias?: boolean
  /** Of the batch norm; 1e-5 by default. */
  readonly eps?: number
  readonly activation: Activation
}

const halfOf = (kernel: Size): Size =>
  typeof kernel === 'number' ? (kernel - 1) / 2 : [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2]

/** A convolution, batch norm and activation; children `conv` and `bn`. */
export const convNorm = (width: number, options: ConvNormOptions) => {
  const { kernel, stride = 1, padding = halfOf(kernel), groups = 1, bias = false, eps = 1e-5, activation } = options
  const m = { conv: conv2d(width, { kernel, stride, padding, groups, bias }), bn: batchNorm({ eps }) }
  return module(m, (x: AnySym) => activation(m.bn(m.conv(x) as AnySym)))
}

/** Squeeze and excitation with that share of the channels between the convolutions, eight at least. */
export const excite = (share: number) => (channels: number) =>
  squeezeExcite(channels, { squeezed: Math.max(8, channels * share) })

/**
 * The multiple of `divisor` that is nearest to `width`, upwards when in the middle, at least `divisor`, and the next one when that
 * would take away more than a tenth.
 */
export const roundToMultiple = (width: number, divisor: number): number => {
  const nearest = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor)
  return nearest < 0.9 * width ? nearest + divisor : nearest
}

/** Children `stage1.unit1`, `stage1.unit2`, ..., as pytorchcv calls them. */
export const stagesOfUnits = <Layer>(stages: readonly (readonly Layer[])[]): Record<string, Record<string, Layer>> =>
  Object.fromEntries(
    stages.map((units, stage) => [
      `stage${stage + 1}`,
      Object.fromEntries(units.map((unit, i) => [`unit${i + 1}`, unit])),
    ]),
  )
