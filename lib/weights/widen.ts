/** Other floating-point formats to float32: exact from the 16-bit ones, rounded to nearest from float64. */

const NARROWER_EXPONENT_BIAS = (127 - 15) << 23

/** IEEE binary16; subnormals, infinities and NaN payloads are kept. */
export function widenFloat16(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length)
  for (let i = 0; i < source.length; i++) {
    const half = source[i] as number
    const sign = (half & 0x8000) << 16
    const exponent = half & 0x7c00
    if (exponent === 0x7c00) bits[i] = sign | 0x7f800000 | ((half & 0x3ff) << 13)
    else if (exponent !== 0) bits[i] = sign | (((half & 0x7fff) << 13) + NARROWER_EXPONENT_BIAS)
    else target[i] = (half & 0x3ff) * (sign === 0 ? 2 ** -24 : -(2 ** -24))
  }
}

/** bfloat16: the upper half of a float32. */
export function widenBfloat16(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length)
  for (let i = 0; i < source.length; i++) bits[i] = (source[i] as number) << 16
}
