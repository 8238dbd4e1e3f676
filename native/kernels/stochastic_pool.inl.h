// output[m][c] = sum over t of x[t] * (x[t] / s) with x[t] = taps[t][m][c] and s the sum of all x[t], and 0 where s is 0: the mean of
// the taps, each weighted by its share. Layouts: see PoolWindows; any alignment; tap_count >= 1. The taps are read twice,
// because a square of x could underflow where its share does not.
#pragma once

void stochastic_pool_f32(const PoolWindows& windows) {
  for (int64_t pixel = 0; pixel < windows.pixels; ++pixel) {
    const ptrdiff_t at = pixel * windows.input_stride;
    for (int64_t c = 0; c < windows.channels; c += kLanes) {
      const int n = windows.channels - c < kLanes ? static_cast<int>(windows.channels - c) : kLanes;
      V total = Zero();
      for (int64_t t = 0; t < windows.tap_count; ++t) total = Add(total, LoadN(windows.taps[t] + at + c, n));
      V mean = Zero();
      for (int64_t t = 0; t < windows.tap_count; ++t) {
        const V x = LoadN(windows.taps[t] + at + c, n);
        mean = MulAdd(x, Div(x, total), mean);
      }
      StoreN(IfThenElse(Eq(total, Zero()), Zero(), mean), windows.output + pixel * windows.output_stride + c, n);
    }
  }
}
