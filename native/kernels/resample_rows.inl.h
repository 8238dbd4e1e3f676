// output[i] = sum over t of weights[t] * source[t * source_stride + i], in float32, in the order of t. Layouts: see
// ResampleRows; any alignment. Blocks of 4 vectors share the broadcast of a weight and keep 4 chains of multiply-adds.
#pragma once

constexpr int kResampleVectors = 4;

template <int kVectors>
IM2COL_INLINE void resample_rows_block(const ResampleRows& rows, int64_t i) {
  const uint8_t* source = rows.source + i;
  V sum[kVectors];
  IM2COL_UNROLL
  for (int v = 0; v < kVectors; ++v) sum[v] = Zero();
  for (int64_t t = 0; t < rows.tap_count; ++t) {
    const V weight = Set(rows.weights[t]);
    IM2COL_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = MulAdd(weight, ConvertToFloat(LoadBytes(source + v * kLanes)), sum[v]);
    }
    source += rows.source_stride;
  }
  IM2COL_UNROLL
  for (int v = 0; v < kVectors; ++v) StoreU(sum[v], rows.output + i + v * kLanes);
}

void resample_rows_u8(const ResampleRows& rows) {
  int64_t i = 0;
  for (; i + kResampleVectors * kLanes <= rows.size; i += kResampleVectors * kLanes) {
    resample_rows_block<kResampleVectors>(rows, i);
  }
  for (; i + kLanes <= rows.size; i += kLanes) resample_rows_block<1>(rows, i);
  if (i == rows.size) return;

  const int n = static_cast<int>(rows.size - i);
  const uint8_t* source = rows.source + i;
  V sum = Zero();
  for (int64_t t = 0; t < rows.tap_count; ++t) {
    uint8_t bytes[kLanes] = {};
    for (int j = 0; j < n; ++j) bytes[j] = source[j];
    sum = MulAdd(Set(rows.weights[t]), ConvertToFloat(LoadBytes(bytes)), sum);
    source += rows.source_stride;
  }
  StoreN(sum, rows.output + i, n);
}
