// Three convolutions in one step, an inverted residual block (Sandler et al., arXiv:1801.04381): y = project(depthwise(expand(x)))
// + residual, where the last is 1 x 1. See expansion.h; what the depthwise convolution makes of a window of rows lies in scratch
// until it is projected, so that neither of the wide images is ever in memory.
#include <algorithm>
#include <vector>

#include "conv_tiles.h"
#include "expansion.h"
#include "factories.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// What the buffers of all panels and a window of the depthwise convolution may take of a typical second-level cache.
constexpr int64_t kWindowBytes = 384 * 1024;
// Enough tasks for threads that finish unevenly; more would compute too many rows twice.
constexpr int64_t kTasksPerThread = 2;
// Elements that keep the pixels of a window from being multiples of a page apart.
constexpr int64_t kSkew = 16;

int64_t window_pixel(int64_t channels) { return static_cast<int64_t>(aligned_size(static_cast<size_t>(channels))) + kSkew; }

class InvertedResidual final : public Step {
 public:
  InvertedResidual(Expansion expansion, const ConvProblem& project, const BuildContext& context, PackedConv packed)
      : expansion_(std::move(expansion)),
        project_(project),
        tiles_(project, context.kernels, context.kernels.max_pixels[packed.panels.widest() - 1], std::move(packed)),
        pixel_(window_pixel(project.in_channels())) {
    for (int64_t i = 0; i < expansion_.window() * project.output.shape[kW]; ++i) window_offsets_.push_back(i * pixel_);
  }

  // A task is a strip of output rows of one image. Rather are some rows computed twice than that a thread has none.
  void run(const RunContext& context) const override {
    zero_halo(project_.output, context.arena);
    const int64_t height = project_.output.shape[kH], images = project_.output.shape[kN];
    const int64_t threads = context.parallel.max_threads(), least = std::min(threads, height);
    const int64_t wanted = threads > 1 ? (kTasksPerThread * threads + images - 1) / images : 1;
    const int64_t most = std::max(expansion_.most_strips(), least);
    const int64_t strips = wanted <= most ? wanted : most / least * least;
    context.parallel.run(images * strips, [&](int64_t task, int thread) {
      const int64_t strip = task % strips;
      run_strip(context.arena, task / strips, height * strip / strips, height * (strip + 1) / strips,
                context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
    });
  }

  size_t scratch_size() const override {
    return static_cast<size_t>(expansion_.panels().count() * expansion_.buffer_size()) + window_offsets_.size() * static_cast<size_t>(pixel_);
  }
  std::string algorithm() const override {
    return "direct " + std::to_string(expansion_.largest_tile()) + "x" + std::to_string(expansion_.panels().widest()) + " and " +
           std::to_string(tiles_.grid().largest_tile()) + "x" + std::to_string(tiles_.panels().widest()) + " in windows of " +
           std::to_string(expansion_.window()) + " rows";
  }
  UpcomingWeights first_weights() const override { return expansion_.first_weights(); }
  double flops() const override { return expansion_.flops() + project_.flops(); }

 private:
  // Output rows [begin, end) of an image. The buffers of the panels come first in scratch, then the window.
  void run_strip(float* arena, int64_t image, int64_t begin, int64_t end, float* buffers) const {
    const int64_t panels = expansion_.panels().count(), size = expansion_.buffer_size(), width = project_.output.shape[kW];
    float* const window = buffers + panels * size;
    const UpcomingWeights project_weights = tiles_.first_weights();
    for (int64_t panel = 0; panel < panels; ++panel) expansion_.clear_sides(buffers + panel * size);
    for (int64_t y = begin; y < end; y += expansion_.window()) {
      const int64_t rows = std::min(expansion_.window(), end - y);
      for (int64_t panel = 0; panel < panels; ++panel) {
        expansion_.window(arena, image, panel, y, rows, y > begin ? expansion_.overlap() : 0, buffers + panel * size,
                          {window + expansion_.panels().first_channel(panel), width * pixel_, pixel_}, project_weights);
      }
      project(arena, (image * project_.output.shape[kH] + y) * width, rows * width, window);
    }
  }

  // The `count` pixels from `pixel` on.
  void project(float* arena, int64_t pixel, int64_t count, const float* window) const {
    const int64_t largest = tiles_.grid().largest_tile(), tiles = (count + largest - 1) / largest;
    const int64_t small = count / tiles, extra = count % tiles;
    for (int64_t panel = 0; panel < tiles_.panels().count(); ++panel) {
      GemmTile gemm = tiles_.against(ConvTiles::one_run(window, project_.in_channels()), 0, panel, arena);
      for (int64_t tile = 0, first = 0; tile < tiles; ++tile) {
        const int64_t pixels = small + (tile < extra);
        tiles_.run_pixels(gemm, pixel + first, pixels, window_offsets_.data() + first);
        first += pixels;
      }
    }
  }

  Expansion expansion_;
  ConvGeometry project_;
  ConvTiles tiles_;
  int64_t pixel_;  // elements from pixel to pixel of a window
  std::vector<ptrdiff_t> window_offsets_;
};

}  // namespace

Status make_inverted_residual_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  ConvProblem expand, depthwise, project;
  expand.input = reader.input(0);
  project.output = reader.output(0);
  if (const ViewSpec* residual = reader.optional_input(1)) read_residual(reader, *residual, project);
  const int64_t channels = reader.integer("channels", 1, INT32_MAX);
  const auto& output = project.output.shape;
  depthwise.output = contiguous_view({output[kN], output[kD], output[kH], output[kW], channels});
  project.input = depthwise.output;
  read_expansion(reader, channels, expand, depthwise);
  read_convolution(reader, "project.", project);
  reader.expect(project.taps() == 1 && project.groups == 1 && project.stride == std::array<int64_t, 3>{1, 1, 1} &&
                    project.pad_start == std::array<int64_t, 3>{0, 0, 0},
                "expected a projection of one place and one group, with stride 1 and no padding");
  if (!reader.status().ok()) return reader.status();

  PackedConv expand_weights, project_weights;
  WeightStore::Packed depthwise_weights;
  if (Status status = pack_conv(expand, context, expand_weights); !status.ok()) return status;
  if (Status status = pack_depthwise(depthwise, context, depthwise_weights); !status.ok()) return status;
  if (Status status = pack_conv(project, context, project_weights); !status.ok()) return status;
  const int64_t row_bytes = output[kW] * window_pixel(channels) * static_cast<int64_t>(sizeof(float));
  const Expansion::Budget budget{kWindowBytes, expand_weights.panels.count(), row_bytes};
  Expansion expansion(expand, depthwise, context.kernels, std::move(expand_weights), std::move(depthwise_weights), budget);
  step = std::make_unique<InvertedResidual>(std::move(expansion), project, context, std::move(project_weights));
  return Status::Ok();
}

}  // namespace im2col
