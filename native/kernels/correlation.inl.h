// output[j] += scale * (sum over c of a[c] * b[j * b_stride + c]) for `count` pixels of b. Layouts: see CorrelationRow; any
// alignment. A block is kCorrelationPixels pixels of b, which share the loads of a and hide the latency of the multiply-adds; a sum
// runs over whole vectors of channels, then over its lanes, those of kLanes pixels at once.
#pragma once

constexpr int kCorrelationPixels = kLanes < 8 ? 8 : kLanes;

template <int kPixels>
void correlation_block(const CorrelationRow& row, int64_t j) {
  constexpr int kBlocks = (kPixels + kLanes - 1) / kLanes;
  const float* b = row.b + j * row.b_stride;
  V acc[kBlocks][kLanes];
  IM2COL_UNROLL
  for (int m = 0; m < kBlocks * kLanes; ++m) acc[m / kLanes][m % kLanes] = Zero();
  int64_t c = 0;
  for (; c + kLanes <= row.channels; c += kLanes) {
    const V a = LoadU(row.a + c);
    const float* pixel = b + c;
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m, pixel += row.b_stride) acc[m / kLanes][m % kLanes] = MulAdd(a, LoadU(pixel), acc[m / kLanes][m % kLanes]);
  }
  if (c < row.channels) {
    const int n = static_cast<int>(row.channels - c);
    const V a = LoadN(row.a + c, n);
    IM2COL_UNROLL
    for (int m = 0; m < kPixels; ++m) acc[m / kLanes][m % kLanes] = MulAdd(a, LoadN(b + m * row.b_stride + c, n), acc[m / kLanes][m % kLanes]);
  }
  IM2COL_UNROLL
  for (int block = 0; block < kBlocks; ++block) {
    constexpr int kLast = kPixels - (kBlocks - 1) * kLanes;
    const int n = block + 1 < kBlocks ? kLanes : kLast;
    float* output = row.output + j + block * kLanes;
    StoreN(MulAdd(Set(row.scale), sum_lanes(acc[block]), LoadN(output, n)), output, n);
  }
}

using CorrelationBlock = void (*)(const CorrelationRow&, int64_t);

template <size_t... kIndex>
IM2COL_INLINE CorrelationBlock correlation_block_of(int64_t pixels, std::index_sequence<kIndex...>) {
  static constexpr CorrelationBlock blocks[] = {correlation_block<1 + kIndex>...};
  return blocks[pixels - 1];
}

void correlation_f32(const CorrelationRow& row) {
  for (int64_t j = 0; j < row.count; j += kCorrelationPixels) {
    const int64_t rest = row.count - j;
    correlation_block_of(rest < kCorrelationPixels ? rest : kCorrelationPixels, std::make_index_sequence<kCorrelationPixels>())(row, j);
  }
}
