// *sum = data[0] + ... + data[count - 1]: the rate at which one core reads memory, and a way to bring memory into its caches or
// to push what is there out. 8 independent sums keep more loads in flight than an addition takes cycles.
#pragma once

constexpr int kReadPeakSums = 8;

void read_peak_f32(const ReadPeak& r) {
  V sums[kReadPeakSums];
  IM2COL_UNROLL
  for (int j = 0; j < kReadPeakSums; ++j) sums[j] = Zero();
  int64_t i = 0;
  for (; i + kReadPeakSums * kLanes <= r.count; i += kReadPeakSums * kLanes) {
    IM2COL_UNROLL
    for (int j = 0; j < kReadPeakSums; ++j) sums[j] = Add(sums[j], LoadU(r.data + i + j * kLanes));
  }
  for (; i + kLanes <= r.count; i += kLanes) sums[0] = Add(sums[0], LoadU(r.data + i));
  if (i < r.count) sums[0] = Add(sums[0], LoadN(r.data + i, static_cast<int>(r.count - i)));
  IM2COL_UNROLL
  for (int j = 1; j < kReadPeakSums; ++j) sums[0] = Add(sums[0], sums[j]);
  *r.sum = ReduceSum(sums[0]);
}
