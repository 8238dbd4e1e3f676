// Max and average pooling, fixed windows and adaptive bins.
#include <algorithm>
#include <limits>
#include <vector>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

// The taps of one output coordinate on one axis: first, first + step, ... (count of them), all inside the input.
struct AxisWindow {
  int64_t first = 0;
  int64_t count = 0;
  int64_t divisor = 0;  // how many cells an average divides by
};

struct Windows {
  std::array<std::vector<AxisWindow>, 3> axes;  // d, h, w
  std::array<int64_t, 3> step{1, 1, 1};         // between taps

  int64_t largest() const {
    int64_t taps = 1;
    for (const auto& axis : axes) {
      int64_t most = 0;
      for (const AxisWindow& window : axis) most = std::max(most, window.count);
      taps *= most;
    }
    return taps;
  }
};

enum class Kind { kMax, kAverage };

class Pool final : public Step {
 public:
  Pool(const KernelTable& kernels, Kind kind, const ViewSpec& input, const ViewSpec& output, Windows windows)
      : kernel_(kind == Kind::kMax ? kernels.max_pool_f32 : kernels.avg_pool_f32),
        empty_(kind == Kind::kMax ? -std::numeric_limits<float>::infinity() : 0.0f),
        input_(input),
        output_(output),
        windows_(std::move(windows)),
        largest_window_(windows_.largest()),
        block_channels_(pixel_count(output) < kFewPixels ? std::min(kBlockChannels, output.shape[kC]) : output.shape[kC]) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t blocks = (output_.shape[kC] + block_channels_ - 1) / block_channels_;
    const int64_t cost = (largest_window_ + 1) * block_channels_;
    for_ranges(context.parallel, pixel_count(output_) * blocks, cost, [&](int64_t begin, int64_t end, int thread) {
      const float** taps = reinterpret_cast<const float**>(context.scratch + thread * context.scratch_stride);
      for (int64_t i = begin; i < end; ++i) run_block(context.arena, i / blocks, i % blocks * block_channels_, taps);
    });
  }

  // Pointers to the taps of a window.
  size_t scratch_size() const override { return static_cast<size_t>(largest_window_) * kFloatsPerPointer; }

  double flops() const override { return static_cast<double>(largest_window_) * static_cast<double>(element_count(output_)); }

 private:
  // Global pooling has few output pixels, so its channels are cut for the threads too.
  static constexpr int64_t kFewPixels = 64;
  static constexpr int64_t kBlockChannels = 256;
  static constexpr size_t kFloatsPerPointer = sizeof(const float*) / sizeof(float);

  void run_block(float* arena, int64_t pixel, int64_t channel, const float** taps) const {
    const int64_t w = pixel % output_.shape[kW], h = pixel / output_.shape[kW] % output_.shape[kH];
    const int64_t plane = pixel / output_.shape[kW] / output_.shape[kH];
    const int64_t d = plane % output_.shape[kD], n = plane / output_.shape[kD];
    const AxisWindow &depth = windows_.axes[0][d], &height = windows_.axes[1][h], &width = windows_.axes[2][w];

    int64_t count = 0;
    for (int64_t z = 0; z < depth.count; ++z) {
      for (int64_t y = 0; y < height.count; ++y) {
        const float* tap = arena + channel +
                           cell_offset(input_, n, depth.first + z * windows_.step[0], height.first + y * windows_.step[1], width.first);
        for (int64_t x = 0; x < width.count; ++x, tap += windows_.step[2] * input_.strides[kW]) taps[count++] = tap;
      }
    }
    const int64_t channels = std::min(block_channels_, output_.shape[kC] - channel);
    float* output = arena + cell_offset(output_, n, d, h, w) + channel;
    if (count == 0) {
      std::fill_n(output, channels, empty_);
      return;
    }
    const double divisor = static_cast<double>(depth.divisor) * static_cast<double>(height.divisor) * static_cast<double>(width.divisor);
    kernel_({taps, count, static_cast<float>(1 / divisor), output, channels});
  }

  void (*kernel_)(const PoolWindow&);
  float empty_;  // the result of a window without a tap inside the input
  ViewSpec input_;
  ViewSpec output_;
  Windows windows_;
  int64_t largest_window_;
  int64_t block_channels_;
};

// The taps of output coordinate `i` of a fixed window. With padding counted an average divides by the taps that lie in
// the padded input; a window that ceil mode lets stick out further does not count the rest.
AxisWindow fixed_window(int64_t i, int64_t input, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad_start,
                        int64_t pad_end, bool count_padding) {
  const int64_t start = i * stride - pad_start;
  const auto taps_before = [&](int64_t limit) {  // taps at positions below `limit`
    return std::clamp<int64_t>((limit - start + dilation - 1) / dilation, 0, kernel);
  };
  const int64_t skipped = taps_before(0), count = taps_before(input) - skipped;
  return {start + skipped * dilation, count, count_padding ? taps_before(input + pad_end) : count};
}

Status make_pool(const StepSpec& spec, const BuildContext& context, Kind kind, std::unique_ptr<Step>& step) {
  constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const auto kernel = reader.triple("kernel", 1, kLargest);
  const auto stride = reader.triple("stride", 1, kLargest);
  const auto dilation = reader.triple("dilation", 1, kLargest);
  const auto pad_start = reader.triple("padStart", 0, kLargest);
  const auto pad_end = reader.triple("padEnd", 0, kLargest);
  const bool count_padding = kind == Kind::kAverage && reader.integer("countIncludePad", 0, 1) == 1;
  expect_same_batch_and_channels(reader, input, output);
  if (!reader.status().ok()) return reader.status();

  Windows windows;
  windows.step = dilation;
  for (size_t axis = 0; axis < 3; ++axis) {
    for (int64_t i = 0; i < output.shape[1 + axis]; ++i) {
      windows.axes[axis].push_back(fixed_window(i, input.shape[1 + axis], kernel[axis], stride[axis], dilation[axis],
                                                pad_start[axis], pad_end[axis], count_padding));
    }
  }
  step = std::make_unique<Pool>(context.kernels, kind, input, output, std::move(windows));
  return Status::Ok();
}

// Bin i of `output` bins reaches from floor(i * input / output) to ceil((i + 1) * input / output).
Status make_adaptive_pool(const StepSpec& spec, const BuildContext& context, Kind kind, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_batch_and_channels(reader, input, output);
  if (!reader.status().ok()) return reader.status();

  Windows windows;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t from = input.shape[1 + axis], to = output.shape[1 + axis];
    for (int64_t i = 0; i < to; ++i) {
      const int64_t start = i * from / to, end = ((i + 1) * from + to - 1) / to;
      windows.axes[axis].push_back({start, end - start, end - start});
    }
  }
  step = std::make_unique<Pool>(context.kernels, kind, input, output, std::move(windows));
  return Status::Ok();
}

}  // namespace

Status make_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_pool(spec, context, Kind::kMax, step);
}

Status make_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_pool(spec, context, Kind::kAverage, step);
}

Status make_adaptive_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_adaptive_pool(spec, context, Kind::kMax, step);
}

Status make_adaptive_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_adaptive_pool(spec, context, Kind::kAverage, step);
}

}  // namespace im2col
