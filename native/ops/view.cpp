#include "view.h"

namespace im2col {
namespace {

void zero_cells(float* first, int64_t stride, int64_t cells, int64_t channels) {
  if (stride == channels) {
    std::fill_n(first, cells * channels, 0.0f);
    return;
  }
  for (int64_t i = 0; i < cells; ++i) std::fill_n(first + i * stride, channels, 0.0f);
}

}  // namespace

int64_t pixel_offset(const ViewSpec& view, int64_t index) {
  const int64_t w = index % view.shape[kW];
  index /= view.shape[kW];
  const int64_t h = index % view.shape[kH];
  index /= view.shape[kH];
  return cell_offset(view, index / view.shape[kD], index % view.shape[kD], h, w);
}

ViewSpec every_nth_pixel(ViewSpec view, const std::array<int64_t, 3>& first, const std::array<int64_t, 3>& step) {
  for (size_t axis = 0; axis < 3; ++axis) {
    view.offset += first[axis] * view.strides[kD + axis];
    view.shape[kD + axis] = (view.shape[kD + axis] - first[axis] + step[axis] - 1) / step[axis];
    view.strides[kD + axis] *= step[axis];
  }
  view.halo = {};
  return view;
}

ViewSpec contiguous_view(const std::array<int64_t, 5>& shape) {
  ViewSpec view;
  view.shape = shape;
  int64_t stride = shape[kC];
  for (int axis = kW; axis >= kN; --axis) {
    view.strides[axis] = stride;
    stride *= shape[axis];
  }
  return view;
}

bool is_contiguous(const ViewSpec& view) {
  const int64_t pixels = pixel_count(view);
  return pixels == 1 || (view.strides[kW] == view.shape[kC] && common_row_pixels({&view}) == pixels);
}

std::string describe_shape(const ViewSpec& view) {
  std::string text;
  for (int64_t size : view.shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

int64_t common_row_pixels(std::initializer_list<const ViewSpec*> views, Axis outermost) {
  const ViewSpec& first = **views.begin();
  int64_t pixels = first.shape[kW];
  for (int axis = kH; axis >= outermost; --axis) {
    const bool joined = std::all_of(views.begin(), views.end(), [&](const ViewSpec* view) {
      return view->shape[axis] == 1 || view->strides[axis] == pixels * view->strides[kW];
    });
    if (!joined) break;
    pixels *= first.shape[axis];
  }
  return pixels;
}

void zero_halo(const ViewSpec& view, float* arena) {
  const auto [d_before, d_after, h_before, h_after, w_before, w_after] = view.halo;
  if (std::all_of(view.halo.begin(), view.halo.end(), [](int64_t cells) { return cells == 0; })) return;
  const auto [n_count, d_count, h_count, w_count, channels] = view.shape;
  const int64_t width = w_before + w_count + w_after, stride = view.strides[kW];

  for (int64_t n = 0; n < n_count; ++n) {
    for (int64_t d = -d_before; d < d_count + d_after; ++d) {
      for (int64_t h = -h_before; h < h_count + h_after; ++h) {
        float* row = arena + cell_offset(view, n, d, h, -w_before);
        if (d < 0 || d >= d_count || h < 0 || h >= h_count) {
          zero_cells(row, stride, width, channels);
        } else {
          zero_cells(row, stride, w_before, channels);
          zero_cells(row + (w_before + w_count) * stride, stride, w_after, channels);
        }
      }
    }
  }
}

}  // namespace im2col
