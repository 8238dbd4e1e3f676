#include "layout.h"

#include "partition.h"

namespace im2col {

void copy_view(const float* source, const ViewSpec& from, float* destination, const ViewSpec& to, const Parallel& parallel) {
  zero_halo(to, destination);
  const int64_t channels = to.shape[kC], row = common_row_pixels({&from, &to});
  const bool dense = from.strides[kW] == channels && to.strides[kW] == channels;
  for_ranges(parallel, pixel_count(to), 2 * channels, [&](int64_t begin, int64_t end, int) {
    for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
      const float* x = source + pixel_offset(from, first);
      float* y = destination + pixel_offset(to, first);
      if (dense) {
        std::copy_n(x, count * channels, y);
        return;
      }
      for (int64_t p = 0; p < count; ++p) std::copy_n(x + p * from.strides[kW], channels, y + p * to.strides[kW]);
    });
  });
}

namespace {

// Calls segment(n, pixel of the image, position in the arena, pixels) for stretches of pixels that lie the w stride apart.
template <typename Segment>
void for_image_segments(const ViewSpec& view, const Parallel& parallel, const Segment& segment) {
  const int64_t image = view.shape[kD] * view.shape[kH] * view.shape[kW];
  const int64_t row = common_row_pixels({&view}, kD);
  for_ranges(parallel, pixel_count(view), 2 * view.shape[kC], [&](int64_t begin, int64_t end, int) {
    for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
      segment(first / image, first % image, pixel_offset(view, first), count);
    });
  });
}

}  // namespace

void to_planar(const KernelTable& kernels, const float* arena, const ViewSpec& view, float* planar, int64_t batch_stride,
               const Parallel& parallel) {
  const int64_t channels = view.shape[kC], image = view.shape[kD] * view.shape[kH] * view.shape[kW];
  for_image_segments(view, parallel, [&](int64_t n, int64_t pixel, int64_t offset, int64_t count) {
    kernels.transpose_f32({arena + offset, view.strides[kW], planar + n * batch_stride + pixel, image, count, channels});
  });
}

void from_planar(const KernelTable& kernels, const float* planar, float* arena, const ViewSpec& view, const Parallel& parallel) {
  zero_halo(view, arena);
  const int64_t channels = view.shape[kC], image = view.shape[kD] * view.shape[kH] * view.shape[kW];
  for_image_segments(view, parallel, [&](int64_t n, int64_t pixel, int64_t offset, int64_t count) {
    kernels.transpose_f32({planar + n * channels * image + pixel, image, arena + offset, view.strides[kW], channels, count});
  });
}

}  // namespace im2col
