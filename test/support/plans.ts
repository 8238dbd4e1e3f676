/** Small plans for tests of the engine itself, as plain data that also a child process can be given. */

import type { PlanSpec, StepSpec, ViewSpec } from '../../lib/graph/plan-spec.js'

const ALIGNED_ELEMENTS = 16

export const vectorView = (offset: number, size: number): ViewSpec => ({
  offset,
  shape: [1, 1, 1, 1, size],
  strides: [size, size, size, size],
  halo: [0, 0, 0, 0, 0, 0],
})

export const step = (
  op: string,
  name: string,
  inputs: readonly number[],
  outputs: readonly number[],
  attributes: StepSpec['attributes'] = {},
  parameters: StepSpec['parameters'] = {},
): StepSpec => ({ op, name, inputs, outputs, attributes, parameters })

/** y = activation(...activation(x)), `repeats` times, over `size` elements. */
export function activationPlan(size: number, activation: 'relu' | 'tanh', repeats = 1): PlanSpec {
  const second = Math.ceil(size / ALIGNED_ELEMENTS) * ALIGNED_ELEMENTS
  return {
    arenaSize: 2 * second,
    views: [vectorView(0, size), vectorView(second, size)],
    inputSizes: [size],
    outputSizes: [size],
    steps: [
      step('input', 'x', [], [0], { index: 0, layout: 'nhwc' }),
      ...Array.from({ length: repeats }, (_, i) =>
        step('activation', `${activation}${i}`, [i === 0 ? 0 : 1], [1], { activation }),
      ),
      step('output', 'y', [1], [], { index: 0, layout: 'nhwc' }),
    ],
  }
}

/** y = x * scale + shift over `size` channels. */
export function affinePlan(scale: Float32Array, shift: Float32Array, key = 'affine'): PlanSpec {
  const { steps, ...plan } = activationPlan(scale.length, 'relu')
  const parameters = { scale: { key: `${key}.scale`, data: scale }, shift: { key: `${key}.shift`, data: shift } }
  return {
    ...plan,
    steps: steps.map((s) => (s.op === 'activation' ? step('affine', 'norm', [0], [1], {}, parameters) : s)),
  }
}
