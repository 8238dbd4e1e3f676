// What the algorithms for depthwise convolutions with large kernels share: they copy the image, and skip its padding.
#pragma once

#include <algorithm>

#include "conv_problem.h"
#include "view.h"

namespace im2col {

// One channel in and out for each group, over one plane or over planes that do not mix, taps side by side.
inline bool is_flat_depthwise(const ConvProblem& p) {
  return p.groups > 1 && p.group_in() == 1 && p.group_out() == 1 && p.kernel[0] == 1 && p.stride[0] == 1 && p.pad_start[0] == 0 &&
         p.input.shape[kD] == p.output.shape[kD] && p.dilation[1] == 1 && p.dilation[2] == 1;
}

// Pairs of an output and a tap along one axis whose input is no padding.
inline double valid_taps(int64_t outputs, int64_t taps, int64_t stride, int64_t pad_start, int64_t inputs) {
  double count = 0;
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t first = o * stride - pad_start;
    const int64_t begin = std::max<int64_t>(0, -first), end = std::min(taps, inputs - first);
    count += static_cast<double>(std::max<int64_t>(0, end - begin));
  }
  return count;
}

// The cells of a row for depthwise_f32 that holds the `width` inputs which are no padding, and as much of the zeros around them
// as a tile reads with its first or last inputs.
struct PlaneColumns {
  int64_t before;  // cells of zeros
  int64_t width;
  int64_t count;   // with the zeros behind

  PlaneColumns(int64_t inputs, int64_t outputs, int64_t taps, int64_t stride, int64_t pad_start)
      : before(std::min(pad_start, (kMaxDepthwisePixels - 1) * stride)), width(inputs) {
    const int64_t reach = (outputs - 1) * stride + taps - pad_start;
    count = before + width + std::clamp<int64_t>(reach - width, 0, (kMaxDepthwisePixels - 1) * stride);
  }
};

}  // namespace im2col
