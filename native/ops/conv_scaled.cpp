// A 1 x 1 convolution of an image whose channels are weighed, as behind a squeeze and excitation:
//
//   y = act(bias + residual + sum over c of (weights[c] * scale[c]) * x[c])
//
// The scale, one number for each image and channel, multiplies the weights instead of the image: a block of pixels meets
// one panel after the other, each scaled for it in scratch, and the weighed image is never made.
#include <algorithm>
#include <vector>

#include "conv_runs.h"
#include "conv_tiles.h"
#include "factories.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// The inputs of a block take this part of a typical second-level cache.
constexpr int64_t kBlockBytes = 256 * 1024;
// Scaling a panel costs about as much as two pixels: a block has at least so many, if the image does.
constexpr int64_t kSmallestBlockPixels = 112;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;

ConvProblem one_image(ConvProblem problem) {
  problem.output.shape[kN] = 1;
  return problem;
}

class ScaledConv final : public Step {
 public:
  ScaledConv(const ConvProblem& problem, const ViewSpec& scale, const BuildContext& context, PackedConv packed)
      : kernels_(context.kernels),
        geometry_(problem),
        scale_(scale),
        tiles_(one_image(problem), context.kernels, largest_direct_tile(problem, context.kernels, packed.panels), std::move(packed)),
        input_offsets_(tiles_.grid().offsets({0, problem.stride[0] * problem.input.strides[kD], problem.stride[1] * problem.input.strides[kH],
                                              problem.stride[2] * problem.input.strides[kW]})) {
    const int64_t tile_bytes = tiles_.grid().largest_tile() * problem.in_channels() * static_cast<int64_t>(sizeof(float));
    smallest_block_ = std::max<int64_t>(1, kSmallestBlockPixels / tiles_.grid().largest_tile());
    block_ = std::max(smallest_block_, kBlockBytes / tile_bytes);
  }

  // A task is a block of tiles of one image and a range of panels.
  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t images = geometry_.output.shape[kN], panels = tiles_.panels().count(), tiles = tiles_.grid().tiles();
    const int64_t threads = context.parallel.max_threads(), wanted = threads > 1 ? kTasksPerThread * threads : 1;
    const auto parts = [](int64_t count, int64_t size) { return (count + size - 1) / size; };
    const int64_t cached = parts(tiles, block_), most = parts(tiles, smallest_block_);
    const int64_t blocks = std::clamp(parts(wanted, images * panels), cached, most);
    const int64_t splits = std::min(panels, parts(wanted, images * blocks));
    context.parallel.run(images * blocks * splits, [&](int64_t task, int thread) {
      const int64_t split = task % splits, block = task / splits % blocks, image = task / splits / blocks;
      float* weights = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      const int64_t first = tiles * block / blocks, end = tiles * (block + 1) / blocks;
      for (int64_t panel = panels * split / splits; panel < panels * (split + 1) / splits; ++panel) {
        run_panel(context, image, panel, first, end, weights);
      }
    });
  }

  size_t scratch_size() const override { return static_cast<size_t>(tiles_.panels().widest() * tiles_.panels().lanes() * geometry_.in_channels()); }
  std::string algorithm() const override {
    return "scaled " + std::to_string(tiles_.grid().largest_tile()) + "x" + std::to_string(tiles_.panels().widest());
  }
  double flops() const override { return geometry_.flops(); }
  UpcomingWeights first_weights() const override { return tiles_.first_weights(); }

 private:
  // Tiles [begin, end) of an image against a panel, scaled in `weights`.
  void run_panel(const RunContext& context, int64_t image, int64_t panel, int64_t begin, int64_t end, float* weights) const {
    float* const arena = context.arena;
    const ConvGeometry& p = geometry_;
    const float* input = arena + p.input.offset + image * p.input.strides[kN];
    GemmTile gemm = tiles_.against(ConvTiles::one_run(input, p.in_channels()), 0, panel, arena);
    kernels_.scale_panel_f32({gemm.weights, arena + cell_offset(scale_, image, 0, 0, 0), weights, p.in_channels(), gemm.panel_vectors});
    gemm.weights = weights;
    gemm.output += image * p.output.strides[kN];
    if (gemm.residual) gemm.residual += image * p.residual.strides[kN];
    for (int64_t tile = begin; tile < end; ++tile) {
      tiles_.run(gemm, tile, input_offsets_.data() + tiles_.grid().first_pixel(tile),
                 tiles_.next_weights(0, panel, tile - begin, end - begin, context.upcoming));
    }
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  ViewSpec scale_;
  ConvTiles tiles_;  // of one image
  std::vector<ptrdiff_t> input_offsets_;
  int64_t smallest_block_ = 1;  // tiles
  int64_t block_ = 1;
};

}  // namespace

Status make_scaled_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  ConvProblem problem;
  problem.input = reader.input(0);
  problem.output = reader.output(0);
  const ViewSpec& scale = reader.input(1);
  if (const ViewSpec* residual = reader.optional_input(2)) read_residual(reader, *residual, problem);
  read_convolution(reader, "", problem);
  reader.expect(problem.taps() == 1 && problem.groups == 1 && problem.halo_covers_padding(),
                "expected a kernel of one place and one group, inside the input");
  reader.expect(scale.shape == std::array<int64_t, 5>{problem.output.shape[kN], 1, 1, 1, problem.in_channels()},
                "expected a number for each image and channel of the input but the scale has the sizes " + describe_shape(scale));
  if (!reader.status().ok()) return reader.status();

  PackedConv packed;
  const Panels panels = gemm_panels(problem.out_channels(), problem.in_channels(), context.kernels, kSmallPanelBytes);
  if (Status status = pack_conv(problem, panels, context, packed); !status.ok()) return status;
  step = std::make_unique<ScaledConv>(problem, scale, context, std::move(packed));
  return Status::Ok();
}

}  // namespace im2col
