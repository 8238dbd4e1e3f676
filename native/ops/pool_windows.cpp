#include "pool_windows.h"

#include <algorithm>
#include <limits>

namespace im2col {

AxisWindows::AxisWindows(int64_t input, int64_t output, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_start,
                         int64_t pad_end, bool counts_padding)
    : input_(input), output_(output), kernel_(kernel), stride_(stride), dilation_(dilation), pad_start_(pad_start), pad_end_(pad_end),
      counts_padding_(counts_padding) {}

AxisWindow AxisWindows::operator[](int64_t i) const {
  if (kernel_ == 0) {
    const int64_t start = i * input_ / output_, end = ((i + 1) * input_ + output_ - 1) / output_;
    return {start, end - start, end - start};
  }
  const int64_t start = i * stride_ - pad_start_;
  const auto taps_before = [&](int64_t limit) {  // taps at positions below `limit`
    return std::clamp<int64_t>((limit - start + dilation_ - 1) / dilation_, 0, kernel_);
  };
  const int64_t skipped = taps_before(0), count = taps_before(input_) - skipped;
  return {start + skipped * dilation_, count, counts_padding_ ? taps_before(input_ + pad_end_) : count};
}

int64_t WindowGrid::largest() const {
  int64_t taps = 1;
  for (const auto& axis : axes) {
    int64_t most = 0;
    for (int64_t i = 0; i < axis.size(); ++i) most = std::max(most, axis[i].count);
    taps *= most;
  }
  return taps;
}

WindowGrid read_fixed_windows(SpecReader& reader, const ViewSpec& input, const ViewSpec& output, bool count_padding) {
  constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
  const auto kernel = reader.triple("kernel", 1, kLargest);
  const auto stride = reader.triple("stride", 1, kLargest);
  const auto dilation = reader.triple("dilation", 1, kLargest);
  const auto pad_start = reader.triple("padStart", 0, kLargest);
  const auto pad_end = reader.triple("padEnd", 0, kLargest);
  WindowGrid windows;
  if (!reader.status().ok()) return windows;
  windows.step = dilation;
  for (size_t axis = 0; axis < 3; ++axis) {
    windows.axes[axis] = AxisWindows(input.shape[1 + axis], output.shape[1 + axis], kernel[axis], stride[axis], dilation[axis],
                                     pad_start[axis], pad_end[axis], count_padding);
  }
  return windows;
}

WindowGrid adaptive_windows(const ViewSpec& input, const ViewSpec& output) {
  WindowGrid windows;
  for (size_t axis = 0; axis < 3; ++axis) windows.axes[axis] = AxisWindows(input.shape[1 + axis], output.shape[1 + axis]);
  return windows;
}

}  // namespace im2col
