/** What a value is, also when it comes from another realm, such as a test runner's sandbox, where `instanceof` fails. */

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

export const isFloat32Array = (value: unknown): value is Float32Array =>
  value instanceof Float32Array || (ArrayBuffer.isView(value) && tagOf(value) === 'Float32Array')

/** Bytes: a Uint8Array, a Buffer among them, or a Uint8ClampedArray. */
export const isBytes = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array ||
  (ArrayBuffer.isView(value) && ['Uint8Array', 'Uint8ClampedArray'].includes(tagOf(value)))

export const isMap = (value: unknown): value is ReadonlyMap<unknown, unknown> =>
  value instanceof Map || tagOf(value) === 'Map'

export const isUrl = (value: unknown): value is URL => value instanceof URL || tagOf(value) === 'URL'
