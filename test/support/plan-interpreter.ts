/**
 * Runs a plan step by step with the naive operators on an arena of NaNs: shows that views, halos, offsets and lifetimes
 * are right without the engine.
 */

import type { Activation } from '../../lib/graph/activation.js'
import type { PlanSpec, StepSpec, ViewSpec } from '../../lib/graph/plan-spec.js'
import { activate } from './reference-activations.js'
import * as perChannel from './reference-channels.js'
import type { Extents, RefTensor, Triple } from './reference-ops.js'
import * as ops from './reference-ops.js'

/** User buffers by index, channels-last. */
export function interpretPlan(plan: PlanSpec, inputs: readonly ArrayLike<number>[]): readonly Float64Array[] {
  const arena = new Float64Array(plan.arenaSize).fill(Number.NaN)
  const outputs: Float64Array[] = []
  const viewOf = (index: number | undefined) => plan.views[index ?? -1] as ViewSpec
  for (const step of plan.steps) {
    const operands = step.inputs.map((index) => readView(arena, viewOf(index)))
    if (step.op === 'output') {
      outputs[step.attributes.index as number] = (operands[0] as RefTensor).data
      continue
    }
    const target = viewOf(step.outputs[0])
    if (step.op === 'conv' && step.attributes.algorithm !== 'im2col')
      checkHalo(arena, viewOf(step.inputs[0]), target, step)
    const result =
      step.op === 'input'
        ? ops.makeTensor(target.shape[0], extentsOf(target), inputs[step.attributes.index as number] ?? [])
        : run(step, operands, target)
    writeView(arena, target, result)
  }
  return outputs
}

function run(step: StepSpec, operands: readonly RefTensor[], target: ViewSpec): RefTensor {
  const x = operands[0] as RefTensor
  const extents = extentsOf(target)
  const parameter = (name: string) => step.parameters[name]?.data as Float32Array
  switch (step.op) {
    case 'conv': {
      const { groups, flip } = step.attributes
      const window = { ...windowOf(step), groups: groups as number, flip: flip === 1 }
      const weights = { weight: parameter('weight'), bias: parameter('bias'), scale: parameter('scale') }
      return epilogue(step, ops.conv(x, extents, window, weights), operands[1])
    }
    case 'affine':
      return epilogue(
        step,
        ops.affine(x, parameter('scale'), step.parameters.shift?.data ?? new Float32Array(extents[3])),
        operands[1],
      )
    case 'add':
      return epilogue(step, ops.add(x, operands[1] as RefTensor), undefined)
    case 'multiply':
      return epilogue(step, ops.multiply(x, operands[1] as RefTensor, extents), operands[2])
    case 'activation':
      return epilogue(step, x, undefined)
    case 'maxPool':
      return ops.maxPool(x, extents, windowOf(step))
    case 'avgPool': {
      const { padEnd, countIncludePad } = step.attributes
      return ops.avgPool(x, extents, {
        ...windowOf(step),
        padEnd: padEnd as unknown as Triple,
        countIncludePad: countIncludePad === 1,
      })
    }
    case 'adaptiveAvgPool':
      return ops.adaptiveAvgPool(x, extents)
    case 'adaptiveMaxPool':
      return ops.adaptiveMaxPool(x, extents)
    case 'localResponseNorm':
      return ops.localResponseNorm(x, step.attributes as unknown as Parameters<typeof ops.localResponseNorm>[1])
    case 'prelu':
      return perChannel.prelu(x, parameter('slope'))
    case 'layerNorm':
      return perChannel.layerNorm(x, step.attributes.eps as number, {
        weight: parameter('weight'),
        bias: parameter('bias'),
      })
    case 'channelShuffle':
      return perChannel.channelShuffle(x, step.attributes.groups as number)
    case 'logSoftmax':
      return perChannel.logSoftmax(x)
    case 'softmax':
      return ops.softmax(x)
    case 'copy':
      return x
    case 'flatten':
      return ops.flatten(x)
    case 'constant': {
      const data = Array.from({ length: target.shape[0] }, () => [...parameter('data')]).flat()
      return ops.makeTensor(target.shape[0], extents, data)
    }
    default:
      throw new Error(`unknown step ${step.op}`)
  }
}

function epilogue(step: StepSpec, y: RefTensor, residual: RefTensor | undefined): RefTensor {
  const sum = residual ? ops.add(y, residual) : y
  const { activation: kind, alpha, beta } = step.attributes
  if (kind === 'none') return sum
  const fields = { kind, min: alpha, max: beta, negativeSlope: alpha, alpha, beta: alpha }
  return activate(sum, fields as unknown as Activation)
}

function windowOf(step: StepSpec): ops.Window {
  const { kernel, stride, dilation, padStart } = step.attributes
  return { kernel, stride, dilation, padStart } as unknown as ops.Window
}

function extentsOf(view: ViewSpec): Extents {
  return view.shape.slice(1) as unknown as Extents
}

/** Calls visit(position, isInterior) for every cell of a view, halo included, in N, D, H, W, C order. */
function forEachCell(
  { offset, shape, strides, halo }: ViewSpec,
  visit: (position: number, isInterior: boolean) => void,
): void {
  const [n, d, h, w, c] = shape
  for (let image = 0; image < n; image++) {
    for (let z = -halo[0]; z < d + halo[1]; z++) {
      for (let y = -halo[2]; y < h + halo[3]; y++) {
        for (let x = -halo[4]; x < w + halo[5]; x++) {
          const isInterior = z >= 0 && z < d && y >= 0 && y < h && x >= 0 && x < w
          const start = offset + image * strides[0] + z * strides[1] + y * strides[2] + x * strides[3]
          for (let channel = 0; channel < c; channel++) visit(start + channel, isInterior)
        }
      }
    }
  }
}

function readView(arena: Float64Array, view: ViewSpec): RefTensor {
  const values: number[] = []
  forEachCell(view, (position, isInterior) => {
    const value = arena[position]
    if (value === undefined) throw new Error(`position ${position} lies outside the arena`)
    if (isInterior) values.push(value)
    else if (value !== 0) throw new Error(`halo cell ${position} is ${value}`)
  })
  return ops.makeTensor(view.shape[0], extentsOf(view), values)
}

function writeView(arena: Float64Array, view: ViewSpec, { data }: RefTensor): void {
  let next = 0
  forEachCell(view, (position, isInterior) => {
    if (position < 0 || position >= arena.length) throw new Error(`position ${position} lies outside the arena`)
    arena[position] = isInterior ? (data[next++] as number) : 0
  })
}

/** A convolution that does not gather its input reads its padding as memory: the halo must reach as far as the taps. */
function checkHalo(arena: Float64Array, input: ViewSpec, output: ViewSpec, step: StepSpec): void {
  const { kernel, stride, dilation, padStart } = windowOf(step)
  for (const axis of [0, 1, 2] as const) {
    const last = (output.shape[1 + axis] as number) * stride[axis] - stride[axis] + (kernel[axis] - 1) * dilation[axis]
    const before = input.halo[2 * axis] as number
    const after = input.halo[2 * axis + 1] as number
    const size = input.shape[1 + axis] as number
    if (padStart[axis] > before || last - padStart[axis] >= size + after) {
      throw new Error(`the halo of step ${step.name} ends before its kernel in an arena of ${arena.length}`)
    }
  }
}
