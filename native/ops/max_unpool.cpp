// Where the maxima of a max pooling lie, and max unpooling, which puts values back to such places.
//
// A place is the position within its channel's plane of the image, (d * H + h) * W + w, as a float32: exact below 2^24.
#include <algorithm>
#include <vector>

#include "factories.h"
#include "partition.h"
#include "pool_windows.h"

namespace im2col {
namespace {

class MaxPoolIndices final : public Step {
 public:
  MaxPoolIndices(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, WindowGrid windows)
      : kernels_(kernels), input_(input), output_(output), windows_(std::move(windows)), largest_window_(windows_.largest()) {}

  // Pointers to the taps of a window, then their places.
  size_t scratch_size() const override { return static_cast<size_t>(largest_window_) * (kFloatsPerPointer + 1); }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t cost = (largest_window_ + 1) * output_.shape[kC];
    for_ranges(context.parallel, pixel_count(output_), cost, [&](int64_t begin, int64_t end, int thread) {
      float* scratch = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      for (int64_t pixel = begin; pixel < end; ++pixel) run_pixel(context.arena, pixel, scratch);
    });
  }

 private:
  void run_pixel(float* arena, int64_t pixel, float* scratch) const {
    const float** taps = reinterpret_cast<const float**>(scratch);
    float* places = scratch + static_cast<size_t>(largest_window_) * kFloatsPerPointer;
    const int64_t w = pixel % output_.shape[kW], h = pixel / output_.shape[kW] % output_.shape[kH];
    const int64_t plane = pixel / output_.shape[kW] / output_.shape[kH];
    const int64_t d = plane % output_.shape[kD], n = plane / output_.shape[kD];
    const AxisWindow depth = windows_.axes[0][d], height = windows_.axes[1][h], width = windows_.axes[2][w];
    int64_t count = 0;
    for (int64_t i = 0; i < depth.count; ++i) {
      for (int64_t j = 0; j < height.count; ++j) {
        for (int64_t k = 0; k < width.count; ++k, ++count) {
          const int64_t z = depth.first + i * windows_.step[0], y = height.first + j * windows_.step[1], x = width.first + k * windows_.step[2];
          taps[count] = arena + cell_offset(input_, n, z, y, x);
          places[count] = static_cast<float>((z * input_.shape[kH] + y) * input_.shape[kW] + x);
        }
      }
    }
    kernels_.max_pool_indices_f32({taps, places, count, arena + cell_offset(output_, n, d, h, w), output_.shape[kC]});
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  WindowGrid windows_;
  int64_t largest_window_;
};

class MaxUnpool final : public Step {
 public:
  MaxUnpool(const ViewSpec& input, const ViewSpec& indices, const ViewSpec& output) : input_(input), indices_(indices), output_(output) {}

  // A task has some channels of an image: of values for one place the last in the order d, h, w stays, whoever does it.
  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t blocks = (output_.shape[kC] + kBlockChannels - 1) / kBlockChannels;
    const int64_t cost = (pixel_count(output_) + kScatterCost * pixel_count(input_)) / output_.shape[kN] * kBlockChannels;
    for_ranges(context.parallel, output_.shape[kN] * blocks, cost, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) run_block(context.arena, i / blocks, i % blocks * kBlockChannels);
    });
  }

 private:
  static constexpr int64_t kBlockChannels = 16;  // a cache line
  static constexpr int64_t kScatterCost = 8;

  void run_block(float* arena, int64_t n, int64_t channel) const {
    const int64_t channels = std::min(kBlockChannels, output_.shape[kC] - channel);
    const int64_t places = pixel_count(output_) / output_.shape[kN];
    for (int64_t i = 0; i < places; ++i) std::fill_n(arena + channel + pixel_offset(output_, n * places + i), channels, 0.0f);
    const bool is_dense = common_row_pixels({&output_}, kD) == places;
    const int64_t count = pixel_count(input_) / input_.shape[kN];
    for (int64_t i = 0; i < count; ++i) {
      const float* value = arena + channel + pixel_offset(input_, n * count + i);
      const float* index = arena + channel + pixel_offset(indices_, n * count + i);
      for (int64_t c = 0; c < channels; ++c) {
        // What is no place, NaN too, is left out.
        if (!(index[c] >= 0 && index[c] < static_cast<float>(places))) continue;
        const int64_t place = std::min(static_cast<int64_t>(index[c]), places - 1);
        const int64_t offset = is_dense ? cell_offset(output_, n, 0, 0, 0) + place * output_.strides[kW] : pixel_offset(output_, n * places + place);
        arena[offset + channel + c] = value[c];
      }
    }
  }

  ViewSpec input_;
  ViewSpec indices_;
  ViewSpec output_;
};

}  // namespace

Status make_max_pool_indices_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  WindowGrid windows = read_fixed_windows(reader, input, output, false);
  expect_same_batch_and_channels(reader, input, output);
  for (const AxisWindows& axis : windows.axes) {
    bool reaches = true;
    for (int64_t i = 0; i < axis.size(); ++i) reaches = reaches && axis[i].count > 0;
    reader.expect(reaches, "every window must reach into the input");
  }
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<MaxPoolIndices>(context.kernels, input, output, std::move(windows));
  return Status::Ok();
}

Status make_max_unpool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& indices = reader.input(1);
  const ViewSpec& output = reader.output(0);
  expect_same_shape(reader, "input", input, "indices", indices);
  expect_same_batch_and_channels(reader, input, output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<MaxUnpool>(input, indices, output);
  return Status::Ok();
}

}  // namespace im2col
