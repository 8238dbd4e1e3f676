// Resampling along a row, for kLanes rows at once: each lane is a row, so the taps of a pixel are whole vectors whatever
// their number and the number of channels. Formula and layouts: see ResampleColumns; the sums run in the order of t, then s.
#pragma once

template <int kSourceChannels>
void resample_columns(const ResampleColumns& columns) {
  const V least = Set(columns.least);
  const V most = Set(columns.most);
  float* output = columns.output;
  for (int64_t p = 0; p < columns.pixels; ++p) {
    const float* input = columns.input + static_cast<int64_t>(columns.first[p]) * kSourceChannels * kLanes;
    const float* weights = columns.weights + p * columns.weight_stride;
    V sums[kSourceChannels];
    IM2COL_UNROLL
    for (int s = 0; s < kSourceChannels; ++s) sums[s] = Zero();
    for (int32_t t = 0; t < columns.tap_count[p]; ++t) {
      const V weight = Set(weights[t]);
      IM2COL_UNROLL
      for (int s = 0; s < kSourceChannels; ++s) sums[s] = MulAdd(weight, Load(input + s * kLanes), sums[s]);
      input += kSourceChannels * kLanes;
    }
    IM2COL_UNROLL
    for (int s = 0; s < kSourceChannels; ++s) sums[s] = Min(Max(sums[s], least), most);
    const float* matrix = columns.matrix;
    for (int c = 0; c < columns.channels; ++c) {
      V y = Set(columns.shift[c]);
      IM2COL_UNROLL
      for (int s = 0; s < kSourceChannels; ++s) y = MulAdd(Set(matrix[s]), sums[s], y);
      Store(y, output);
      matrix += kSourceChannels;
      output += kLanes;
    }
  }
}

void resample_columns_f32(const ResampleColumns& columns) {
  switch (columns.source_channels) {
    case 1: return resample_columns<1>(columns);
    case 2: return resample_columns<2>(columns);
    case 3: return resample_columns<3>(columns);
    default: return resample_columns<4>(columns);
  }
}
