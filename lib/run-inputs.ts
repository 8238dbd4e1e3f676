/** Checks what a run is given against what the network takes. */

import { DTypeError, type Im2colError, OptionError, ShapeError, show } from './errors.js'
import type { DataLayout } from './graph/plan.js'
import { isFloat32Array } from './kinds.js'
import { isTensor, type Tensor } from './tensor.js'

/** An input of a network; its shape has no batch and the axis order of the session. */
export interface InputInfo {
  readonly name: string
  readonly shape: readonly number[]
  readonly size: number
}

/** What a run is given for one input. */
export type InputValue = Tensor | Float32Array

/** Channels-last to the axis order of the session, for shapes without batch. */
export function fromChannelsLast(shape: readonly number[], layout: DataLayout): readonly number[] {
  return layout === 'nhwc' ? shape : [...shape.slice(-1), ...shape.slice(0, -1)]
}

/** The other way. */
export function toChannelsLast(shape: readonly number[], layout: DataLayout): readonly number[] {
  return layout === 'nhwc' ? shape : [...shape.slice(1), ...shape.slice(0, 1)]
}

/** The data of each input, in the network's order. Throws OptionError, DTypeError and ShapeError. */
export function readData(infos: readonly InputInfo[], inputs: Readonly<Record<string, InputValue>>): Float32Array[] {
  const data: Float32Array[] = []
  for (const info of infos) {
    const value = inputs?.[info.name]
    if (isFloat32Array(value)) {
      if (value.length !== info.size) throw lengthError(info, value.length)
      data.push(value)
    } else if (isTensor(value)) {
      data.push(value.data)
    } else {
      throw inputError(infos, inputs, info)
    }
  }
  for (const name in inputs) {
    if (!infos.some((info) => info.name === name)) throw nameError(infos, inputs)
  }
  return data
}

/** True when the inputs, which `readData` accepted, have these shapes (batch first). Allocates nothing. */
export function fits(
  infos: readonly InputInfo[],
  inputs: Readonly<Record<string, InputValue>>,
  shapes: readonly (readonly number[])[],
): boolean {
  for (let i = 0; i < infos.length; i++) {
    const info = infos[i] as InputInfo
    const value = inputs[info.name]
    const shape = isTensor(value) ? value.shape : info.shape
    const wanted = shapes[i] as readonly number[]
    const missing = wanted.length - shape.length
    if (missing !== 0 && (missing !== 1 || wanted[0] !== 1)) return false
    for (let axis = 0; axis < shape.length; axis++) {
      if (shape[axis] !== wanted[axis + missing]) return false
    }
  }
  return true
}

/**
 * The shape of each input with its batch. A shape without batch is taken for one image if it is the network's own.
 * Throws ShapeError, also when the batches differ.
 */
export function readShapes(
  infos: readonly InputInfo[],
  inputs: Readonly<Record<string, InputValue>>,
  layout: DataLayout,
): readonly (readonly number[])[] {
  const shapes = infos.map((info) => {
    const value = inputs[info.name]
    const shape = isTensor(value) ? value.shape : info.shape
    if (shape.join() === info.shape.join()) return [1, ...shape]
    if (shape.length !== info.shape.length + 1) throw shapeError(info, shape, layout)
    return shape
  })
  const batch = shapes[0]?.[0]
  shapes.forEach((shape, i) => {
    if (shape[0] === batch) return
    throw new ShapeError(
      `Expected all inputs to have the same batch but '${infos[0]?.name}' has ${batch} and '${infos[i]?.name}' has ${shape[0]}`,
      { expected: batch, actual: shape[0] },
    )
  })
  return shapes
}

/** A shape that the network cannot take; `cause` says why when that is known. */
export function shapeError(
  info: InputInfo,
  actual: readonly number[],
  layout: DataLayout,
  cause?: Im2colError,
): ShapeError {
  const expected = `[N, ${info.shape.join(', ')}] or [${info.shape.join(', ')}]`
  const because = whyNot(info, actual, layout, cause)
  return new ShapeError(`Expected input '${info.name}' to be ${expected} but received ${show(actual)}${because}`, {
    expected: info.shape,
    actual,
    hint: layoutHint(info, actual, layout),
    cause,
  })
}

/** Channels come first: what another number of them does to the layers says less. */
function whyNot(info: InputInfo, actual: readonly number[], layout: DataLayout, cause?: Im2colError): string {
  if (cause === undefined) return ''
  const [own, given] = [info.shape, actual.slice(1)].map((shape) => toChannelsLast(shape, layout))
  const [expected, channels] = [own?.at(-1), given?.at(-1)]
  if (channels === expected) return ` (another size: ${cause.message})`
  const what = info.shape.length === 1 ? 'features' : 'channels'
  return `: it has ${channels} ${what} but the network takes ${expected}`
}

function layoutHint(info: InputInfo, actual: readonly number[], layout: DataLayout): string | undefined {
  const own = actual.length === info.shape.length ? actual : actual.slice(1)
  const other = layout === 'nhwc' ? fromChannelsLast(info.shape, 'nchw') : toChannelsLast(info.shape, 'nchw')
  if (own.length < 2 || own.join() !== other.join() || own.join() === info.shape.join()) return undefined
  return layout === 'nhwc'
    ? "This looks like NCHW given for NHWC: compile with layout: 'nchw', or put the channels last"
    : "This looks like NHWC given for NCHW: compile with layout: 'nhwc', or put the channels first"
}

function lengthError(info: InputInfo, actual: number): ShapeError {
  return new ShapeError(
    `Expected a Float32Array for input '${info.name}' to have the ${info.size} elements of ${show(info.shape)} but received ${actual}`,
    { expected: info.size, actual, hint: 'Give other sizes and batches as new Tensor(data, shape)' },
  )
}

function inputError(
  infos: readonly InputInfo[],
  inputs: Readonly<Record<string, InputValue>>,
  info: InputInfo,
): Im2colError {
  const value: unknown = inputs?.[info.name]
  if (value === undefined) return nameError(infos, inputs)
  const message = `Expected input '${info.name}' to be a Tensor or a Float32Array but received ${kindOf(value)}`
  const details = { expected: 'Tensor or Float32Array', actual: kindOf(value) }
  return ArrayBuffer.isView(value) ? new DTypeError(message, details) : new OptionError(message, details)
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return show(value)
  return (value.constructor as { readonly name?: string } | undefined)?.name ?? 'an object'
}

/** Says which names are missing and which are too many. */
function nameError(infos: readonly InputInfo[], inputs: unknown): OptionError {
  const expected = infos.map(({ name }) => name)
  if (typeof inputs !== 'object' || inputs === null || isTensor(inputs) || ArrayBuffer.isView(inputs)) {
    const example = `{ ${expected.map((name) => `${name}: tensor`).join(', ')} }`
    return new OptionError(`Expected the inputs as an object ${example} but received ${kindOf(inputs)}`, {
      expected,
      actual: kindOf(inputs),
    })
  }
  const actual = Object.keys(inputs)
  const missing = expected.filter((name) => (inputs as Record<string, unknown>)[name] === undefined)
  const unexpected = actual.filter((name) => !expected.includes(name))
  const parts = [
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`unexpected: ${unexpected.join(', ')}`] : []),
  ]
  return new OptionError(`Expected the inputs ${expected.join(', ')}; ${parts.join('; ')}`, { expected, actual })
}
