// N, D, H, W, C to N, 1, 1, 1, C * D * H * W in PyTorch's order C, D, H, W.
#include "factories.h"
#include "layout.h"
#include "op_support.h"

namespace im2col {
namespace {

class Flatten final : public Step {
 public:
  Flatten(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output)
      : kernels_(kernels), input_(input), output_(output) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    to_planar(kernels_, context.arena, input_, context.arena + output_.offset, output_.strides[kN], context.parallel);
  }

 private:
  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
};

}  // namespace

Status make_flatten_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const int64_t batch = input.shape[kN];
  const std::array<int64_t, 5> expected{batch, 1, 1, 1, batch ? element_count(input) / batch : 0};
  reader.expect(output.shape == expected, "expected an output of one pixel for each image with all elements of " +
                                              describe_shape(input) + " but received " + describe_shape(output));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Flatten>(context.kernels, input, output);
  return Status::Ok();
}

}  // namespace im2col
