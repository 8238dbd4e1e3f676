// Pooling over fixed windows and adaptive bins: maximum, average, p-norm, a mixture of maximum and average, and the
// probability-weighted mean of stochastic pooling.
#include <algorithm>
#include <limits>
#include <vector>

#include "factories.h"
#include "global_pool.h"
#include "partition.h"
#include "pool_windows.h"

namespace im2col {
namespace {

using PoolKernel = void (*)(const PoolWindows&);

// What becomes of the taps of a window.
struct PoolRule {
  PoolKernel kernel;
  float empty = 0;   // the result of a window without a tap inside the input
  double total = 1;  // PoolWindows::scale is this over the window's divisor
  float p = 0;
};

// Neighbouring windows of a row that differ only by where they lie.
struct Segment {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t distance = 0;  // between them, in input pixels
};

// Cuts a row into as few segments as possible.
std::vector<Segment> segments_of(const AxisWindows& row) {
  std::vector<Segment> segments;
  for (int64_t w = 0; w < row.size(); ++w) {
    const AxisWindow window = row[w];
    if (w > 0) {
      const AxisWindow last = row[w - 1];
      Segment& segment = segments.back();
      const int64_t distance = window.first - last.first;
      const bool alike = window.count == last.count && window.divisor == last.divisor;
      if (alike && (segment.end - segment.begin == 1 || segment.distance == distance)) {
        segment.end = w + 1;
        segment.distance = distance;
        continue;
      }
    }
    segments.push_back({w, w + 1, 0});
  }
  return segments;
}

class Pool final : public Step {
 public:
  Pool(const PoolRule& rule, const ViewSpec& input, const ViewSpec& output, WindowGrid windows)
      : rule_(rule),
        input_(input),
        output_(output),
        windows_(std::move(windows)),
        segments_(segments_of(windows_.axes[2])),
        largest_window_(windows_.largest()),
        block_channels_(pixel_count(output) < kFewPixels ? std::min(kBlockChannels, output.shape[kC]) : output.shape[kC]) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const auto& shape = output_.shape;
    const int64_t rows = shape[kN] * shape[kD] * shape[kH];
    const int64_t blocks = (shape[kC] + block_channels_ - 1) / block_channels_;
    const int64_t cost = (largest_window_ + 1) * block_channels_ * shape[kW];
    for_ranges(context.parallel, rows * blocks, cost, [&](int64_t begin, int64_t end, int thread) {
      const float** taps = reinterpret_cast<const float**>(context.scratch + thread * context.scratch_stride);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t row = i / blocks, plane = row / shape[kH];
        run_row(context.arena, plane / shape[kD], plane % shape[kD], row % shape[kH], i % blocks * block_channels_, taps);
      }
    });
  }

  // Pointers to the taps of a window.
  size_t scratch_size() const override { return static_cast<size_t>(largest_window_) * kFloatsPerPointer; }

  double flops() const override { return static_cast<double>(largest_window_) * static_cast<double>(element_count(output_)); }

 private:
  // Global pooling has few output pixels, so its channels are cut for the threads too.
  static constexpr int64_t kFewPixels = 64;
  static constexpr int64_t kBlockChannels = 256;

  void run_row(float* arena, int64_t n, int64_t d, int64_t h, int64_t channel, const float** taps) const {
    const AxisWindow depth = windows_.axes[0][d], height = windows_.axes[1][h];
    const int64_t channels = std::min(block_channels_, output_.shape[kC] - channel);
    for (const Segment& segment : segments_) {
      const AxisWindow width = windows_.axes[2][segment.begin];
      const int64_t count = list_taps(arena + channel, n, depth, height, width, taps);
      const int64_t pixels = segment.end - segment.begin;
      float* output = arena + cell_offset(output_, n, d, h, segment.begin) + channel;
      if (count == 0) {
        for (int64_t p = 0; p < pixels; ++p) std::fill_n(output + p * output_.strides[kW], channels, rule_.empty);
        continue;
      }
      const double divisor = static_cast<double>(depth.divisor) * static_cast<double>(height.divisor) * static_cast<double>(width.divisor);
      rule_.kernel({taps, count, segment.distance * input_.strides[kW], static_cast<float>(rule_.total / divisor), output,
                    output_.strides[kW], pixels, channels, rule_.p});
    }
  }

  int64_t list_taps(const float* input, int64_t n, const AxisWindow& depth, const AxisWindow& height, const AxisWindow& width,
                    const float** taps) const {
    int64_t count = 0;
    for (int64_t z = 0; z < depth.count; ++z) {
      for (int64_t y = 0; y < height.count; ++y) {
        const float* tap =
            input + cell_offset(input_, n, depth.first + z * windows_.step[0], height.first + y * windows_.step[1], width.first);
        for (int64_t x = 0; x < width.count; ++x, tap += windows_.step[2] * input_.strides[kW]) taps[count++] = tap;
      }
    }
    return count;
  }

  PoolRule rule_;
  ViewSpec input_;
  ViewSpec output_;
  WindowGrid windows_;
  std::vector<Segment> segments_;
  int64_t largest_window_;
  int64_t block_channels_;
};

PoolRule max_rule(const KernelTable& kernels) { return {kernels.max_pool_f32, -std::numeric_limits<float>::infinity()}; }
PoolRule average_rule(const KernelTable& kernels) { return {kernels.avg_pool_f32}; }

Status make_pool(SpecReader& reader, const PoolRule& rule, bool count_padding, std::unique_ptr<Step>& step) {
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  WindowGrid windows = read_fixed_windows(reader, input, output, count_padding);
  expect_same_batch_and_channels(reader, input, output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Pool>(rule, input, output, std::move(windows));
  return Status::Ok();
}

Status make_adaptive_pool(const StepSpec& spec, const BuildContext& context, const PoolRule& rule, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_batch_and_channels(reader, input, output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Pool>(rule, input, output, adaptive_windows(input, output));
  return Status::Ok();
}

}  // namespace

Status make_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  return make_pool(reader, max_rule(context.kernels), false, step);
}

Status make_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const bool count_padding = reader.integer("countIncludePad", 0, 1) == 1;
  return make_pool(reader, average_rule(context.kernels), count_padding, step);
}

Status make_lp_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const float p = reader.number("p");
  reader.expect(p > 0, "attribute 'p' must be positive");
  // PyTorch takes the average and multiplies it by the whole window, also where only a part of that lies in the input.
  double total = 1;
  for (const int64_t size : reader.triple("kernel", 1, std::numeric_limits<int32_t>::max())) total *= static_cast<double>(size);
  return make_pool(reader, {context.kernels.lp_pool_f32, 0, total, p}, true, step);
}

Status make_mixed_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const float share = reader.number("share");
  return make_pool(reader, {context.kernels.mixed_pool_f32, 0, 1, share}, true, step);
}

Status make_stochastic_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  return make_pool(reader, {context.kernels.stochastic_pool_f32}, false, step);
}

Status make_adaptive_max_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_adaptive_pool(spec, context, max_rule(context.kernels), step);
}

Status make_adaptive_avg_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec &input = reader.input(0), &output = reader.output(0);
  expect_same_batch_and_channels(reader, input, output);
  if (reader.status().ok() && pixel_count(output) == output.shape[kN]) {
    step = make_global_avg_pool(context.kernels, input, output);
    return Status::Ok();
  }
  return make_adaptive_pool(spec, context, average_rule(context.kernels), step);
}

}  // namespace im2col
