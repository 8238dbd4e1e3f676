/** Residual blocks that normalise and activate before they convolve: He et al., arXiv:1603.05027. */

import { add, type Layer, relu } from '../layers/index.js'

interface Step {
  readonly norm: Layer
  readonly conv: Layer
}

/**
 * Norm, ReLU and convolution, step by step, and then the sum with the input, or with its projection, which reads what the first
 * convolution reads. The steps' layers are for the caller to name.
 */
export const preactivated = (steps: readonly Step[], projection?: Layer): Layer => {
  const [first, ...others] = steps as readonly [Step, ...Step[]]
  return (x) => {
    const activated = relu(first.norm(x))
    const residual = others.reduce((value, { norm, conv }) => conv(relu(norm(value))), first.conv(activated))
    return add(residual, projection ? projection(activated) : x)
  }
}
