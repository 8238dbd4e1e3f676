/**
 * Runs a plan step by step with the naive operators on an arena of NaNs: shows that views, halos, offsets and lifetimes
 * are right without the engine.
 */

import type { Activation } from '../../lib/graph/activation.js'
import type { BinaryOperator, Reduction } from '../../lib/graph/graph.js'
import type { PlanSpec, StepSpec, ViewSpec } from '../../lib/graph/plan-spec.js'
import { activate } from './reference-activations.js'
import * as arithmetic from './reference-arithmetic.js'
import * as perChannel from './reference-channels.js'
import { convTranspose } from './reference-conv.js'
import * as moves from './reference-moves.js'
import type { Extents, RefTensor, Triple } from './reference-ops.js'
import * as ops from './reference-ops.js'
import * as sequences from './reference-sequences.js'

/** Algorithms that cannot run without the padding in the image's halo. */
const HALO_READERS = ['direct', 'depthwise', 'grouped']

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
    if (step.op === 'conv' && HALO_READERS.includes(step.attributes.algorithm as string))
      checkHalo(arena, viewOf(step.inputs[0]), target.shape, step)
    if (step.op === 'expandDepthwise' || step.op === 'invertedResidual') {
      const [d, h, w] = step.attributes.size as unknown as Triple
      checkHalo(arena, viewOf(step.inputs[0]), [target.shape[0], d, h, w, target.shape[4]], stageOf(step, 'expand'))
    }
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
    case 'conv':
      return convolve(step, x, extents, operands[1])
    case 'scaledConv':
      return convolve(step, arithmetic.binary('multiply', x, operands[1] as RefTensor, x.extents), extents, operands[2])
    case 'normConv': {
      const norm = stageOf(step, 'norm')
      const normed = ops.affine(x, parameter('norm.scale'), parameter('norm.shift'))
      return convolve(step, epilogue(norm, normed, undefined), extents, operands[1])
    }
    case 'expandDepthwise': {
      const size = step.attributes.size as unknown as Triple
      const expanded = convolve(stageOf(step, 'expand'), x, [...size, extents[3]], undefined)
      return convolve(stageOf(step, 'depthwise'), expanded, extents, undefined)
    }
    case 'invertedResidual': {
      const size = step.attributes.size as unknown as Triple
      const channels = step.attributes.channels as number
      const [d, h, w] = extents
      const expanded = convolve(stageOf(step, 'expand'), x, [...size, channels], undefined)
      const filtered = convolve(stageOf(step, 'depthwise'), expanded, [d, h, w, channels], undefined)
      return convolve(stageOf(step, 'project'), filtered, extents, operands[1])
    }
    case 'convTranspose': {
      const window = { ...windowOf(step), groups: step.attributes.groups as number }
      const weights = { weight: parameter('weight'), bias: parameter('bias'), scale: parameter('scale') }
      return epilogue(step, convTranspose(x, extents, window, weights), operands[1])
    }
    case 'affine':
      return epilogue(
        step,
        ops.affine(
          x,
          parameter('scale'),
          (step.parameters.shift?.data as Float32Array | undefined) ?? new Float32Array(extents[3]),
        ),
        operands[1],
      )
    case 'add':
      return epilogue(step, ops.add(x, operands[1] as RefTensor), undefined)
    case 'binary': {
      const operator = step.attributes.operator as BinaryOperator
      return epilogue(step, arithmetic.binary(operator, x, operands[1] as RefTensor, extents), operands[2])
    }
    case 'matmul': {
      const y = sequences.matmul(x, operands[1] as RefTensor, extents, step.attributes.transposed === 1)
      return epilogue(step, y, undefined)
    }
    case 'lstm':
    case 'gru': {
      const weights = { weight: parameter('weight'), bias: step.parameters.bias?.data as Float32Array | undefined }
      return sequences.recurrent(step.op, operands, extents, step.attributes.reverse === 1, weights)
    }
    case 'reduce':
      return arithmetic.reduce(step.attributes.operator as Reduction, x, extents)
    case 'groupNorm': {
      const { groups, eps } = step.attributes as Record<string, number>
      const learned = { weight: step.parameters.weight?.data, bias: step.parameters.bias?.data }
      const options = { groups: groups as number, eps: eps as number, ...(learned as Record<string, Float32Array>) }
      return epilogue(step, arithmetic.groupNorm(x, options), operands[1])
    }
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
      return perChannel.channelShuffle(ops.concat(operands), step.attributes.groups as number)
    case 'logSoftmax':
      return perChannel.logSoftmax(x)
    case 'softmax':
      return ops.softmax(x)
    case 'rearrange':
      return moves.rearrange(x, extents, { loops: loopsOf(step) })
    case 'gather': {
      const lists = ['D', 'H', 'W', 'C'].map((axis) => step.attributes[`indices${axis}`] as Int32Array | undefined)
      return moves.gather(x, extents, lists, step.attributes.value as number)
    }
    case 'resample':
      return moves.resample(
        x,
        extents,
        ['D', 'H', 'W'].map((axis) => tableOf(step, axis)),
      )
    case 'gridSample': {
      const { mode, padding, alignCorners } = step.attributes
      const sampling = { mode, padding, alignCorners: alignCorners === 1 }
      return moves.gridSample(x, operands[1] as RefTensor, extents, sampling as Parameters<typeof moves.gridSample>[3])
    }
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

function convolve(step: StepSpec, x: RefTensor, extents: Extents, residual: RefTensor | undefined): RefTensor {
  const { groups, flip } = step.attributes
  const data = (name: string) => step.parameters[name]?.data as Float32Array
  const window = { ...windowOf(step), groups: groups as number, flip: flip === 1 }
  const [weight, center] = [data('weight'), data('center')]
  const size = weight.length / extents[3]
  const centerOf = (i: number) => {
    const channel = Math.floor(i / size)
    return center ? (center[2 * channel] as number) + (center[2 * channel + 1] as number) : 0
  }
  const weights = {
    weight: Float64Array.from(weight, (value, i) => value - centerOf(i)),
    bias: data('bias'),
    scale: data('scale'),
  }
  return epilogue(step, ops.conv(x, extents, window, weights), residual)
}

/** One of the convolutions of a step that computes several. */
function stageOf(step: StepSpec, prefix: string): StepSpec {
  const own = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(record).flatMap(([key, value]) =>
        key.startsWith(`${prefix}.`) ? [[key.slice(prefix.length + 1), value]] : [],
      ),
    )
  return { ...step, attributes: own(step.attributes), parameters: own(step.parameters) }
}

function epilogue(step: StepSpec, y: RefTensor, residual: RefTensor | undefined): RefTensor {
  const sum = residual ? ops.add(y, residual) : y
  const { activation: kind, alpha, beta } = step.attributes
  if (kind === 'none') return sum
  const fields = { kind, min: alpha, max: beta, negativeSlope: alpha, alpha, beta: alpha, scale: alpha, shift: beta }
  return activate(sum, fields as unknown as Activation)
}

function listOf(step: StepSpec, name: string): readonly number[] {
  return (step.attributes[name] ?? []) as readonly number[]
}

function loopsOf(step: StepSpec) {
  const place = (side: string, i: number) => ({
    axis: listOf(step, `${side}Axes`)[i] as number,
    step: listOf(step, `${side}Steps`)[i] as number,
  })
  return listOf(step, 'sizes').map((size, i) => ({ size, from: place('input', i), to: place('output', i) }))
}

function tableOf(step: StepSpec, axis: string) {
  const taps = step.attributes[`taps${axis}`] as number
  const table = { indices: step.attributes[`indices${axis}`], weights: step.attributes[`weights${axis}`] }
  return { taps, ...(table as { readonly indices: Int32Array; readonly weights: Float32Array }) }
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

/** A convolution that does not copy its input reads its padding as memory: the halo must reach as far as the taps. */
function checkHalo(arena: Float64Array, input: ViewSpec, output: readonly number[], step: StepSpec): void {
  const { kernel, stride, dilation, padStart } = windowOf(step)
  for (const axis of [0, 1, 2] as const) {
    const last = (output[1 + axis] as number) * stride[axis] - stride[axis] + (kernel[axis] - 1) * dilation[axis]
    const before = input.halo[2 * axis] as number
    const after = input.halo[2 * axis + 1] as number
    const size = input.shape[1 + axis] as number
    if (padStart[axis] > before || last - padStart[axis] >= size + after) {
      throw new Error(`the halo of step ${step.name} ends before its kernel in an arena of ${arena.length}`)
    }
  }
}
