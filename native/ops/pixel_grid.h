// The output pixels of a convolution in row-major order (n, d, h, w), cut into tiles.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../program/plan_spec.h"

namespace im2col {

class PixelGrid {
 public:
  PixelGrid() = default;
  // Cuts the pixels of `output` into as few tiles of at most `largest` pixels as possible, of sizes that differ by at most
  // one.
  PixelGrid(const ViewSpec& output, int largest)
      : sizes_{output.shape[0], output.shape[1], output.shape[2], output.shape[3]},
        tiles_((pixels() + largest - 1) / largest),
        small_(pixels() / tiles_),
        extra_(pixels() % tiles_) {}

  int64_t pixels() const { return sizes_[0] * sizes_[1] * sizes_[2] * sizes_[3]; }
  int64_t tiles() const { return tiles_; }
  int64_t largest_tile() const { return small_ + (extra_ > 0); }
  int tile_pixels(int64_t tile) const { return static_cast<int>(small_ + (tile < extra_)); }
  int64_t first_pixel(int64_t tile) const { return tile * small_ + (tile < extra_ ? tile : extra_); }

  // Coordinates (n, d, h, w) of a pixel.
  using Cursor = std::array<int64_t, 4>;

  Cursor cursor(int64_t pixel) const {
    Cursor at;
    for (int axis = 3; axis >= 0; --axis) {
      at[axis] = pixel % sizes_[axis];
      pixel /= sizes_[axis];
    }
    return at;
  }

  // The offset of every pixel, for strides between pixels.
  std::vector<ptrdiff_t> offsets(const std::array<int64_t, 4>& strides) const {
    std::vector<ptrdiff_t> offsets;
    offsets.reserve(static_cast<size_t>(pixels()));
    for (int64_t n = 0; n < sizes_[0]; ++n) {
      for (int64_t d = 0; d < sizes_[1]; ++d) {
        for (int64_t h = 0; h < sizes_[2]; ++h) {
          const int64_t row = n * strides[0] + d * strides[1] + h * strides[2];
          for (int64_t w = 0; w < sizes_[3]; ++w) offsets.push_back(row + w * strides[3]);
        }
      }
    }
    return offsets;
  }

 private:
  std::array<int64_t, 4> sizes_{1, 1, 1, 1};
  int64_t tiles_ = 1;
  int64_t small_ = 1;
  int64_t extra_ = 0;
};

}  // namespace im2col
