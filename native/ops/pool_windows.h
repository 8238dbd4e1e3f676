// Which input cells each output cell of a pooling reads, axis by axis.
#pragma once

#include <array>
#include <vector>

#include "op_support.h"

namespace im2col {

// The taps of one output coordinate on one axis: first, first + step, ... (count of them), all inside the input.
struct AxisWindow {
  int64_t first = 0;
  int64_t count = 0;
  int64_t divisor = 0;  // how many cells an average divides by
};

struct WindowGrid {
  std::array<std::vector<AxisWindow>, 3> axes;  // d, h, w
  std::array<int64_t, 3> step{1, 1, 1};         // between taps

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
