import { DTypeError, invalidOption, OptionError, shorten, show } from '../errors.js'
import { isMap } from '../kinds.js'
import { isTensor, type Tensor } from '../tensor.js'

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>

/**
 * The tensors of a map or an object; `what` and `expected` are what the message calls it. Throws OptionError, and DTypeError for an array
 * in the place of a tensor.
 */
export function namedTensors(what: string, expected: string, given: NamedTensors): ReadonlyMap<string, Tensor> {
  if (isMap(given)) return checkedTensors(what, given as ReadonlyMap<string, Tensor>)
  if (!isRecord(given)) {
    const hint = Object.prototype.toString.call(given) === '[object Promise]' ? 'Await the promise first' : undefined
    throw invalidOption(what, expected, given, { hint })
  }
  return checkedTensors(what, new Map(Object.entries(given)))
}

/** An object that is there for its properties only; those of other kinds, a promise or a buffer, have none that count. */
const isRecord = (value: unknown): value is Readonly<Record<string, Tensor>> =>
  Object.prototype.toString.call(value) === '[object Object]' && !isTensor(value)

function checkedTensors(what: string, tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  for (const [name, tensor] of tensors) {
    if (isTensor(tensor)) continue
    const message = `Expected ${shorten(name)} of ${what} to be a Tensor but received ${show(tensor)}`
    const details = { expected: 'Tensor', actual: tensor, hint: 'Give its shape, too: new Tensor(data, shape)' }
    throw ArrayBuffer.isView(tensor) ? new DTypeError(message, details) : new OptionError(message, details)
  }
  return tensors
}
