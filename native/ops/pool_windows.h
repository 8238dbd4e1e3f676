// Which input cells each output cell of a pooling reads, axis by axis.
#pragma once

#include <array>

#include "op_support.h"

namespace im2col {

// The taps of one output coordinate on one axis: first, first + step, ... (count of them), all inside the input.
struct AxisWindow {
  int64_t first = 0;
  int64_t count = 0;
  int64_t divisor = 0;  // how many cells an average divides by
};

// The windows of the output coordinates of an axis, one after the other.
class AxisWindows {
 public:
  AxisWindows() = default;
  // Windows of `kernel` taps; with `counts_padding` those that lie in the padded input divide.
  AxisWindows(int64_t input, int64_t output, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_start, int64_t pad_end,
              bool counts_padding);
  // Bins that tile the input.
  AxisWindows(int64_t input, int64_t output) : input_(input), output_(output) {}

  int64_t size() const { return output_; }
  AxisWindow operator[](int64_t i) const;

 private:
  int64_t input_ = 0, output_ = 0;
  int64_t kernel_ = 0;  // 0: bins
  int64_t stride_ = 0, dilation_ = 1, pad_start_ = 0, pad_end_ = 0;
  bool counts_padding_ = false;
};

struct WindowGrid {
  std::array<AxisWindows, 3> axes;       // d, h, w
  std::array<int64_t, 3> step{1, 1, 1};  // between taps

  int64_t largest() const;  // most taps of any window
};

// The fixed windows that a step's attributes describe. With padding counted the divisor is the number of taps that lie in the
// padded input; a window that ceil mode lets stick out further does not count the rest.
WindowGrid read_fixed_windows(SpecReader& reader, const ViewSpec& input, const ViewSpec& output, bool count_padding);

// Bin i of n bins reaches from floor(i * size / n) to ceil((i + 1) * size / n).
WindowGrid adaptive_windows(const ViewSpec& input, const ViewSpec& output);

// Pointers, kept in a thread's scratch.
inline constexpr size_t kFloatsPerPointer = sizeof(const float*) / sizeof(float);

}  // namespace im2col
