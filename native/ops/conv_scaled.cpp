// A 1 x 1 convolution of an image whose channels are weighed, as behind a squeeze and excitation:
//
//   y = act(bias + residual + sum over c of (weights[c] * scale[c]) * x[c])
//
// The scale, one number for each image and channel, multiplies the weights instead of the image: a block of pixels meets
// one panel after the other, each scaled for it in scratch, and the weighed image is never made.
#include <algorithm>
#include <vector>

#include "conv_runs.h"
#include "factories.h"
#include "pixel_grid.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// The inputs of a block take this part of a typical second-level cache.
constexpr int64_t kBlockBytes = 256 * 1024;
// Scaling a panel costs about as much as a seventh of a tile: a block has at least so many of them, if the image does.
constexpr int64_t kSmallestBlock = 8;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;

ViewSpec one_image(ViewSpec view) {
  view.shape[kN] = 1;
  return view;
}

class ScaledConv final : public Step {
 public:
  ScaledConv(const ConvProblem& problem, const ViewSpec& scale, const BuildContext& context, PackedConv packed)
      : kernels_(context.kernels),
        geometry_(problem),
        scale_(scale),
        packed_(std::move(packed)),
        grid_(one_image(problem.output), largest_direct_tile(problem, context.kernels, packed_.panels)),
        input_offsets_(grid_.offsets({0, problem.stride[0] * problem.input.strides[kD], problem.stride[1] * problem.input.strides[kH],
                                      problem.stride[2] * problem.input.strides[kW]})),
        output_offsets_(grid_.offsets(problem.output.strides)) {
    if (problem.has_residual) residual_offsets_ = grid_.offsets(problem.residual.strides);
    const int64_t tile_bytes = grid_.largest_tile() * problem.in_channels() * static_cast<int64_t>(sizeof(float));
    block_ = std::max(kSmallestBlock, kBlockBytes / tile_bytes);
  }

  // A task is a block of tiles of one image and a range of panels.
  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t images = geometry_.output.shape[kN], panels = packed_.panels.count(), tiles = grid_.tiles();
    const int64_t threads = context.parallel.max_threads(), wanted = threads > 1 ? kTasksPerThread * threads : 1;
    const auto parts = [](int64_t count, int64_t size) { return (count + size - 1) / size; };
    const int64_t cached = parts(tiles, block_), most = parts(tiles, kSmallestBlock);
    const int64_t blocks = std::clamp(parts(wanted, images * panels), cached, most);
    const int64_t splits = std::min(panels, parts(wanted, images * blocks));
    context.parallel.run(images * blocks * splits, [&](int64_t task, int thread) {
      const int64_t split = task % splits, block = task / splits % blocks, image = task / splits / blocks;
      float* weights = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      for (int64_t panel = panels * split / splits; panel < panels * (split + 1) / splits; ++panel) {
        scale_panel(context.arena, image, panel, weights);
        const int64_t first = tiles * block / blocks, end = tiles * (block + 1) / blocks;
        for (int64_t tile = first; tile < end; ++tile) {
          const bool prefetches = panel + 1 < panels;
          const GemmPrefetch prefetch = prefetches ? packed_.next_panel(0, panel, tile - first, end - first) : GemmPrefetch{};
          run_tile(context.arena, image, panel, tile, weights, prefetch);
        }
      }
    });
  }

  size_t scratch_size() const override { return static_cast<size_t>(packed_.panels.widest() * packed_.panels.lanes() * geometry_.in_channels()); }
  std::string algorithm() const override {
    return "scaled " + std::to_string(grid_.largest_tile()) + "x" + std::to_string(packed_.panels.widest());
  }
  double flops() const override { return geometry_.flops(); }

 private:
  void scale_panel(const float* arena, int64_t image, int64_t panel, float* weights) const {
    kernels_.scale_panel_f32({packed_.weights(0, panel), arena + cell_offset(scale_, image, 0, 0, 0), weights, geometry_.in_channels(),
                              packed_.panels.vectors(panel)});
  }

  void run_tile(float* arena, int64_t image, int64_t panel, int64_t tile, const float* weights,
                const GemmPrefetch& prefetch) const {
    static constexpr ptrdiff_t kOneRun = 0;
    const ConvGeometry& p = geometry_;
    const int64_t pixel = grid_.first_pixel(tile), channel = packed_.panels.first_channel(panel);
    const auto start = [&](const ViewSpec& view) { return arena + view.offset + image * view.strides[kN]; };
    kernels_.gemm_f32({start(p.input), input_offsets_.data() + pixel, &kOneRun, 1, p.in_channels(), weights, packed_.bias(0, panel),
                       start(p.output) + channel, output_offsets_.data() + pixel,
                       p.has_residual ? start(p.residual) + channel : nullptr,
                       p.has_residual ? residual_offsets_.data() + pixel : nullptr, grid_.tile_pixels(tile),
                       packed_.panels.vectors(panel), packed_.panels.channels(panel), p.activation, prefetch.start, prefetch.step});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  ViewSpec scale_;
  PackedConv packed_;
  PixelGrid grid_;  // of one image
  std::vector<ptrdiff_t> input_offsets_;
  std::vector<ptrdiff_t> output_offsets_;
  std::vector<ptrdiff_t> residual_offsets_;
  int64_t block_ = 1;  // tiles
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
  if (Status status = pack_conv(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<ScaledConv>(problem, scale, context, std::move(packed));
  return Status::Ok();
}

}  // namespace im2col
