/** Safetensors files as tests need them: from any header, also a lying one. */

export interface HeaderEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly number[]
}

/** Length prefix, header (an object or literal text) and data. */
export function safetensorsBytes(header: object | string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(json.length))
  return new Uint8Array(Buffer.concat([prefix, json, data]))
}

/** A file of one tensor `x`. */
export function oneTensor(dtype: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  return safetensorsBytes({ x: { dtype, shape, data_offsets: [0, data.length] } }, data)
}
