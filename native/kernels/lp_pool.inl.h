// output[m][c] = (scale * sum over t of taps[t][m][c]^p)^(1 / p), PyTorch's LPPool: signs are kept, so p = 1 is a sum, and a
// fractional power of a negative number is NaN. Layouts: see PoolWindows; any alignment; tap_count >= 1. p = 1 and p = 2 take no
// exponentials; other powers have a relative error of 2 + 2 |p log x| ULP for each term.
#pragma once

template <int kPower>
IM2COL_INLINE V lp_power(V x, V p) {
  if (kPower == 1) return x;
  if (kPower == 2) return Mul(x, x);
  return PowPositive(x, p);
}

template <int kPower>
IM2COL_INLINE V lp_root(V x, V p) {
  if (kPower == 1) return x;
  if (kPower == 2) return Sqrt(x);
  return PowPositive(x, Div(Set(1), p));
}

template <int kPower>
IM2COL_INLINE void lp_pool(const PoolWindows& windows) {
  const V p = Set(windows.p), scale = Set(windows.scale);
  for (int64_t pixel = 0; pixel < windows.pixels; ++pixel) {
    const ptrdiff_t at = pixel * windows.input_stride;
    for (int64_t c = 0; c < windows.channels; c += kLanes) {
      const int n = windows.channels - c < kLanes ? static_cast<int>(windows.channels - c) : kLanes;
      V sum = Zero();
      for (int64_t t = 0; t < windows.tap_count; ++t) sum = Add(sum, lp_power<kPower>(LoadN(windows.taps[t] + at + c, n), p));
      StoreN(lp_root<kPower>(Mul(sum, scale), p), windows.output + pixel * windows.output_stride + c, n);
    }
  }
}

void lp_pool_f32(const PoolWindows& windows) {
  if (windows.p == 1) {
    lp_pool<1>(windows);
  } else if (windows.p == 2) {
    lp_pool<2>(windows);
  } else {
    lp_pool<0>(windows);
  }
}
