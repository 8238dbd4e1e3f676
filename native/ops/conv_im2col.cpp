// Explicit im2col and a packed GEMM: the inputs of a block of pixels are gathered into rows of K = taps * channels, zeros
// where a tap lies in the padding, and the rows meet every panel. Runs any convolution, with or without a halo.
#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "conv_tiles.h"
#include "view.h"

namespace im2col {

namespace {

// Gathered rows of one task: a part of the second-level cache, and the cost of gathering spread over all panels.
constexpr int64_t kBlockBytes = 256 * 1024;

class Im2colConv final : public Step {
 public:
  Im2colConv(const ConvProblem& p, const BuildContext& context, PackedConv packed)
      : geometry_(p),
        tiles_(p, context.kernels, context.kernels.max_pixels[packed.panels.widest() - 1], std::move(packed)),
        row_(p.reduction() % 1024 == 0 ? p.reduction() + 16 : p.reduction()) {
    const PixelGrid& grid = tiles_.grid();
    const int64_t tile_bytes = grid.largest_tile() * row_ * static_cast<int64_t>(sizeof(float));
    block_ = std::clamp<int64_t>(kBlockBytes / tile_bytes, 1, grid.tiles());
    for (int64_t i = 0; i < block_ * tiles_.grid().largest_tile(); ++i) row_offsets_.push_back(i * row_);
  }

  size_t scratch_size() const override { return row_offsets_.size() * static_cast<size_t>(row_); }

  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t tiles = tiles_.grid().tiles();
    const int64_t blocks = (tiles + block_ - 1) / block_;
    context.parallel.run(geometry_.groups * blocks, [&](int64_t task, int thread) {
      const int64_t first = task % blocks * block_;
      run_block(context.arena, context.scratch + static_cast<size_t>(thread) * context.scratch_stride, task / blocks, first,
                std::min(first + block_, tiles));
    });
  }

  std::string algorithm() const override {
    return "im2col " + std::to_string(tiles_.grid().largest_tile()) + "x" + std::to_string(tiles_.panels().widest());
  }
  double flops() const override { return geometry_.flops(); }
  UpcomingWeights first_weights() const override { return tiles_.first_weights(); }

 private:
  void run_block(float* arena, float* rows, int64_t group, int64_t first_tile, int64_t last_tile) const {
    const PixelGrid& grid = tiles_.grid();
    const int64_t first_pixel = grid.first_pixel(first_tile);
    const int64_t last_pixel = grid.first_pixel(last_tile);
    for (int64_t pixel = first_pixel; pixel < last_pixel; ++pixel) {
      gather(arena + geometry_.input.offset + group * geometry_.group_in(), grid.cursor(pixel), rows + (pixel - first_pixel) * row_);
    }
    for (int64_t panel = 0; panel < tiles_.panels().count(); ++panel) {
      GemmTile gemm = tiles_.against(ConvTiles::one_run(rows, geometry_.reduction()), group, panel, arena);
      for (int64_t tile = first_tile; tile < last_tile; ++tile) {
        tiles_.run(gemm, tile, row_offsets_.data() + (grid.first_pixel(tile) - first_pixel));
      }
    }
  }

  // One row: the taps (d, h, w) of an output pixel, group_in channels each. `image` is channel 0 of the group at (0, 0, 0, 0).
  void gather(const float* image, const PixelGrid::Cursor& at, float* row) const {
    const ConvGeometry& p = geometry_;
    const size_t bytes = static_cast<size_t>(p.group_in()) * sizeof(float);
    const auto position = [&](int axis, int64_t tap) { return at[1 + axis] * p.stride[axis] + tap * p.dilation[axis] - p.pad_start[axis]; };
    const auto inside = [&](int axis, int64_t i) { return i >= 0 && i < p.input.shape[1 + axis]; };
    for (int64_t kz = 0; kz < p.kernel[0]; ++kz) {
      const int64_t z = position(0, kz);
      for (int64_t ky = 0; ky < p.kernel[1]; ++ky) {
        const int64_t y = position(1, ky);
        const bool row_inside = inside(0, z) && inside(1, y);
        const float* line = image + at[0] * p.input.strides[0] + z * p.input.strides[1] + y * p.input.strides[2];
        for (int64_t kx = 0; kx < p.kernel[2]; ++kx, row += p.group_in()) {
          const int64_t x = position(2, kx);
          if (row_inside && inside(2, x)) {
            std::memcpy(row, line + x * p.input.strides[3], bytes);
          } else {
            std::memset(row, 0, bytes);
          }
        }
      }
    }
  }

  ConvGeometry geometry_;
  ConvTiles tiles_;
  int64_t row_;  // elements from one gathered row to the next
  std::vector<ptrdiff_t> row_offsets_;  // of the pixels of a block
  int64_t block_ = 1;  // tiles
};

bool applies(const ConvProblem&) { return true; }

// A gathered element costs about as much as four vectors of arithmetic on single elements.
double cost(const ConvProblem& p, const KernelTable& kernels) {
  return gemm_cost(p, kernels) + 8 * p.flops() / static_cast<double>(p.group_out());
}

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  PackedConv packed;
  if (Status status = pack_conv(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<Im2colConv>(problem, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvIm2col = {"im2col", applies, cost, make};

}  // namespace im2col
