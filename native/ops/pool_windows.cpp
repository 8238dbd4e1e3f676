#include "pool_windows.h"

#include <algorithm>
#include <limits>

namespace im2col {
namespace {

AxisWindow fixed_window(int64_t i, int64_t input, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_start,
                        int64_t pad_end, bool count_padding) {
  const int64_t start = i * stride - pad_start;
  const auto taps_before = [&](int64_t limit) {  // taps at positions below `limit`
    return std::clamp<int64_t>((limit - start + dilation - 1) / dilation, 0, kernel);
  };
  const int64_t skipped = taps_before(0), count = taps_before(input) - skipped;
  return {start + skipped * dilation, count, count_padding ? taps_before(input + pad_end) : count};
}

}  // namespace

int64_t WindowGrid::largest() const {
  int64_t taps = 1;
  for (const auto& axis : axes) {
    int64_t most = 0;
    for (const AxisWindow& window : axis) most = std::max(most, window.count);
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
    for (int64_t i = 0; i < output.shape[1 + axis]; ++i) {
      windows.axes[axis].push_back(fixed_window(i, input.shape[1 + axis], kernel[axis], stride[axis], dilation[axis],
                                                pad_start[axis], pad_end[axis], count_padding));
    }
  }
  return windows;
}

WindowGrid adaptive_windows(const ViewSpec& input, const ViewSpec& output) {
  WindowGrid windows;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t from = input.shape[1 + axis], to = output.shape[1 + axis];
    for (int64_t i = 0; i < to; ++i) {
      const int64_t start = i * from / to, end = ((i + 1) * from + to - 1) / to;
      windows.axes[axis].push_back({start, end - start, end - start});
    }
  }
  return windows;
}

}  // namespace im2col
