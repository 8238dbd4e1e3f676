/** One step of a plan by itself: what tells it apart for the clock, and a plan to try it. */

import type { PlanSpec, StepSpec, ViewSpec } from '../graph/plan-spec.js'

/** Attributes that decide nothing about which algorithm is the fastest. */
const INDIFFERENT = new Set(['algorithm', 'activation', 'alpha', 'beta'])

/**
 * The shape of a step as text: op, views and attributes. Steps of equal shape take the same choice. A view is its sizes,
 * then `/stride` where pixels are farther apart than their channels, then `+halo` where it has one.
 *
 *     conv 1x1x56x56x64+0.0.1.1.1.1 -> 1x1x56x56x64 kernel=1x3x3 stride=1x1x1 ...
 */
export function stepShape({ views }: PlanSpec, { op, inputs, outputs, attributes }: StepSpec): string {
  const list = (indices: readonly number[]) => indices.map((index) => viewShape(views[index] as ViewSpec)).join(' & ')
  const settings = Object.entries(attributes)
    .filter(([name]) => !INDIFFERENT.has(name))
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join('x') : value}`)
  return [op, list(inputs), '->', list(outputs), ...settings].join(' ')
}

function viewShape({ shape, strides, halo }: ViewSpec): string {
  const stride = strides[3] === shape[4] ? '' : `/${strides[3]}`
  return `${shape.join('x')}${stride}${halo.some((cells) => cells > 0) ? `+${halo.join('.')}` : ''}`
}

/** Elements of a cache line, to which buffers are aligned. */
const LINE = 16

/** A plan of this step alone. Views that share a place in the plan, as a sum written over its residual, share it here. */
export function singleStepPlan({ views }: PlanSpec, step: StepSpec): PlanSpec {
  const places = new Map<string, number>()
  const own: ViewSpec[] = []
  let arenaSize = 0
  const place = (index: number): number => {
    const view = views[index] as ViewSpec
    const { shape, strides, halo } = view
    const identity = [view.offset, shape, strides].join()
    const known = places.get(identity)
    if (known !== undefined) return known
    const start = halo[0] * strides[1] + halo[2] * strides[2] + halo[4] * strides[3]
    const position = own.push({ ...view, offset: arenaSize + start }) - 1
    arenaSize += Math.ceil((shape[0] * strides[0]) / LINE) * LINE
    places.set(identity, position)
    return position
  }
  return {
    steps: [{ ...step, inputs: step.inputs.map(place), outputs: step.outputs.map(place) }],
    views: own,
    arenaSize,
    inputSizes: [],
    outputSizes: [],
  }
}
