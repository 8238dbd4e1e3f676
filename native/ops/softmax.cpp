// Softmax and its logarithm over the channels of every pixel.
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class Softmax final : public Step {
 public:
  using Kernel = void (*)(const SoftmaxRow&);

  Softmax(Kernel kernel, const ViewSpec& input, const ViewSpec& output) : kernel_(kernel), input_(input), output_(output) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = output_.shape[kC], row = common_row_pixels({&input_, &output_});
    for_ranges(context.parallel, pixel_count(output_), kCostPerElement * channels, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
        kernel_({context.arena + pixel_offset(input_, first), input_.strides[kW],
                 context.arena + pixel_offset(output_, first), output_.strides[kW], count, channels});
      });
    });
  }

 private:
  static constexpr int64_t kCostPerElement = 8;  // three passes and an exponential

  Kernel kernel_;
  ViewSpec input_;
  ViewSpec output_;
};

Status make_step(const StepSpec& spec, const BuildContext& context, Softmax::Kernel kernel, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_shape(reader, "input", input, "output", output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Softmax>(kernel, input, output);
  return Status::Ok();
}

}  // namespace

Status make_softmax_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_step(spec, context, context.kernels.softmax_f32, step);
}

Status make_log_softmax_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  return make_step(spec, context, context.kernels.log_softmax_f32, step);
}

}  // namespace im2col
