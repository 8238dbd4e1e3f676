// What direct convolution and im2col share: one tile of output pixels against a panel of weights.
#pragma once

#include <utility>
#include <vector>

#include "conv_weights.h"
#include "pixel_grid.h"

namespace im2col {

class ConvTiles {
 public:
  ConvTiles(const ConvProblem& problem, const KernelTable& kernels, int largest_tile, PackedConv packed)
      : kernels_(kernels),
        grid_(problem.output, largest_tile),
        group_out_(problem.group_out()),
        activation_(problem.activation),
        output_(problem.output.offset),
        output_offsets_(grid_.offsets(problem.output.strides)),
        residual_(problem.residual.offset),
        packed_(std::move(packed)) {
    if (problem.has_residual) residual_offsets_ = grid_.offsets(problem.residual.strides);
  }

  const PixelGrid& grid() const { return grid_; }
  const Panels& panels() const { return packed_.panels; }

  // Run r of the tile's pixel m starts at data + pixel_offsets[m] + run_offsets[r].
  struct Input {
    const float* data;
    const ptrdiff_t* pixel_offsets;
    const ptrdiff_t* run_offsets;
    int64_t run_count;
    int64_t run_length;
  };
  // Part `part` of `parts` of the next panel's weights is prefetched meanwhile; none when parts is 0.
  void run(const Input& input, int64_t tile, int64_t group, int64_t panel, int64_t part, int64_t parts, float* arena) const {
    const int64_t pixel = grid_.first_pixel(tile);
    const int64_t channel = group * group_out_ + packed_.panels.first_channel(panel);
    const bool residual = !residual_offsets_.empty();
    const float* weights = packed_.weights(group, panel);
    const int64_t width = packed_.panels.vectors(panel) * packed_.panels.lanes();
    const int64_t step = parts > 0 ? (width + parts - 1) / parts : 0;
    kernels_.gemm_f32({input.data, input.pixel_offsets, input.run_offsets, input.run_count, input.run_length, weights,
                       packed_.bias(group, panel), arena + output_ + channel, output_offsets_.data() + pixel,
                       residual ? arena + residual_ + channel : nullptr, residual ? residual_offsets_.data() + pixel : nullptr,
                       grid_.tile_pixels(tile), packed_.panels.vectors(panel), packed_.panels.channels(panel), activation_,
                       weights + (width + part * step) * packed_.reduction, step});
  }

 private:
  const KernelTable& kernels_;
  PixelGrid grid_;
  int64_t group_out_;
  Activation activation_;
  int64_t output_;  // offset of the view
  std::vector<ptrdiff_t> output_offsets_;
  int64_t residual_;
  std::vector<ptrdiff_t> residual_offsets_;
  PackedConv packed_;
};

}  // namespace im2col
