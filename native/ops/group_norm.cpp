// Group normalisation: the mean and the variance of each group of channels over all pixels of an image, taken in two passes so
// that nothing cancels, then y = act((x - mean) / sqrt(variance + eps) * weight + bias + residual). One group is layer
// normalisation over an image, a group for each channel is instance normalisation.
//
// Sums are taken for blocks of pixels whose size depends on the shape alone, and joined in their order.
#include <algorithm>
#include <cmath>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class GroupNorm final : public Step {
 public:
  GroupNorm(const KernelTable& kernels, const ViewSpec& input, const ViewSpec* residual, const ViewSpec& output, int64_t groups,
            float eps, WeightStore::Packed weight, WeightStore::Packed bias, const Activation& activation)
      : kernels_(kernels),
        input_(input),
        residual_(residual ? *residual : output),
        output_(output),
        has_residual_(residual != nullptr),
        groups_(groups),
        eps_(eps),
        weight_(std::move(weight)),
        bias_(std::move(bias)),
        activation_(activation),
        image_(output.shape[kD] * output.shape[kH] * output.shape[kW]),
        blocks_(std::clamp<int64_t>(image_ * output.shape[kC] / kBlockElements, 1, std::min(image_, kMostBlocks))) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t images = output_.shape[kN], channels = output_.shape[kC];
    float* sums = context.scratch;
    float* centers = sums + images * blocks_ * channels;
    float* scales = centers + images * channels;
    reduce(context, sums, nullptr);
    join(sums, centers, [&](int64_t, double total, double count) { return total / count; });
    reduce(context, sums, centers);
    join(sums, scales, [&](int64_t c, double total, double count) {
      return (weight_ ? weight_->data()[c] : 1.0) / std::sqrt(total / count + static_cast<double>(eps_));
    });
    for (int64_t i = 0; i < images * channels; ++i) {
      centers[i] = static_cast<float>((bias_ ? bias_->data()[i % channels] : 0.0) - static_cast<double>(centers[i]) * static_cast<double>(scales[i]));
    }
    apply(context, scales, centers);
  }

  // One area that the threads share: sums of each block, then a center and a scale for each channel of each image.
  size_t scratch_size() const override {
    return static_cast<size_t>(output_.shape[kN] * (blocks_ + 2) * output_.shape[kC]);
  }

  double flops() const override { return 6.0 * static_cast<double>(element_count(output_)); }

 private:
  static constexpr int64_t kBlockElements = 16 * 1024;
  static constexpr int64_t kMostBlocks = 32;

  // Sums of each channel over each block of pixels, or of the squared distances from a center.
  void reduce(const RunContext& context, float* sums, const float* centers) const {
    const int64_t channels = output_.shape[kC], row = common_row_pixels({&input_}, kD);
    context.parallel.run(output_.shape[kN] * blocks_, [&](int64_t task, int) {
      const int64_t n = task / blocks_, block = task % blocks_;
      float* sum = sums + task * channels;
      std::fill_n(sum, channels, 0.0f);
      for_row_segments(n * image_ + image_ * block / blocks_, n * image_ + image_ * (block + 1) / blocks_, row, [&](int64_t first, int64_t count) {
        const ReduceRows rows{ReductionKind::kSum, context.arena + pixel_offset(input_, first), input_.strides[kW], count, channels,
                              centers ? centers + n * channels : nullptr, sum};
        if (centers) {
          kernels_.square_distances_f32(rows);
        } else {
          kernels_.reduce_rows_f32(rows);
        }
      });
    });
  }

  // finish(channel, total over the group, number of elements) for each channel of each image.
  template <typename Finish>
  void join(const float* sums, float* results, const Finish& finish) const {
    const int64_t channels = output_.shape[kC], per_group = channels / groups_;
    for (int64_t n = 0; n < output_.shape[kN]; ++n) {
      for (int64_t first = 0; first < channels; first += per_group) {
        double total = 0;
        for (int64_t block = 0; block < blocks_; ++block) {
          const float* sum = sums + (n * blocks_ + block) * channels + first;
          for (int64_t c = 0; c < per_group; ++c) total += static_cast<double>(sum[c]);
        }
        const double count = static_cast<double>(per_group) * static_cast<double>(image_);
        for (int64_t c = first; c < first + per_group; ++c) results[n * channels + c] = static_cast<float>(finish(c, total, count));
      }
    }
  }

  void apply(const RunContext& context, const float* scales, const float* shifts) const {
    const int64_t channels = output_.shape[kC], row_pixels = common_row_pixels({&input_, &residual_, &output_}, kD);
    for_ranges(context.parallel, pixel_count(output_), 2 * channels, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row_pixels, [&](int64_t first, int64_t count) {
        AffineRow row{};
        row.input = context.arena + pixel_offset(input_, first);
        row.input_stride = input_.strides[kW];
        row.scale = scales + first / image_ * channels;
        row.shift = shifts + first / image_ * channels;
        row.residual = has_residual_ ? context.arena + pixel_offset(residual_, first) : nullptr;
        row.residual_stride = residual_.strides[kW];
        row.output = context.arena + pixel_offset(output_, first);
        row.output_stride = output_.strides[kW];
        row.pixels = count;
        row.channels = channels;
        row.activation = activation_;
        kernels_.affine_f32(row);
      });
    });
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec residual_;
  ViewSpec output_;
  bool has_residual_;
  int64_t groups_;
  float eps_;
  WeightStore::Packed weight_;
  WeightStore::Packed bias_;
  Activation activation_;
  int64_t image_;   // pixels
  int64_t blocks_;  // of pixels, for each image
};

}  // namespace

Status make_group_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec* residual = reader.optional_input(1);
  const ViewSpec& output = reader.output(0);
  const Activation activation = reader.activation();
  expect_same_shape(reader, "input", input, "output", output);
  if (residual) expect_same_shape(reader, "residual", *residual, "output", output);
  const int64_t channels = output.shape[kC];
  const int64_t groups = reader.integer("groups", 1, std::max<int64_t>(1, channels));
  reader.expect(channels % groups == 0, "expected groups to divide " + std::to_string(channels) + " channels but received " + std::to_string(groups));
  const float eps = reader.number("eps");
  reader.expect(eps >= 0, "expected eps to be at least 0 but received " + std::to_string(eps));
  const ParameterSpec* weight = reader.optional_parameter("weight", static_cast<size_t>(channels));
  const ParameterSpec* bias = reader.optional_parameter("bias", static_cast<size_t>(channels));
  if (!reader.status().ok()) return reader.status();

  WeightStore::Packed kept_weight, kept_bias;
  if (weight) {
    if (Status status = keep_parameter(context, *weight, kept_weight); !status.ok()) return status;
  }
  if (bias) {
    if (Status status = keep_parameter(context, *bias, kept_bias); !status.ok()) return status;
  }
  step = std::make_unique<GroupNorm>(context.kernels, input, residual, output, groups, eps, std::move(kept_weight), std::move(kept_bias), activation);
  return Status::Ok();
}

}  // namespace im2col
