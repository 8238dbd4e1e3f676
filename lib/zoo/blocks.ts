/** Blocks that several families share. */

import { type AnySym, conv2d, globalAvgPool, module, multiply } from '../layers/index.js'

type Activation = (x: AnySym) => AnySym

interface SqueezeExciteOptions {
  /** Channels between the two convolutions. */
  readonly squeezed: number
  readonly activation: Activation
  /** Makes the factors, from 0 to 1. */
  readonly gate: Activation
}

/** Multiplies each of `channels` channels by a factor that comes from the means of all of them. Hu et al., arXiv:1709.01507. */
export const squeezeExcite = (channels: number, { squeezed, activation, gate }: SqueezeExciteOptions) => {
  const m = { avgpool: globalAvgPool(), fc1: conv2d(squeezed, { kernel: 1 }), fc2: conv2d(channels, { kernel: 1 }) }
  return module(m, (x: AnySym) => multiply(x, gate(m.fc2(activation(m.fc1(m.avgpool(x)))))) as AnySym)
}

/**
 * The multiple of `divisor` that is nearest to `width`, upwards when in the middle, at least `divisor`, and the next one when that
 * would take away more than a tenth.
 */
export const roundToMultiple = (width: number, divisor: number): number => {
  const nearest = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor)
  return nearest < 0.9 * width ? nearest + divisor : nearest
}
