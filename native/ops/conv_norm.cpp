// A 1 x 1 convolution of a normed and activated image, as in networks that norm before they convolve:
//
//   y = act(bias + residual + sum over c of weights[c] * act_norm(scale[c] * x[c] + shift[c]))
//
// A block of pixels is normed in scratch and meets all panels from there, so that the normed image is never in memory as a
// whole.
#include <algorithm>
#include <vector>

#include "conv_tiles.h"
#include "factories.h"
#include "op_support.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// Weights up to this part of a typical second-level cache are read again for every block, which is then small; larger ones
// meet as many pixels at once as take the same part.
constexpr int64_t kCachedBytes = 512 * 1024;
constexpr int64_t kSmallBlockBytes = 64 * 1024;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;
// Elements that keep the pixels of a block from being multiples of a page apart.
constexpr int64_t kSkew = 16;

class NormConv final : public Step {
 public:
  NormConv(const ConvProblem& problem, const Activation& norm_activation, const BuildContext& context, WeightStore::Packed scale,
           WeightStore::Packed shift, PackedConv packed)
      : kernels_(context.kernels),
        geometry_(problem),
        norm_activation_(norm_activation),
        scale_(std::move(scale)),
        shift_(std::move(shift)),
        tiles_(problem, context.kernels, context.kernels.max_pixels[packed.panels.widest() - 1], std::move(packed)),
        pixel_(static_cast<int64_t>(aligned_size(static_cast<size_t>(problem.in_channels()))) + kSkew) {
    const PixelGrid& grid = tiles_.grid();
    const auto bytes = [](int64_t elements) { return elements * static_cast<int64_t>(sizeof(float)); };
    weights_cached_ = bytes(tiles_.panels().padded_channels() * problem.in_channels()) <= kCachedBytes;
    const int64_t fitting = (weights_cached_ ? kSmallBlockBytes : kCachedBytes) / bytes(grid.largest_tile() * pixel_);
    block_ = std::clamp<int64_t>(fitting, 1, grid.tiles());
    for (int64_t i = 0; i < block_ * grid.largest_tile(); ++i) block_offsets_.push_back(i * pixel_);
  }

  // A task is a block of tiles and a range of panels: all of them, unless there are too few blocks, which every range norms
  // anew. Blocks that large weights meet are not cut for the threads, because each reads its panels once.
  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t panels = tiles_.panels().count(), tiles = tiles_.grid().tiles(), threads = context.parallel.max_threads();
    const int64_t wanted = threads > 1 ? kTasksPerThread * threads : 1, fitting = (tiles + block_ - 1) / block_;
    const int64_t blocks = weights_cached_ ? std::clamp(fitting, std::min(wanted, tiles), tiles) : fitting;
    const int64_t splits = std::min(panels, (wanted + blocks - 1) / blocks);
    context.parallel.run(blocks * splits, [&](int64_t task, int thread) {
      const int64_t block = task / splits, split = task % splits;
      run_block(context, tiles * block / blocks, tiles * (block + 1) / blocks, panels * split / splits, panels * (split + 1) / splits,
                context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
    });
  }

  size_t scratch_size() const override { return block_offsets_.size() * static_cast<size_t>(pixel_); }
  std::string algorithm() const override {
    return "direct " + std::to_string(tiles_.grid().largest_tile()) + "x" + std::to_string(tiles_.panels().widest()) + " in blocks of " +
           std::to_string(block_) + " tiles";
  }
  double flops() const override { return geometry_.flops(); }
  UpcomingWeights first_weights() const override { return tiles_.first_weights(); }

 private:
  void run_block(const RunContext& context, int64_t first_tile, int64_t last_tile, int64_t first_panel, int64_t last_panel, float* normed) const {
    float* const arena = context.arena;
    const int64_t first_pixel = tiles_.grid().first_pixel(first_tile);
    norm(arena, first_pixel, tiles_.grid().first_pixel(last_tile), normed);
    // The weights have to arrive in the cache once.
    const bool fresh = !weights_cached_ || first_tile == 0;
    for (int64_t panel = first_panel; panel < last_panel; ++panel) {
      GemmTile gemm = tiles_.against(ConvTiles::one_run(normed, geometry_.in_channels()), 0, panel, arena);
      for (int64_t tile = first_tile; tile < last_tile; ++tile) {
        const GemmPrefetch prefetch =
            fresh ? tiles_.next_weights(0, panel, tile - first_tile, last_tile - first_tile, context.upcoming) : GemmPrefetch{};
        tiles_.run(gemm, tile, block_offsets_.data() + (tiles_.grid().first_pixel(tile) - first_pixel), prefetch);
      }
    }
  }

  void norm(const float* arena, int64_t begin, int64_t end, float* normed) const {
    const ViewSpec& input = geometry_.input;
    for_row_segments(begin, end, common_row_pixels({&input}), [&](int64_t first, int64_t count) {
      kernels_.affine_f32({arena + pixel_offset(input, first), input.strides[kW], scale_->data(), shift_->data(), nullptr, 0,
                           normed + (first - begin) * pixel_, pixel_, count, input.shape[kC], norm_activation_});
    });
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  Activation norm_activation_;
  WeightStore::Packed scale_;
  WeightStore::Packed shift_;
  ConvTiles tiles_;
  int64_t pixel_;  // elements from pixel to pixel of a block
  std::vector<ptrdiff_t> block_offsets_;  // of the pixels of a block
  bool weights_cached_ = false;
  int64_t block_ = 1;  // tiles, at most
};

}  // namespace

Status make_norm_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  ConvProblem problem;
  problem.input = reader.input(0);
  problem.output = reader.output(0);
  if (const ViewSpec* residual = reader.optional_input(1)) read_residual(reader, *residual, problem);
  read_convolution(reader, "", problem);
  const Activation norm_activation = reader.activation("norm.");
  const auto& in = problem.input.shape;
  const auto& out = problem.output.shape;
  const std::array<int64_t, 3> ones = {1, 1, 1}, zeros = {0, 0, 0};
  reader.expect(problem.taps() == 1 && problem.groups == 1 && problem.stride == ones && problem.pad_start == zeros &&
                    std::equal(in.begin(), in.begin() + kC, out.begin()),
                "expected a kernel of one place, one group, stride 1 and no padding");
  const size_t channels = static_cast<size_t>(problem.in_channels());
  const ParameterSpec& scale = reader.parameter("norm.scale", channels);
  const ParameterSpec& shift = reader.parameter("norm.shift", channels);
  if (!reader.status().ok()) return reader.status();

  WeightStore::Packed packed_scale, packed_shift;
  if (Status status = keep_parameter(context, scale, packed_scale); !status.ok()) return status;
  if (Status status = keep_parameter(context, shift, packed_shift); !status.ok()) return status;
  PackedConv packed;
  if (Status status = pack_conv(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<NormConv>(problem, norm_activation, context, std::move(packed_scale), std::move(packed_shift), std::move(packed));
  return Status::Ok();
}

}  // namespace im2col
