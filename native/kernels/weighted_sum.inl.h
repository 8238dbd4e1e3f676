// output[c] = sum over t of weights[t] * taps[t][c], from the first tap to the last. Layouts: see WeightedSum; any alignment;
// tap_count >= 1; output may be one of the taps. Blocks of 4 vectors: their chains are independent and share the loads of
// the tap pointers and weights.
#pragma once

constexpr int kWeightedSumVectors = 4;

void weighted_sum_f32(const WeightedSum& sum) {
  int64_t c = 0;
  for (; c + kWeightedSumVectors * kLanes <= sum.channels; c += kWeightedSumVectors * kLanes) {
    V total[kWeightedSumVectors];
    const V first = Set(sum.weights[0]);
    IM2COL_UNROLL
    for (int v = 0; v < kWeightedSumVectors; ++v) total[v] = Mul(first, LoadU(sum.taps[0] + c + v * kLanes));
    for (int64_t t = 1; t < sum.tap_count; ++t) {
      const float* tap = sum.taps[t] + c;
      const V weight = Set(sum.weights[t]);
      IM2COL_UNROLL
      for (int v = 0; v < kWeightedSumVectors; ++v) total[v] = MulAdd(weight, LoadU(tap + v * kLanes), total[v]);
    }
    IM2COL_UNROLL
    for (int v = 0; v < kWeightedSumVectors; ++v) StoreU(total[v], sum.output + c + v * kLanes);
  }
  for (; c < sum.channels; c += kLanes) {
    const int n = sum.channels - c < kLanes ? static_cast<int>(sum.channels - c) : kLanes;
    V total = Mul(Set(sum.weights[0]), LoadN(sum.taps[0] + c, n));
    for (int64_t t = 1; t < sum.tap_count; ++t) total = MulAdd(Set(sum.weights[t]), LoadN(sum.taps[t] + c, n), total);
    StoreN(total, sum.output + c, n);
  }
}
