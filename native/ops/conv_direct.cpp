// Direct convolution: the inputs of a pixel are runs of the padded image itself, so nothing is gathered. For one (kz, ky)
// the kw * C inputs are one run where the taps are neighbours in memory, else every tap is a run of its own.
#include <algorithm>
#include <new>
#include <vector>

#include "conv_runs.h"
#include "conv_tiles.h"
#include "view.h"

namespace im2col {

namespace {

// Parts of a typical second-level cache: weights up to the one are read again for every block of pixels, and a block's
// inputs take the other.
constexpr int64_t kResidentWeightsBytes = 512 * 1024;
constexpr int64_t kBlockBytes = 256 * 1024;
// Panels write their channels of the same pixels, which then have to be in the cache still.
constexpr int64_t kBlockOutputBytes = 128 * 1024;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;
// A block that adds residuals is so small that they arrive, a share with every panel, just before they are added.
constexpr int64_t kResidualPixels = 56;
// While a block of few pixels meets one panel for the first time, the next is prefetched, even if it is the next task's, which
// mostly is of the same thread; with more pixels its first use is a small part.
constexpr int64_t kPrefetchPixels = 900;

class DirectConv final : public Step {
 public:
  DirectConv(const ConvProblem& p, const BuildContext& context, PackedConv packed)
      : output_(p.output),
        runs_(conv_runs(p)),
        groups_(p.groups),
        group_in_(p.group_in()),
        flops_(p.flops()),
        origin_(first_tap(p)),
        tiles_(p, context.kernels, largest_direct_tile(p, context.kernels, packed.panels), std::move(packed)),
        input_offsets_(tiles_.grid().offsets({p.input.strides[0], p.stride[0] * p.input.strides[1],
                                              p.stride[1] * p.input.strides[2], p.stride[2] * p.input.strides[3]})) {
    const PixelGrid& grid = tiles_.grid();
    const int64_t weights_bytes = tiles_.panels().padded_channels() * p.reduction() * static_cast<int64_t>(sizeof(float));
    const int64_t tile_bytes = grid.largest_tile() * p.stride[2] * p.group_in() * static_cast<int64_t>(sizeof(float));
    weights_resident_ = weights_bytes <= kResidentWeightsBytes;
    const int64_t tile_output_bytes = grid.largest_tile() * p.group_out() * static_cast<int64_t>(sizeof(float));
    const int64_t fitting = std::max<int64_t>(1, std::min(kBlockBytes / tile_bytes, kBlockOutputBytes / tile_output_bytes));
    const int64_t cached = p.has_residual ? std::max<int64_t>(1, kResidualPixels / grid.largest_tile()) : fitting;
    block_ = weights_resident_ ? cached : grid.tiles();
    if (weights_resident_) input_step_ = input_prefetch_step(p, grid.largest_tile());
  }

  // A task is a block of tiles of one group against a range of panels. Panels are the outer loop: the weights of one are
  // read once for the block, which stays in the cache. Neighbouring tasks, which mostly are of one thread, share the pixels
  // or, where they are more, the weights.
  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t panels = tiles_.panels().count(), tiles = tiles_.grid().tiles(), together = tiles_.largest_panels();
    const int64_t threads = context.parallel.max_threads();
    int64_t block = std::min(block_, tiles);
    int64_t splits = 1;  // of the panels
    if (threads > 1) {
      const int64_t wanted = kTasksPerThread * threads;
      const int64_t blocks = groups_ * ((tiles + block - 1) / block);
      splits = std::min({panels, (wanted + blocks - 1) / blocks, std::max(threads, (panels + together - 1) / together)});
      if (blocks * splits < wanted) {
        const int64_t cuts = (wanted + groups_ * splits - 1) / (groups_ * splits);
        block = std::max<int64_t>(1, (tiles + cuts - 1) / cuts);
      }
    }
    const int64_t blocks = (tiles + block - 1) / block;
    context.parallel.run(groups_ * splits * blocks, [&](int64_t task, int) {
      const int64_t group = task / (splits * blocks);
      const int64_t split = weights_resident_ ? task % splits : task / blocks % splits;
      const int64_t first = (weights_resident_ ? task / splits % blocks : task % blocks) * block;
      run_block(context, group, panels * split / splits, panels * (split + 1) / splits, first, std::min(first + block, tiles));
    });
  }

  std::string algorithm() const override {
    return "direct " + std::to_string(tiles_.grid().largest_tile()) + "x" + std::to_string(tiles_.panels().widest());
  }
  double flops() const override { return flops_; }
  UpcomingWeights first_weights() const override { return tiles_.first_weights(); }

 private:
  void run_block(const RunContext& context, int64_t group, int64_t first_panel, int64_t last_panel, int64_t first_tile, int64_t last_tile) const {
    float* const arena = context.arena;
    const ConvTiles::Inputs inputs{arena + origin_ + group * group_in_, runs_.offsets.data(), static_cast<int64_t>(runs_.offsets.size()),
                                   runs_.length};
    const int64_t tiles = last_tile - first_tile;
    const bool fresh = !weights_resident_ || first_tile == 0;
    const int64_t parts = fresh && tiles * tiles_.grid().largest_tile() <= kPrefetchPixels && tiles_.largest_panels() == 1 ? tiles : 0;
    for (int64_t panel = first_panel, end = panel; panel < last_panel; panel = end) {
      end = tiles_.panels().equal_end(panel, std::min(last_panel - panel, tiles_.largest_panels()));
      GemmTile gemm = tiles_.against(inputs, group, panel, arena, end - panel);
      for (int64_t tile = first_tile; tile < last_tile; ++tile) {
        const auto prefetch = parts > 0 ? tiles_.next_weights(group, panel, tile - first_tile, parts, context.upcoming)
                              : panel == first_panel && input_step_ > 0 ? next_inputs(tile, inputs.data)
                                                                        : tiles_.next_residuals(tile, panel, arena);
        tiles_.run(gemm, tile, input_offsets_.data() + tiles_.grid().first_pixel(tile), prefetch);
      }
    }
  }

  // The lowest row that the tile behind a tile reads: those above it have been read for the pixels above.
  GemmPrefetch next_inputs(int64_t tile, const float* input) const {
    if (tile + 1 == tiles_.grid().tiles()) return {};
    return {input + input_offsets_[static_cast<size_t>(tiles_.grid().first_pixel(tile + 1))] + runs_.offsets.back(), input_step_};
  }

  ViewSpec output_;
  ConvRuns runs_;
  int64_t groups_;
  int64_t group_in_;
  double flops_;
  int64_t origin_;  // of the first tap of output pixel (0, 0, 0, 0)
  ConvTiles tiles_;
  std::vector<ptrdiff_t> input_offsets_;
  bool weights_resident_ = false;
  int64_t block_ = 1;  // tiles
  int64_t input_step_ = 0;  // elements of the next tile's inputs to prefetch with every step of a sum; 0: none
};

bool applies(const ConvProblem& problem) { return problem.halo_covers_padding(); }

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  PackedConv packed;
  if (Status status = pack_conv(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<DirectConv>(problem, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvDirect = {"direct", applies, gemm_cost, make};

}  // namespace im2col
