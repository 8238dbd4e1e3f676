// Where a value lies: addresses, rows and the halo of a view.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "../program/plan_spec.h"

namespace im2col {

// Axes of ViewSpec::shape and, but for kC, of ViewSpec::strides.
enum Axis : int { kN, kD, kH, kW, kC };

inline int64_t pixel_count(const ViewSpec& view) {
  return view.shape[kN] * view.shape[kD] * view.shape[kH] * view.shape[kW];
}
inline int64_t element_count(const ViewSpec& view) { return pixel_count(view) * view.shape[kC]; }

// Position of channel 0 of the cell (n, d, h, w); cells of the halo have coordinates outside the shape.
inline int64_t cell_offset(const ViewSpec& view, int64_t n, int64_t d, int64_t h, int64_t w) {
  return view.offset + n * view.strides[kN] + d * view.strides[kD] + h * view.strides[kH] + w * view.strides[kW];
}

// Position of channel 0 of the `index`-th pixel of the interior, in the order n, d, h, w.
int64_t pixel_offset(const ViewSpec& view, int64_t index);

// Every `step`-th pixel of a view from `first` on, along the axes D, H and W; without halo.
ViewSpec every_nth_pixel(ViewSpec view, const std::array<int64_t, 3>& first, const std::array<int64_t, 3>& step);

// A view without halo or gaps at offset 0, as user buffers are.
ViewSpec contiguous_view(const std::array<int64_t, 5>& shape);

// True when the interior is one stretch of memory without gaps.
bool is_contiguous(const ViewSpec& view);

// "1x1x56x56x64", for messages.
std::string describe_shape(const ViewSpec& view);

// How many pixels in a row (in the order n, d, h, w) lie the w stride apart in every one of the views, whose shapes are
// equal but for the channels: the width, or a whole image or batch where there is no halo between its rows. Only axes
// from `outermost` on are joined.
int64_t common_row_pixels(std::initializer_list<const ViewSpec*> views, Axis outermost = kN);

// Cuts the pixels [begin, end) where rows of `row_pixels` end: calls segment(first pixel, number of pixels).
template <typename Segment>
void for_row_segments(int64_t begin, int64_t end, int64_t row_pixels, const Segment& segment) {
  while (begin < end) {
    const int64_t count = std::min(end - begin, row_pixels - begin % row_pixels);
    segment(begin, count);
    begin += count;
  }
}

// Writes zeros to the cells around the interior, and to no other channels than the view's.
void zero_halo(const ViewSpec& view, float* arena);

}  // namespace im2col
