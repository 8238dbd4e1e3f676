// Layer normalisation over the channels of every pixel.
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class LayerNorm final : public Step {
 public:
  LayerNorm(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, WeightStore::Packed weight,
            WeightStore::Packed bias, float eps)
      : kernels_(kernels), input_(input), output_(output), weight_(std::move(weight)), bias_(std::move(bias)), eps_(eps) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = output_.shape[kC], row = common_row_pixels({&input_, &output_});
    for_ranges(context.parallel, pixel_count(output_), kCostPerElement * channels, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
        kernels_.layer_norm_f32({context.arena + pixel_offset(input_, first), input_.strides[kW], weight_->data(),
                                 bias_->data(), context.arena + pixel_offset(output_, first), output_.strides[kW], count,
                                 channels, eps_});
      });
    });
  }

  double flops() const override { return 7.0 * static_cast<double>(element_count(output_)); }

 private:
  static constexpr int64_t kCostPerElement = 4;  // three passes and a division

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  WeightStore::Packed weight_;
  WeightStore::Packed bias_;
  float eps_;
};

}  // namespace

Status make_layer_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_shape(reader, "input", input, "output", output);
  const size_t channels = static_cast<size_t>(output.shape[kC]);
  const ParameterSpec& weight = reader.parameter("weight", channels);
  const ParameterSpec& bias = reader.parameter("bias", channels);
  const float eps = reader.number("eps");
  reader.expect(eps >= 0, "expected eps to be at least 0 but received " + std::to_string(eps));
  if (!reader.status().ok()) return reader.status();

  WeightStore::Packed kept_weight, kept_bias;
  if (Status status = keep_parameter(context, weight, kept_weight); !status.ok()) return status;
  if (Status status = keep_parameter(context, bias, kept_bias); !status.ok()) return status;
  step = std::make_unique<LayerNorm>(context.kernels, input, output, std::move(kept_weight), std::move(kept_bias), eps);
  return Status::Ok();
}

}  // namespace im2col
