// y[p][c] = act(a[p][c] * b[p][c] + residual[p][c]), where b may have one number for all channels of a pixel; the product is
// rounded before the sum. residual may be null. Layouts: see MultiplyRow; any alignment; output must not overlap an input.
// No tile: the kernel is bound by memory.
#pragma once

template <bool kScalar, bool kPartial>
IM2COL_INLINE void multiply_vector(const MultiplyRow& row, const Clamp& clamp, int64_t p, int64_t c, int n) {
  const float* a = row.a + p * row.a_stride + c;
  const float* b = row.b + p * row.b_stride + (kScalar ? 0 : c);
  V y = kPartial ? LoadN(a, n) : LoadU(a);
  y = Mul(y, kScalar ? Set(*b) : kPartial ? LoadN(b, n) : LoadU(b));
  if (row.residual) {
    const float* residual = row.residual + p * row.residual_stride + c;
    y = Add(y, kPartial ? LoadN(residual, n) : LoadU(residual));
  }
  y = apply_epilogue(clamp, row.activation, y);
  float* output = row.output + p * row.output_stride + c;
  if (kPartial) {
    StoreN(y, output, n);
  } else {
    StoreU(y, output);
  }
}

template <bool kScalar>
IM2COL_INLINE void multiply_pixels(const MultiplyRow& row) {
  const Clamp clamp = clamp_of(row.activation);
  for (int64_t p = 0; p < row.pixels; ++p) {
    int64_t c = 0;
    for (; c + kLanes <= row.channels; c += kLanes) multiply_vector<kScalar, false>(row, clamp, p, c, kLanes);
    if (c < row.channels) multiply_vector<kScalar, true>(row, clamp, p, c, static_cast<int>(row.channels - c));
  }
}

void multiply_f32(const MultiplyRow& row) {
  if (row.b_is_scalar) {
    multiply_pixels<true>(row);
  } else {
    multiply_pixels<false>(row);
  }
}
