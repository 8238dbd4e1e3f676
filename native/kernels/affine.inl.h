// y[p][c] = act(x[p][c] * scale[c] + shift[c] + residual[p][c]): batch normalisation that could not be folded, addition and
// activations. scale, shift and residual may be null. Layouts: see AffineRow; any alignment; output may be input or
// residual itself. No tile: the kernel is bound by memory.
#pragma once

template <bool kPartial>
IM2COL_INLINE V affine_load(const float* p, int n) {
  return kPartial ? LoadN(p, n) : LoadU(p);
}

template <bool kPartial>
IM2COL_INLINE void affine_vector(const AffineRow& row, const Clamp& clamp, int64_t p, int64_t c, int n) {
  V y = affine_load<kPartial>(row.input + p * row.input_stride + c, n);
  if (row.scale) {
    const V scale = affine_load<kPartial>(row.scale + c, n);
    y = row.shift ? MulAdd(y, scale, affine_load<kPartial>(row.shift + c, n)) : Mul(y, scale);
  } else if (row.shift) {
    y = Add(y, affine_load<kPartial>(row.shift + c, n));
  }
  if (row.residual) y = Add(y, affine_load<kPartial>(row.residual + p * row.residual_stride + c, n));
  y = apply_clamp(clamp, y);
  float* output = row.output + p * row.output_stride + c;
  if (kPartial) {
    StoreN(y, output, n);
  } else {
    StoreU(y, output);
  }
}

static void affine_block(const AffineRow& row, const Clamp& clamp, int64_t first, int64_t pixels, int64_t channel, int64_t channels) {
  const int64_t end = channel + channels;
  for (int64_t p = first; p < first + pixels; ++p) {
    int64_t c = channel;
    for (; c + kLanes <= end; c += kLanes) affine_vector<false>(row, clamp, p, c, kLanes);
    if (c < end) affine_vector<true>(row, clamp, p, c, static_cast<int>(end - c));
  }
}

void affine_f32(const AffineRow& row) { compute_and_activate<AffineRow, affine_block>(row); }
