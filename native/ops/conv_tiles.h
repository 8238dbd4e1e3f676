// What the convolutions share that are products of pixels and packed weights: tiles of output pixels against panels.
#pragma once

#include <algorithm>
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
    if (!problem.has_residual) return;
    residual_offsets_ = grid_.offsets(problem.residual.strides);
    residual_share_ = grid_.largest_tile() * problem.residual.strides[3] / packed_.panels.count();
    residual_step_ = (residual_share_ + packed_.reduction - 1) / packed_.reduction;
  }

  const PixelGrid& grid() const { return grid_; }
  const Panels& panels() const { return packed_.panels; }

  using Prefetch = GemmPrefetch;
  // What one of `parts` tiles prefetches of the panel behind a panel or, behind the last one, of the weights behind this convolution.
  Prefetch next_weights(int64_t group, int64_t panel, int64_t part, int64_t parts, const UpcomingWeights& upcoming) const {
    return packed_.next_weights(group, panel, part, parts, upcoming);
  }
  UpcomingWeights first_weights() const { return packed_.whole_panel(0, 0); }
  // This panel's share of the residuals of the tile behind a tile, whose pixels follow one another.
  Prefetch next_residuals(int64_t tile, int64_t panel, const float* arena) const {
    if (residual_offsets_.empty() || tile + 1 == grid_.tiles()) return {};
    const int64_t pixel = grid_.first_pixel(tile + 1);
    return {arena + residual_ + residual_offsets_[static_cast<size_t>(pixel)] + panel * residual_share_, residual_step_};
  }

  // How many panels a tile takes at once: several if all it has is one pixel, whose time is that of its weights.
  int64_t largest_panels() const {
    if (grid_.pixels() > 1) return 1;
    return std::min(kMaxTilePanels, kernels_.max_pixels[packed_.panels.widest() - 1]);
  }

  // Run r of a pixel starts at data + the pixel's offset + run_offsets[r].
  struct Inputs {
    const float* data;
    const ptrdiff_t* run_offsets;
    int64_t run_count;
    int64_t run_length;
  };
  // For pixels whose inputs follow one another.
  static Inputs one_run(const float* data, int64_t length) {
    static constexpr ptrdiff_t kOffset = 0;
    return {data, &kOffset, 1, length};
  }

  // What the tiles against a panel, or several equally wide ones from it on, have in common.
  GemmTile against(const Inputs& inputs, int64_t group, int64_t panel, float* arena, int64_t count = 1) const {
    const int64_t channel = group * group_out_ + packed_.panels.first_channel(panel);
    GemmTile gemm{};
    gemm.input = inputs.data;
    gemm.run_offsets = inputs.run_offsets;
    gemm.run_count = inputs.run_count;
    gemm.run_length = inputs.run_length;
    gemm.weights = packed_.weights(group, panel);
    gemm.bias = packed_.bias(group, panel);
    gemm.output = arena + output_ + channel;
    gemm.residual = residual_offsets_.empty() ? nullptr : arena + residual_ + channel;
    gemm.panel_vectors = packed_.panels.vectors(panel);
    gemm.channels = packed_.panels.channels(panel, count);
    gemm.activation = activation_;
    gemm.panels = static_cast<int>(count);
    return gemm;
  }

  // One of them; input_offsets has an entry for each of its pixels.
  void run(GemmTile& gemm, int64_t tile, const ptrdiff_t* input_offsets, const Prefetch& prefetch = {}) const {
    run_pixels(gemm, grid_.first_pixel(tile), grid_.tile_pixels(tile), input_offsets, prefetch);
  }
  // Or any `count` pixels from `pixel` on, no more than the largest tile has.
  void run_pixels(GemmTile& gemm, int64_t pixel, int64_t count, const ptrdiff_t* input_offsets, const Prefetch& prefetch = {}) const {
    gemm.input_offsets = input_offsets;
    gemm.output_offsets = output_offsets_.data() + pixel;
    gemm.residual_offsets = residual_offsets_.data() + (residual_offsets_.empty() ? 0 : pixel);
    gemm.pixels = static_cast<int>(count);
    gemm.prefetch = prefetch.start;
    gemm.prefetch_step = prefetch.step;
    kernels_.gemm_f32(gemm);
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
  int64_t residual_share_ = 0;  // of a tile for each panel, in elements
  int64_t residual_step_ = 0;
  PackedConv packed_;
};

}  // namespace im2col
