// output[j] += scale * (sum over c of a[c] * b[j * b_stride + c]) for `count` pixels of b. Layouts: see CorrelationRow; any
// alignment. Blocks of 8 pixels share the loads of a; a sum runs over whole vectors of channels, then over its lanes in halves.
#pragma once

constexpr int kCorrelationPixels = 8;

template <int kPixels>
IM2COL_INLINE void correlation_block(const CorrelationRow& row, int64_t j) {
  const float* b = row.b + j * row.b_stride;
  V acc[kPixels];
  IM2COL_UNROLL
  for (int m = 0; m < kPixels; ++m) acc[m] = Zero();
  int64_t c = 0;
  for (; c + kLanes <= row.channels; c += kLanes) {
    const V a = LoadU(row.a + c);
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) acc[m] = MulAdd(a, LoadU(b + m * row.b_stride + c), acc[m]);
  }
  if (c < row.channels) {
    const int n = static_cast<int>(row.channels - c);
    const V a = LoadN(row.a + c, n);
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) acc[m] = MulAdd(a, LoadN(b + m * row.b_stride + c, n), acc[m]);
  }
  for (int m = 0; m < kPixels; ++m) row.output[j + m] += row.scale * ReduceSum(acc[m]);
}

void correlation_f32(const CorrelationRow& row) {
  int64_t j = 0;
  for (; j + kCorrelationPixels <= row.count; j += kCorrelationPixels) correlation_block<kCorrelationPixels>(row, j);
  for (; j < row.count; ++j) correlation_block<1>(row, j);
}
