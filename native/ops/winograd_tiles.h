// The tiles of an image under one form of Winograd's filtering, and the pixels that they read.
#pragma once

#include <algorithm>
#include <vector>

#include "conv_problem.h"
#include "view.h"

namespace im2col {

// Along one axis: `outputs` outputs of a tile from `inputs` pixels.
struct WinogradAxis {
  int outputs = 1;
  int inputs = 1;
};

class WinogradTiles {
 public:
  WinogradTiles(const ConvGeometry& g, const WinogradForm& form)
      : geometry_(g),
        height_(g.kernel[1] > 1 ? WinogradAxis{form.outputs, form.inputs()} : WinogradAxis{}),
        width_(g.kernel[2] > 1 ? WinogradAxis{form.outputs, form.inputs()} : WinogradAxis{}),
        rows_((g.output.shape[kH] + height_.outputs - 1) / height_.outputs),
        columns_((g.output.shape[kW] + width_.outputs - 1) / width_.outputs),
        run_(g.stride[2] * g.in_channels()),
        zeros_(static_cast<size_t>(run_), 0.0f) {}

  int64_t count() const { return geometry_.output.shape[kN] * geometry_.output.shape[kD] * rows_ * columns_; }
  int values() const { return height_.inputs * width_.inputs; }
  // Elements that a tile reads at one place: a pixel, or with stride s the s pixels that follow one another.
  int64_t run() const { return run_; }
  // How many runs a place has: the s rows.
  int64_t row_phases() const { return geometry_.stride[1]; }
  // The pixels, counted from the end, that a tile does not share with the tile to its left.
  int fresh() const { return height_.inputs * width_.outputs; }
  // Room for the runs that lie partly outside of the image.
  int64_t gather_size() const { return run_ > geometry_.in_channels() ? values() * run_ : 0; }

  struct Tile {
    int64_t n, d, h, w;  // of the first output pixel
  };
  Tile at(int64_t index) const {
    const int64_t plane = index / (rows_ * columns_), depth = geometry_.output.shape[kD];
    return {plane / depth, plane % depth, index / columns_ % rows_ * height_.outputs, index % columns_ * width_.outputs};
  }
  int rows_inside(const Tile& tile) const { return static_cast<int>(std::min<int64_t>(height_.outputs, geometry_.output.shape[kH] - tile.h)); }
  int columns_inside(const Tile& tile) const { return static_cast<int>(std::min<int64_t>(width_.outputs, geometry_.output.shape[kW] - tile.w)); }

  // Writes where the runs of row phase `phase` of a tile are, column by column. `gather` has gather_size() elements.
  void pixels(const Tile& tile, int64_t phase, const float* arena, float* gather, const float** runs) const {
    const ViewSpec& input = geometry_.input;
    const int64_t step_h = geometry_.stride[1], step_w = geometry_.stride[2];
    const int64_t h = tile.h * step_h - geometry_.pad_start[1] + phase, w = tile.w * step_w - geometry_.pad_start[2];
    const float* plane = arena + cell_offset(input, tile.n, tile.d, 0, 0);
    if (h >= 0 && h + (height_.inputs - 1) * step_h < input.shape[kH] && w >= 0 && w + width_.inputs * step_w <= input.shape[kW]) {
      const float* column = plane + h * input.strides[2] + w * input.strides[3];
      for (int x = 0; x < width_.inputs; ++x, column += step_w * input.strides[3]) {
        for (int y = 0; y < height_.inputs; ++y) *runs++ = column + y * step_h * input.strides[2];
      }
      return;
    }
    for (int x = 0; x < width_.inputs; ++x) {
      for (int y = 0; y < height_.inputs; ++y, gather += gather_size() / values()) {
        *runs++ = run_at(plane, h + y * step_h, w + x * step_w, gather);
      }
    }
  }

 private:
  const float* run_at(const float* plane, int64_t h, int64_t w, float* gather) const {
    const ViewSpec& input = geometry_.input;
    const int64_t end = w + geometry_.stride[2];
    if (h < 0 || h >= input.shape[kH] || end <= 0 || w >= input.shape[kW]) return zeros_.data();
    const float* row = plane + h * input.strides[2];
    if (w >= 0 && end <= input.shape[kW]) return row + w * input.strides[3];
    const int64_t channels = geometry_.in_channels();
    for (int64_t i = w; i < end; ++i) {
      const bool inside = i >= 0 && i < input.shape[kW];
      std::copy_n(inside ? row + i * input.strides[3] : zeros_.data(), channels, gather + (i - w) * channels);
    }
    return gather;
  }

  ConvGeometry geometry_;
  WinogradAxis height_;
  WinogradAxis width_;
  int64_t rows_;  // of tiles in an image
  int64_t columns_;
  int64_t run_;
  std::vector<float> zeros_;  // a run outside of the image
};

}  // namespace im2col
