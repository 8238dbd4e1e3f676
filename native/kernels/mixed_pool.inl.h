// output[m][c] = p * (the largest of taps[t][m][c]) + (1 - p) * scale * (sum over t of taps[t][m][c]); NaN passes on. Layouts: see
// PoolWindows; any alignment; tap_count >= 1. No tile: the taps are read once for both.
#pragma once

void mixed_pool_f32(const PoolWindows& windows) {
  const V of_largest = Set(windows.p), of_sum = Set((1 - windows.p) * windows.scale);
  for (int64_t pixel = 0; pixel < windows.pixels; ++pixel) {
    const ptrdiff_t at = pixel * windows.input_stride;
    for (int64_t c = 0; c < windows.channels; c += kLanes) {
      const int n = windows.channels - c < kLanes ? static_cast<int>(windows.channels - c) : kLanes;
      V best = LoadN(windows.taps[0] + at + c, n), sum = best;
      for (int64_t t = 1; t < windows.tap_count; ++t) {
        const V x = LoadN(windows.taps[t] + at + c, n);
        best = MaxNaN(best, x);
        sum = Add(sum, x);
      }
      StoreN(MulAdd(of_largest, best, Mul(of_sum, sum)), windows.output + pixel * windows.output_stride + c, n);
    }
  }
}
