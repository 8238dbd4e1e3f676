// The mean, sum, product, maximum, minimum or norm over some axes: the axes on which the output has size 1. First the pixels
// that make up an output pixel are reduced channel by channel, then, where the channels are reduced too, those.
#include <algorithm>
#include <cmath>
#include <limits>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

// What is done with a sum at last.
enum class Finish { kNothing, kDivide, kRoot };

struct Operator {
  const char* name;
  ReductionKind kind;   // of the elements
  ReductionKind joint;  // of what is reduced already
  float start;
  Finish finish;
};

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Operator kOperators[] = {
    {"mean", ReductionKind::kSum, ReductionKind::kSum, 0, Finish::kDivide},
    {"sum", ReductionKind::kSum, ReductionKind::kSum, 0, Finish::kNothing},
    {"prod", ReductionKind::kProduct, ReductionKind::kProduct, 1, Finish::kNothing},
    {"max", ReductionKind::kMax, ReductionKind::kMax, -kInfinity, Finish::kNothing},
    {"min", ReductionKind::kMin, ReductionKind::kMin, kInfinity, Finish::kNothing},
    {"l1", ReductionKind::kSumOfAbsolutes, ReductionKind::kSum, 0, Finish::kNothing},
    {"l2", ReductionKind::kSumOfSquares, ReductionKind::kSum, 0, Finish::kRoot},
};

class Reduce final : public Step {
 public:
  Reduce(const KernelTable& kernels, const Operator& op, const ViewSpec& input, const ViewSpec& output)
      : kernels_(kernels),
        op_(op),
        input_(input),
        output_(output),
        reduces_channels_(input.shape[kC] != output.shape[kC]),
        reduces_pixels_(pixel_count(input) != pixel_count(output)),
        block_channels_(reduces_channels_ ? input.shape[kC] : std::min(kBlockChannels, input.shape[kC])),
        divisor_(static_cast<float>(element_count(input) / element_count(output))) {
    for (int axis = kD; axis <= kW; ++axis) window_[axis] = output.shape[axis] == input.shape[axis] ? 1 : input.shape[axis];
  }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = input_.shape[kC], blocks = (channels + block_channels_ - 1) / block_channels_;
    const int64_t window = window_[kD] * window_[kH] * window_[kW];
    for_ranges(context.parallel, pixel_count(output_) * blocks, window * block_channels_, [&](int64_t begin, int64_t end, int thread) {
      float* sums = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * block_channels_, count = std::min(block_channels_, channels - first);
        float* output = context.arena + pixel_offset(output_, i / blocks) + first;
        reduce_block(context.arena, i / blocks, first, count, reduces_channels_ ? sums : output, output);
      }
    });
  }

  size_t scratch_size() const override { return reduces_channels_ ? static_cast<size_t>(input_.shape[kC]) : 0; }

  double flops() const override { return static_cast<double>(element_count(input_)); }

 private:
  // Few output pixels: their channels are cut for the threads.
  static constexpr int64_t kBlockChannels = 64;

  void reduce_block(const float* arena, int64_t pixel, int64_t channel, int64_t channels, float* sums, float* output) const {
    std::array<int64_t, 4> at;  // n, d, h, w of the first input pixel
    for (int axis = kW; axis >= kN; --axis) {
      at[axis] = pixel % output_.shape[axis];
      pixel /= output_.shape[axis];
    }
    const float* x = arena + cell_offset(input_, at[kN], at[kD], at[kH], at[kW]) + channel;
    const bool direct = reduces_channels_ && !reduces_pixels_;
    if (!direct) {
      std::fill_n(sums, channels, op_.start);
      for (int64_t d = 0; d < window_[kD]; ++d) {
        for (int64_t h = 0; h < window_[kH]; ++h) {
          kernels_.reduce_rows_f32({op_.kind, x + d * input_.strides[kD] + h * input_.strides[kH], input_.strides[kW], window_[kW],
                                    channels, nullptr, sums});
        }
      }
    }
    if (reduces_channels_) {
      kernels_.reduce_channels_f32({direct ? op_.kind : op_.joint, direct ? x : sums, 0, 1, channels, output, 0});
      channels = 1;
    }
    finish(output, channels);
  }

  void finish(float* output, int64_t channels) const {
    if (op_.finish == Finish::kDivide) {
      for (int64_t c = 0; c < channels; ++c) output[c] /= divisor_;
    } else if (op_.finish == Finish::kRoot) {
      for (int64_t c = 0; c < channels; ++c) output[c] = std::sqrt(output[c]);
    }
  }

  const KernelTable& kernels_;
  Operator op_;
  ViewSpec input_;
  ViewSpec output_;
  bool reduces_channels_;
  bool reduces_pixels_;
  int64_t block_channels_;
  float divisor_;
  std::array<int64_t, 4> window_{};  // input pixels for each output pixel along d, h, w
};

}  // namespace

Status make_reduce_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const std::string name = reader.word("operator");
  const auto* op = std::find_if(std::begin(kOperators), std::end(kOperators), [&](const Operator& known) { return name == known.name; });
  reader.expect(op != std::end(kOperators), "attribute 'operator' is '" + name + "', which is no reduction");
  bool fits = input.shape[kN] == output.shape[kN];
  for (int axis = kD; axis <= kC; ++axis) fits = fits && (output.shape[axis] == input.shape[axis] || output.shape[axis] == 1);
  reader.expect(fits, "expected an output with the sizes of the input or 1 but received " + describe_shape(output) + " for " + describe_shape(input));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Reduce>(context.kernels, *op, input, output);
  return Status::Ok();
}

}  // namespace im2col
