// output[c] = sum over t of weights[(c / group_channels) * tap_count + t] * taps[t][c], in the order of t. Layouts: see
// InvolutionPixel; any alignment; tap_count >= 1. Blocks of 4 vectors, each within one group, whose chains are independent; a
// group that is no multiple of a vector ends with a part of one.
#pragma once

constexpr int kInvolutionVectors = 4;

// kWhole: all vectors are whole ones.
template <int kVectors, bool kWhole>
IM2COL_INLINE void involution_block(const InvolutionPixel& pixel, const int64_t (&first)[kVectors], const int (&lanes)[kVectors]) {
  V acc[kVectors];
  const float* weights[kVectors];
  IM2COL_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    acc[v] = Zero();
    weights[v] = pixel.weights + first[v] / pixel.group_channels * pixel.tap_count;
  }
  for (int64_t t = 0; t < pixel.tap_count; ++t) {
    const float* tap = pixel.taps[t];
    IM2COL_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const V x = kWhole ? LoadU(tap + first[v]) : LoadN(tap + first[v], lanes[v]);
      acc[v] = MulAdd(Set(weights[v][t]), x, acc[v]);
    }
  }
  IM2COL_UNROLL
  for (int v = 0; v < kVectors; ++v) StoreN(acc[v], pixel.output + first[v], lanes[v]);
}

void involution_f32(const InvolutionPixel& pixel) {
  int64_t first[kInvolutionVectors];
  int lanes[kInvolutionVectors];
  int count = 0;
  bool whole = true;
  for (int64_t c = 0; c < pixel.channels;) {
    const int64_t rest = pixel.group_channels - c % pixel.group_channels;
    first[count] = c;
    lanes[count] = rest < kLanes ? static_cast<int>(rest) : kLanes;
    c += lanes[count];
    whole = whole && lanes[count] == kLanes;
    if (++count < kInvolutionVectors) continue;
    if (whole) {
      involution_block<kInvolutionVectors, true>(pixel, first, lanes);
    } else {
      involution_block<kInvolutionVectors, false>(pixel, first, lanes);
    }
    count = 0;
    whole = true;
  }
  for (int v = 0; v < count; ++v) involution_block<1, false>(pixel, {first[v]}, {lanes[v]});
}
