// Rounds of x = x * a + b on registers only: the rate of MulAdd that this CPU and ISA reach. 12 independent chains cover a
// latency of 5 cycles on two units, and with a and b they fit 16 registers. Values converge to 1, so none becomes denormal.
#pragma once

constexpr int kFmaPeakChains = 12;
constexpr int kFmaPeakUnroll = 4;

void fma_peak_f32(const FmaPeak& peak) {
  const V a = Set(0.5f), b = Set(0.5f);
  V x[kFmaPeakChains];
  IM2COL_UNROLL
  for (int i = 0; i < kFmaPeakChains; ++i) x[i] = Set(static_cast<float>(i));

  for (int64_t iteration = 0; iteration < peak.iterations; ++iteration) {
    IM2COL_UNROLL
    for (int u = 0; u < kFmaPeakUnroll; ++u) {
      IM2COL_UNROLL
      for (int i = 0; i < kFmaPeakChains; ++i) x[i] = MulAdd(x[i], a, b);
    }
  }

  V sum = Zero();
  IM2COL_UNROLL
  for (int i = 0; i < kFmaPeakChains; ++i) sum = Add(sum, x[i]);
  *peak.result = ReduceSum(sum);
  *peak.flops_per_iteration = int64_t{2} * kLanes * kFmaPeakChains * kFmaPeakUnroll;
}
