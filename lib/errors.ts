/** Every error that the library throws on purpose: a stable `code`, and the thing, the expectation and the value in its message. */

/** The codes of all errors. */
export const errorCodes = [
  'ERR_SHAPE',
  'ERR_OPTION',
  'ERR_DTYPE',
  'ERR_WEIGHTS',
  'ERR_IMAGE',
  'ERR_UNKNOWN_MODEL',
  'ERR_DISPOSED',
  'ERR_ABORTED',
  'ERR_QUEUE_FULL',
  'ERR_PACKAGE',
  'ERR_NATIVE_MISSING',
  'ERR_NATIVE_LOAD',
  'ERR_NATIVE_UNSUPPORTED',
  'ERR_NATIVE_INVALID_ARGUMENT',
  'ERR_NATIVE_OUT_OF_MEMORY',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export type NativeErrorCode = Extract<ErrorCode, `ERR_NATIVE_${string}`>

export interface ErrorDetails {
  /** Path of the layer that the error is about, `layer1.0.conv1`. */
  readonly layer?: string | undefined
  readonly expected?: unknown
  readonly actual?: unknown
  /** What to do about it; the message ends with it. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Marks the errors of every copy of the package: `import` and `require` load one each. */
const brand = Symbol.for('im2col.error')

const isBranded = (value: unknown): boolean => typeof value === 'object' && value !== null && brand in value

/** Base of all errors of this package. */
export class Im2colError extends Error {
  /** True for an error of the same class of another copy of the package as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!isBranded(value)) return false
    for (let link = Object.getPrototypeOf(value); link !== null; link = Object.getPrototypeOf(link)) {
      // biome-ignore lint/complexity/noThisInStatic: a subclass is asked through this method, too
      if (link === this.prototype || (brand in link && link.constructor.name === this.name)) return true
    }
    return false
  }

  readonly code: ErrorCode
  readonly layer: string | undefined
  readonly expected: unknown
  readonly actual: unknown
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      details.hint === undefined ? message : `${message}. ${details.hint}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.name = new.target.name
    this.code = code
    this.layer = details.layer
    this.expected = details.expected
    this.actual = details.actual
    this.hint = details.hint
  }

  get [brand](): true {
    return true
  }
}

/** A tensor or a value of a network has another shape than what is done with it needs. */
export class ShapeError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_SHAPE', message, details)
  }
}

/** An argument or option has a wrong type, a value out of range, or a name that does not exist. */
export class OptionError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_OPTION', message, details)
  }
}

export interface MisshapedTensor {
  readonly name: string
  readonly expected: readonly number[]
  readonly actual: readonly number[]
}

/** How weights differ from the parameters of a network. */
export interface WeightsMismatch {
  /** Parameters of the network that the weights lack. */
  readonly missing: readonly string[]
  /** Names among the weights that no parameter of the network has. */
  readonly unexpected: readonly string[]
  readonly misshaped: readonly MisshapedTensor[]
}

/** Weights cannot be read or written, or do not fit the network: every missing, unexpected and misshaped name at once. */
export class WeightsError extends Im2colError implements WeightsMismatch {
  readonly missing: readonly string[]
  readonly unexpected: readonly string[]
  readonly misshaped: readonly MisshapedTensor[]

  constructor(message: string, details: ErrorDetails & Partial<WeightsMismatch> = {}) {
    super('ERR_WEIGHTS', message, details)
    this.missing = details.missing ?? []
    this.unexpected = details.unexpected ?? []
    this.misshaped = details.misshaped ?? []
  }
}

/** Elements are of another type than what is done with them needs. */
export class DTypeError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_DTYPE', message, details)
  }
}

/** A session was used after `dispose()`. */
export class DisposedError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_DISPOSED', message, details)
  }
}

/** More runs are waiting than the session's queue takes. */
export class QueueFullError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_QUEUE_FULL', message, details)
  }
}

/** A run was aborted by its signal; `cause` is the signal's reason. */
export class AbortError extends Im2colError {
  constructor(message = 'The run was aborted', details?: ErrorDetails) {
    super('ERR_ABORTED', message, details)
  }
}

/** The code runs apart from the package's files, as in a bundle. */
export class PackageError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_PACKAGE', message, details)
  }
}

/** The native engine is missing or refused what it was given. */
export class NativeError extends Im2colError {
  constructor(code: NativeErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details)
  }
}

/** A picture cannot be read. */
export class ImageError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_IMAGE', message, details)
  }
}

/** No model is registered under a name; the message suggests the nearest names. */
export class UnknownModelError extends Im2colError {
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_UNKNOWN_MODEL', message, details)
  }
}

const typeName = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'object') return typeof value
  return (Object.getPrototypeOf(value)?.constructor?.name as string | undefined) ?? 'object'
}

const shownLength = 80

/** A text as messages show it: a long one loses its end. */
export const shorten = (text: string, length = shownLength): string =>
  text.length > length ? `${text.slice(0, length)}...` : text

/** Keys of a plain object, at most as many as are shown. */
const showKeys = (value: object): string => {
  const keys: string[] = []
  for (const key in value) {
    if (keys.length === shownLength) break
    keys.push(shorten(key))
  }
  return `{ ${keys.join(', ')} }`
}

const isPlainObject = (value: object): boolean => ['Object', 'object'].includes(typeName(value))

const showList = (values: readonly unknown[], depth: number): string => {
  if (depth === 0) return '[...]'
  const first = values.slice(0, 8).map((value) => show(value, depth - 1))
  return `[${first.join(', ')}${values.length > 8 ? ', ...' : ''}]`
}

/** A value as messages show it: short, on one line, never throwing. */
export const show = (value: unknown, depth = 4): string => {
  let text: string
  if (typeof value === 'string') text = JSON.stringify(value.slice(0, shownLength + 1))
  else if (Array.isArray(value)) text = showList(value, depth)
  else if (typeof value === 'function') text = typeName(value)
  else if (typeof value === 'object' && value !== null) text = isPlainObject(value) ? showKeys(value) : typeName(value)
  else text = String(value)
  return shorten(text)
}

/** `Expected stride to be a positive integer but received -1 (number)` */
export const invalidOption = (
  name: string,
  expected: string,
  actual: unknown,
  details?: Pick<ErrorDetails, 'hint' | 'cause'>,
): OptionError =>
  new OptionError(`Expected ${name} to be ${expected} but received ${show(actual)} (${typeName(actual)})`, {
    ...details,
    expected,
    actual,
  })
