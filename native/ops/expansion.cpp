#include "expansion.h"

#include <algorithm>
#include <cstring>

#include "pixel_grid.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// A strip computes the rows at its top that the strip above has computed too: at most one for so many of its own.
constexpr int64_t kRowsPerRepeated = 8;
// With more pixels than these the first use of a panel's weights is a small part.
constexpr int64_t kPrefetchPixels = 225;
constexpr double kLargestWindow = 1 << 30;  // elements

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

Expansion::Expansion(const ConvProblem& expand, const ConvProblem& depthwise, const KernelTable& kernels, PackedConv expand_weights,
                     WeightStore::Packed depthwise_weights, const Budget& budget)
    : kernels_(kernels),
      expand_(expand),
      depthwise_(depthwise),
      expand_weights_(std::move(expand_weights)),
      depthwise_weights_(std::move(depthwise_weights)),
      runs_(conv_runs(expand)),
      origin_(first_tap(expand)),
      largest_tile_(largest_direct_tile(expand, kernels, panels())),
      pixel_(int64_t{panels().widest()} * panels().lanes()),
      before_(depthwise.pad_start[2]) {
  const ViewSpec &image = expand.output, &output = depthwise.output;
  columns_ = std::max(reach(2, output.shape[kW]), before_ + image.shape[kW]);
  row_ = columns_ * pixel_;
  overlap_ = std::max<int64_t>(0, reach(1, 1) - depthwise.stride[1]);

  // Rows (w - 1) * stride + reach in each buffer for w rows of outputs.
  const int64_t all_rows = budget.buffers * row_ * static_cast<int64_t>(sizeof(float));
  const int64_t fitting = (budget.bytes - all_rows * (reach(1, 1) - depthwise.stride[1])) / (all_rows * depthwise.stride[1] + budget.row_bytes);
  window_ = std::clamp<int64_t>(fitting, 1, output.shape[kH]);
  buffer_rows_ = reach(1, window_);
  input_step_ = input_prefetch_step(expand, largest_tile_);

  inputs_ = depthwise_inputs(depthwise, window_, 0, row_);
  ViewSpec one_image = image;
  one_image.shape[kN] = 1;
  input_offsets_ = PixelGrid(one_image, 1).offsets({0, 0, expand.stride[1] * expand.input.strides[kH],
                                                    expand.stride[2] * expand.input.strides[kW]});
  one_image.shape[kH] = buffer_rows_;
  buffer_offsets_ = PixelGrid(one_image, 1).offsets({0, 0, row_, pixel_});
}

// Cells of the expanded image along an axis that so many outputs read.
int64_t Expansion::reach(int axis, int64_t outputs) const {
  return (outputs - 1) * depthwise_.stride[axis] + (depthwise_.kernel[axis] - 1) * depthwise_.dilation[axis] + 1;
}

int64_t Expansion::most_strips() const {
  const int64_t height = depthwise_.output.shape[kH];
  return std::clamp<int64_t>(height * depthwise_.stride[1] / (kRowsPerRepeated * std::max<int64_t>(1, overlap_)), 1, height);
}

void Expansion::clear_sides(float* buffer) const {
  const int64_t covered = before_ + expand_.output.shape[kW];
  for (int64_t r = 0; r < buffer_rows_; ++r) {
    std::fill_n(buffer + r * row_, before_ * pixel_, 0.0f);
    std::fill_n(buffer + r * row_ + covered * pixel_, (columns_ - covered) * pixel_, 0.0f);
  }
}

void Expansion::window(const float* arena, int64_t image, int64_t panel, int64_t y, int64_t rows, int64_t ready, float* buffer,
                       const Output& output, const UpcomingWeights& upcoming) const {
  const int64_t stride = depthwise_.stride[1], top = y * stride - depthwise_.pad_start[1];
  expand_rows(arena, image, panel, top + ready, top + reach(1, rows), buffer, ready, upcoming);
  kernels_.depthwise_f32({buffer, inputs_.row_offsets.data(), inputs_.row_step, depthwise_.stride[2] * pixel_,
                          depthwise_.dilation[2] * pixel_, depthwise_.kernel[1], depthwise_.kernel[2], 0, 0,
                          depthwise_weights_->data() + panels().first_channel(panel) * (1 + depthwise_.taps()), output.first, output.row,
                          output.pixel, nullptr, 0, 0, rows, depthwise_.output.shape[kW], panels().channels(panel), depthwise_.activation});
  if (overlap_ > 0) std::memmove(buffer, buffer + rows * stride * row_, static_cast<size_t>(overlap_ * row_) * sizeof(float));
}

// Rows [begin, end) of the expanded image, to the buffer from row `slot` on; those outside of the image are zeros.
void Expansion::expand_rows(const float* arena, int64_t image, int64_t panel, int64_t begin, int64_t end, float* buffer, int64_t slot,
                            const UpcomingWeights& upcoming) const {
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
  const bool prefetches_weights = pixels <= kPrefetchPixels;
  const bool prefetches_inputs = !prefetches_weights && panel == 0 && input_step_ > 0;
  GemmTile tile{input, from, runs_.offsets.data(), static_cast<int64_t>(runs_.offsets.size()), runs_.length,
                expand_weights_.weights(0, panel), expand_weights_.bias(0, panel), buffer + before_ * pixel_, to, nullptr, nullptr, 0,
                panels().vectors(panel), panels().channels(panel), expand_.activation, nullptr, 0};
  for (int64_t i = 0; i < tiles; ++i) {
    tile.pixels = static_cast<int>(small + (i < extra));
    GemmPrefetch prefetch;
    if (prefetches_weights) {
      prefetch = expand_weights_.next_weights(0, panel, i, tiles, upcoming);
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

void read_expansion(SpecReader& reader, int64_t channels, ConvProblem& expand, ConvProblem& depthwise) {
  const std::array<int64_t, 3> size = reader.triple("size", 1, INT32_MAX);
  const auto& output = depthwise.output.shape;
  expand.output = contiguous_view({output[kN], size[0], size[1], size[2], channels});
  depthwise.input = expand.output;
  read_convolution(reader, "expand.", expand);
  read_convolution(reader, "depthwise.", depthwise);
  reader.expect(size[0] == 1 && output[kD] == 1 && depthwise.kernel[0] == 1, "expected images");
  reader.expect(expand.groups == 1 && expand.halo_covers_padding(), "expected a convolution of one group whose padding the halo covers");
  reader.expect(depthwise.groups == channels, "expected as many groups as channels");
  reader.expect(window_cells(depthwise) * static_cast<double>(channels) < kLargestWindow, "the window of a row is too large");
}

}  // namespace im2col
