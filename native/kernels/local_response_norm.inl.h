// y[p][c] = x[p][c] / (k + alpha / size * sum of x[p][c']^2 for c' in [c - size / 2, c + (size - 1) / 2])^beta; channels
// that do not exist count as 0 (PyTorch's LocalResponseNorm). Layouts: see LocalResponseNormRow; any alignment; output must not
// overlap input. k > 0 and alpha >= 0.
#pragma once

// x[i .. i + kLanes) with 0 outside [0, channels).
IM2COL_INLINE V load_clipped(const float* x, int64_t i, int64_t channels) {
  if (i >= 0 && i + kLanes <= channels) return LoadU(x + i);
  float lanes[kLanes];
  for (int j = 0; j < kLanes; ++j) lanes[j] = i + j >= 0 && i + j < channels ? x[i + j] : 0.0f;
  return LoadU(lanes);
}

void local_response_norm_f32(const LocalResponseNormRow& row) {
  const V slope = Set(row.alpha / static_cast<float>(row.size));
  const V offset = Set(row.k), beta = Set(-row.beta);
  const int64_t before = row.size / 2;
  for (int64_t p = 0; p < row.pixels; ++p) {
    const float* x = row.input + p * row.input_stride;
    float* y = row.output + p * row.output_stride;
    for (int64_t c = 0; c < row.channels; c += kLanes) {
      V sum = Zero();
      for (int64_t d = 0; d < row.size; ++d) {
        const V neighbour = load_clipped(x, c - before + d, row.channels);
        sum = MulAdd(neighbour, neighbour, sum);
      }
      const int n = row.channels - c < kLanes ? static_cast<int>(row.channels - c) : kLanes;
      StoreN(Mul(LoadN(x + c, n), PowPositive(MulAdd(slope, sum, offset), beta)), y + c, n);
    }
  }
}
