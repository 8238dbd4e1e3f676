// output[c] = the largest of taps[t][c]; NaN when one of them is. Layouts: see PoolWindow; any alignment; tap_count >= 1.
// Blocks of 4 vectors: their chains are independent and share the loads of the tap pointers.
#pragma once

constexpr int kMaxPoolVectors = 4;

void max_pool_f32(const PoolWindow& window) {
  int64_t c = 0;
  for (; c + kMaxPoolVectors * kLanes <= window.channels; c += kMaxPoolVectors * kLanes) {
    V best[kMaxPoolVectors];
    IM2COL_UNROLL
    for (int v = 0; v < kMaxPoolVectors; ++v) best[v] = LoadU(window.taps[0] + c + v * kLanes);
    for (int64_t t = 1; t < window.tap_count; ++t) {
      const float* tap = window.taps[t] + c;
      IM2COL_UNROLL
      for (int v = 0; v < kMaxPoolVectors; ++v) best[v] = MaxNaN(best[v], LoadU(tap + v * kLanes));
    }
    IM2COL_UNROLL
    for (int v = 0; v < kMaxPoolVectors; ++v) StoreU(best[v], window.output + c + v * kLanes);
  }
  for (; c < window.channels; c += kLanes) {
    const int n = window.channels - c < kLanes ? static_cast<int>(window.channels - c) : kLanes;
    V best = LoadN(window.taps[0] + c, n);
    for (int64_t t = 1; t < window.tap_count; ++t) best = MaxNaN(best, LoadN(window.taps[t] + c, n));
    StoreN(best, window.output + c, n);
  }
}
