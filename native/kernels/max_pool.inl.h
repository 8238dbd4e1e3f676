// output[p][c] = the largest of taps[t][p][c]; NaN when one of them is. Layouts: see PoolWindows; any alignment; tap_count >= 1.
// Blocks of 4 vectors: their chains are independent and share the loads of the tap pointers.
#pragma once

constexpr int kMaxPoolVectors = 4;

void max_pool_f32(const PoolWindows& windows) {
  for (int64_t p = 0; p < windows.pixels; ++p) {
    const ptrdiff_t at = p * windows.input_stride;
    float* output = windows.output + p * windows.output_stride;
    int64_t c = 0;
    for (; c + kMaxPoolVectors * kLanes <= windows.channels; c += kMaxPoolVectors * kLanes) {
      V best[kMaxPoolVectors];
      IM2COL_UNROLL
      for (int v = 0; v < kMaxPoolVectors; ++v) best[v] = LoadU(windows.taps[0] + at + c + v * kLanes);
      for (int64_t t = 1; t < windows.tap_count; ++t) {
        const float* tap = windows.taps[t] + at + c;
        IM2COL_UNROLL
        for (int v = 0; v < kMaxPoolVectors; ++v) best[v] = MaxNaN(best[v], LoadU(tap + v * kLanes));
      }
      IM2COL_UNROLL
      for (int v = 0; v < kMaxPoolVectors; ++v) StoreU(best[v], output + c + v * kLanes);
    }
    for (; c < windows.channels; c += kLanes) {
      const int n = windows.channels - c < kLanes ? static_cast<int>(windows.channels - c) : kLanes;
      V best = LoadN(windows.taps[0] + at + c, n);
      for (int64_t t = 1; t < windows.tap_count; ++t) best = MaxNaN(best, LoadN(windows.taps[t] + at + c, n));
      StoreN(best, output + c, n);
    }
  }
}
