// output[p][c] = scale * (sum over t of taps[t][p][c]), summed in the order of t. Layouts: see PoolWindows; any alignment;
// tap_count >= 1. Blocks of 4 vectors: their chains are independent and share the loads of the tap pointers.
#pragma once

constexpr int kAvgPoolVectors = 4;

void avg_pool_f32(const PoolWindows& windows) {
  const V scale = Set(windows.scale);
  for (int64_t p = 0; p < windows.pixels; ++p) {
    const ptrdiff_t at = p * windows.input_stride;
    float* output = windows.output + p * windows.output_stride;
    int64_t c = 0;
    for (; c + kAvgPoolVectors * kLanes <= windows.channels; c += kAvgPoolVectors * kLanes) {
      V sum[kAvgPoolVectors];
      IM2COL_UNROLL
      for (int v = 0; v < kAvgPoolVectors; ++v) sum[v] = LoadU(windows.taps[0] + at + c + v * kLanes);
      for (int64_t t = 1; t < windows.tap_count; ++t) {
        const float* tap = windows.taps[t] + at + c;
        IM2COL_UNROLL
        for (int v = 0; v < kAvgPoolVectors; ++v) sum[v] = Add(sum[v], LoadU(tap + v * kLanes));
      }
      IM2COL_UNROLL
      for (int v = 0; v < kAvgPoolVectors; ++v) StoreU(Mul(sum[v], scale), output + c + v * kLanes);
    }
    for (; c < windows.channels; c += kLanes) {
      const int n = windows.channels - c < kLanes ? static_cast<int>(windows.channels - c) : kLanes;
      V sum = LoadN(windows.taps[0] + at + c, n);
      for (int64_t t = 1; t < windows.tap_count; ++t) sum = Add(sum, LoadN(windows.taps[t] + at + c, n));
      StoreN(Mul(sum, scale), output + c, n);
    }
  }
}
