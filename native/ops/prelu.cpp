// The rectifier with a learned slope for each channel.
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class Prelu final : public Step {
 public:
  Prelu(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, WeightStore::Packed slope)
      : kernels_(kernels), input_(input), output_(output), slope_(std::move(slope)) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = output_.shape[kC], row = common_row_pixels({&input_, &output_});
    for_ranges(context.parallel, pixel_count(output_), 2 * channels, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
        kernels_.prelu_f32({context.arena + pixel_offset(input_, first), input_.strides[kW], slope_->data(),
                            context.arena + pixel_offset(output_, first), output_.strides[kW], count, channels});
      });
    });
  }

  double flops() const override { return static_cast<double>(element_count(output_)); }

 private:
  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  WeightStore::Packed slope_;
};

}  // namespace

Status make_prelu_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_shape(reader, "input", input, "output", output);
  const ParameterSpec& slope = reader.parameter("slope", static_cast<size_t>(output.shape[kC]));
  if (!reader.status().ok()) return reader.status();

  WeightStore::Packed kept;
  if (Status status = keep_parameter(context, slope, kept); !status.ok()) return status;
  step = std::make_unique<Prelu>(context.kernels, input, output, std::move(kept));
  return Status::Ok();
}

}  // namespace im2col
