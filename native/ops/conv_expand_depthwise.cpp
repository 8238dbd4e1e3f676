// Two convolutions in one step: y = depthwise(expand(x)). The first is computed a panel of channels and a few rows at a
// time, into a buffer that stays in the cache, and the depthwise convolution reads it there; the expanded image is never
// in memory as a whole. Both compute what their own steps would, bit for bit.
//
// The buffer holds rows of the expanded image as the depthwise kernel wants them, with the zeros of its padding:
// [row][zeros before, width, zeros after][panel width]. It slides down the image: rows that the next window reads
// again move to its top.
#include <algorithm>
#include <cstring>
#include <vector>

#include "conv_runs.h"
#include "factories.h"
#include "pixel_grid.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// What the buffer may take of a typical second-level cache.
constexpr int64_t kBufferBytes = 128 * 1024;
// The inputs that all panels read before the next strip: what the buffer leaves.
constexpr int64_t kStripBytes = 256 * 1024;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;
// A strip computes the rows at its top that the strip above has computed too: at most one for so many of its own.
constexpr int64_t kRowsPerRepeated = 8;
// With more tiles than these the first use of a panel's weights is a small part.
constexpr int64_t kPrefetchTiles = 16;
constexpr double kLargestWindow = 1 << 30;  // elements

class ExpandDepthwise final : public Step {
 public:
  ExpandDepthwise(const ConvProblem& expand, const ConvProblem& depthwise, const BuildContext& context, PackedConv expand_weights,
                  WeightStore::Packed depthwise_weights)
      : kernels_(context.kernels),
        expand_(expand),
        depthwise_(depthwise),
        panels_(expand_weights.panels),
        expand_weights_(std::move(expand_weights)),
        depthwise_weights_(std::move(depthwise_weights)),
        runs_(conv_runs(expand)),
        origin_(first_tap(expand)),
        largest_tile_(largest_direct_tile(expand, context.kernels, panels_)),
        pixel_(int64_t{panels_.widest()} * panels_.lanes()),
        before_(depthwise.pad_start[2]) {
    const ViewSpec &image = expand.output, &output = depthwise.output;
    const auto reach = [&](int axis, int64_t outputs) {  // cells of the expanded image that so many outputs read
      return (outputs - 1) * depthwise.stride[axis] + (depthwise.kernel[axis] - 1) * depthwise.dilation[axis] + 1;
    };
    columns_ = std::max(reach(2, output.shape[kW]), before_ + image.shape[kW]);
    row_ = columns_ * pixel_;
    overlap_ = std::max<int64_t>(0, reach(1, 1) - depthwise.stride[1]);

    const int64_t height = output.shape[kH], row_bytes = row_ * static_cast<int64_t>(sizeof(float));
    const int64_t fitting = (kBufferBytes / row_bytes - reach(1, 1)) / depthwise.stride[1] + 1;
    window_ = std::clamp<int64_t>(fitting, 1, height);
    buffer_rows_ = reach(1, window_);
    const int64_t input_bytes = expand.input.strides[kH] * expand.stride[1] * static_cast<int64_t>(sizeof(float));
    cached_strips_ = std::max<int64_t>(1, input_bytes * image.shape[kH] / kStripBytes);
    input_step_ = input_prefetch_step(expand, largest_tile_);
    most_strips_ = std::clamp<int64_t>(height * depthwise.stride[1] / (kRowsPerRepeated * std::max<int64_t>(1, overlap_)), 1, height);

    inputs_ = depthwise_inputs(depthwise, window_, 0, row_);
    ViewSpec one_image = image;
    one_image.shape[kN] = 1;
    input_offsets_ = PixelGrid(one_image, 1).offsets({0, 0, expand.stride[1] * expand.input.strides[kH],
                                                      expand.stride[2] * expand.input.strides[kW]});
    one_image.shape[kH] = buffer_rows_;
    buffer_offsets_ = PixelGrid(one_image, 1).offsets({0, 0, row_, pixel_});
  }

  // A task is a strip of output rows of one image and one panel of channels. Strips are the outer order, so that all
  // panels find the strip's inputs in the cache.
  void run(const RunContext& context) const override {
    zero_halo(depthwise_.output, context.arena);
    const int64_t height = depthwise_.output.shape[kH], images = depthwise_.output.shape[kN], panels = panels_.count();
    const int64_t threads = context.parallel.max_threads();
    const int64_t wanted = threads > 1 ? kTasksPerThread * threads : 1;
    const int64_t strips = std::min(most_strips_, std::max(cached_strips_, (wanted + images * panels - 1) / (images * panels)));
    context.parallel.run(images * strips * panels, [&](int64_t task, int thread) {
      const int64_t panel = task % panels, strip = task / panels % strips, image = task / panels / strips;
      run_strip(context.arena, image, panel, height * strip / strips, height * (strip + 1) / strips,
                context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
    });
  }

  size_t scratch_size() const override { return static_cast<size_t>(buffer_rows_ * row_); }
  std::string algorithm() const override {
    return "direct " + std::to_string(largest_tile_) + "x" + std::to_string(panels_.widest()) + " in windows of " +
           std::to_string(window_) + " rows";
  }
  double flops() const override { return expand_.flops() + depthwise_.flops(); }

 private:
  // Output rows [begin, end) of one panel.
  void run_strip(float* arena, int64_t image, int64_t panel, int64_t begin, int64_t end, float* buffer) const {
    for (int64_t r = 0; r < buffer_rows_; ++r) {
      std::fill_n(buffer + r * row_, before_ * pixel_, 0.0f);
      const int64_t covered = before_ + expand_.output.shape[kW];
      std::fill_n(buffer + r * row_ + covered * pixel_, (columns_ - covered) * pixel_, 0.0f);
    }
    const int64_t stride = depthwise_.stride[1];
    int64_t ready = 0;  // rows at the top of the buffer that the window above has left there
    for (int64_t y = begin; y < end; y += window_) {
      const int64_t rows = std::min(window_, end - y), top = y * stride - depthwise_.pad_start[1];
      const int64_t needed = (rows - 1) * stride + buffer_rows_ - (window_ - 1) * stride;
      expand_rows(arena, image, panel, top + ready, top + needed, buffer, ready);
      depthwise_rows(arena, image, panel, y, rows, buffer);
      if (overlap_ > 0) std::memmove(buffer, buffer + rows * stride * row_, static_cast<size_t>(overlap_ * row_) * sizeof(float));
      ready = overlap_;
    }
  }

  // Rows [begin, end) of the expanded image, to the buffer from row `slot` on; those outside of the image are zeros.
  void expand_rows(float* arena, int64_t image, int64_t panel, int64_t begin, int64_t end, float* buffer, int64_t slot) const {
    const int64_t height = expand_.output.shape[kH], width = expand_.output.shape[kW];
    const int64_t first = std::clamp<int64_t>(begin, 0, height), last = std::clamp<int64_t>(end, first, height);
    const int64_t above = std::min(first, end), below = std::max(last, begin);
    if (begin < above) std::fill_n(buffer + slot * row_, (above - begin) * row_, 0.0f);
    if (below < end) std::fill_n(buffer + (slot + below - begin) * row_, (end - below) * row_, 0.0f);
    if (first == last) return;

    const float* input = arena + origin_ + image * expand_.input.strides[kN];
    const ptrdiff_t* from = input_offsets_.data() + first * width;
    const ptrdiff_t* to = buffer_offsets_.data() + (slot + first - begin) * width;
    const int64_t pixels = (last - first) * width, tiles = (pixels + largest_tile_ - 1) / largest_tile_;
    const int64_t small = pixels / tiles, extra = pixels % tiles;
    const bool prefetches_panel = tiles <= kPrefetchTiles && panel + 1 < panels_.count();
    const bool prefetches_inputs = !prefetches_panel && panel == 0 && input_step_ > 0;
    GemmTile tile{input, from, runs_.offsets.data(), static_cast<int64_t>(runs_.offsets.size()), runs_.length,
                  expand_weights_.weights(0, panel), expand_weights_.bias(0, panel), buffer + before_ * pixel_, to, nullptr, nullptr, 0,
                  panels_.vectors(panel), panels_.channels(panel), expand_.activation, nullptr, 0};
    for (int64_t i = 0; i < tiles; ++i) {
      tile.pixels = static_cast<int>(small + (i < extra));
      GemmPrefetch prefetch;
      if (prefetches_panel) {
        prefetch = expand_weights_.next_panel(0, panel, i, tiles);
      } else if (prefetches_inputs && i + 1 < tiles) {
        prefetch = {input + tile.input_offsets[tile.pixels] + runs_.offsets.back(), input_step_};
      }
      tile.prefetch = prefetch.start;
      tile.prefetch_step = prefetch.step;
      kernels_.gemm_f32(tile);
      tile.input_offsets += tile.pixels;
      tile.output_offsets += tile.pixels;
    }
  }

  // `rows` output rows of a panel from row y on, whose inputs begin at the top of the buffer.
  void depthwise_rows(float* arena, int64_t image, int64_t panel, int64_t y, int64_t rows, const float* buffer) const {
    const int64_t channel = panels_.first_channel(panel);
    const ViewSpec& output = depthwise_.output;
    kernels_.depthwise_f32({buffer, inputs_.row_offsets.data(), inputs_.row_step, depthwise_.stride[2] * pixel_,
                            depthwise_.dilation[2] * pixel_, depthwise_.kernel[1], depthwise_.kernel[2], 0, 0,
                            depthwise_weights_->data() + channel * (1 + depthwise_.taps()),
                            arena + cell_offset(output, image, 0, y, 0) + channel, output.strides[kH], output.strides[kW], nullptr, 0, 0,
                            rows, output.shape[kW], panels_.channels(panel), depthwise_.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry expand_;
  ConvGeometry depthwise_;
  Panels panels_;
  PackedConv expand_weights_;
  WeightStore::Packed depthwise_weights_;
  ConvRuns runs_;
  int64_t origin_;  // of the first tap of pixel (0, 0, 0, 0)
  int64_t largest_tile_;
  int64_t pixel_;        // elements of a cell of the buffer
  int64_t before_;       // cells of zeros before a row
  int64_t columns_;      // cells of a row
  int64_t row_;          // elements of a row
  int64_t overlap_;      // rows that two neighbouring output rows both read, less the stride
  int64_t window_;       // output rows that are made from one filling of the buffer
  int64_t buffer_rows_;  // rows that they read
  int64_t input_step_;   // elements of the next tile's inputs to prefetch with every step of a sum
  int64_t cached_strips_;
  int64_t most_strips_;
  DepthwiseInputs inputs_;
  std::vector<ptrdiff_t> input_offsets_;   // of the pixels of one image
  std::vector<ptrdiff_t> buffer_offsets_;  // of as many pixels as the buffer has
};

// Cells of the padded image that one row of outputs reads.
double window_cells(const ConvGeometry& p) {
  const auto reach = [&](int axis, int64_t outputs) {
    return static_cast<double>(outputs - 1) * static_cast<double>(p.stride[axis]) +
           static_cast<double>(p.kernel[axis] - 1) * static_cast<double>(p.dilation[axis]) + 1;
  };
  const double columns = std::max(reach(2, p.output.shape[kW]), static_cast<double>(p.pad_start[2] + p.input.shape[kW]));
  return columns * reach(1, 1);
}

}  // namespace

Status make_expand_depthwise_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  ConvProblem expand, depthwise;
  expand.input = reader.input(0);
  depthwise.output = reader.output(0);
  const std::array<int64_t, 3> size = reader.triple("size", 1, INT32_MAX);
  const auto& output = depthwise.output.shape;
  expand.output = contiguous_view({output[kN], size[0], size[1], size[2], output[kC]});
  depthwise.input = expand.output;
  read_convolution(reader, "expand.", expand);
  read_convolution(reader, "depthwise.", depthwise);
  reader.expect(size[0] == 1 && output[kD] == 1 && depthwise.kernel[0] == 1, "expected images");
  reader.expect(expand.groups == 1 && expand.halo_covers_padding(), "expected a convolution of one group whose padding the halo covers");
  reader.expect(depthwise.groups == output[kC], "expected as many groups as channels");
  reader.expect(window_cells(depthwise) * static_cast<double>(output[kC]) < kLargestWindow, "the window of a row is too large");
  if (!reader.status().ok()) return reader.status();

  PackedConv expand_weights;
  if (Status status = pack_conv(expand, context, expand_weights); !status.ok()) return status;
  WeightStore::Packed depthwise_weights;
  if (Status status = pack_depthwise(depthwise, context, depthwise_weights); !status.ok()) return status;
  step = std::make_unique<ExpandDepthwise>(expand, depthwise, context, std::move(expand_weights), std::move(depthwise_weights));
  return Status::Ok();
}

}  // namespace im2col
