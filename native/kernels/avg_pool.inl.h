// output[c] = scale * (sum over t of taps[t][c]), summed in the order of t. Layouts: see PoolWindow; any alignment;
// tap_count >= 1. Blocks of 4 vectors: their chains are independent and share the loads of the tap pointers.
#pragma once

constexpr int kAvgPoolVectors = 4;

void avg_pool_f32(const PoolWindow& window) {
  const V scale = Set(window.scale);
  int64_t c = 0;
  for (; c + kAvgPoolVectors * kLanes <= window.channels; c += kAvgPoolVectors * kLanes) {
    V sum[kAvgPoolVectors];
    IM2COL_UNROLL
    for (int v = 0; v < kAvgPoolVectors; ++v) sum[v] = LoadU(window.taps[0] + c + v * kLanes);
    for (int64_t t = 1; t < window.tap_count; ++t) {
      const float* tap = window.taps[t] + c;
      IM2COL_UNROLL
      for (int v = 0; v < kAvgPoolVectors; ++v) sum[v] = Add(sum[v], LoadU(tap + v * kLanes));
    }
    IM2COL_UNROLL
    for (int v = 0; v < kAvgPoolVectors; ++v) StoreU(Mul(sum[v], scale), window.output + c + v * kLanes);
  }
  for (; c < window.channels; c += kLanes) {
    const int n = window.channels - c < kLanes ? static_cast<int>(window.channels - c) : kLanes;
    V sum = LoadN(window.taps[0] + c, n);
    for (int64_t t = 1; t < window.tap_count; ++t) sum = Add(sum, LoadN(window.taps[t] + c, n));
    StoreN(Mul(sum, scale), window.output + c, n);
  }
}
