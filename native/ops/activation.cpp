// An activation that no step before it could take into its epilogue.
#include "elementwise.h"
#include "factories.h"
#include "op_support.h"

namespace im2col {

Status make_activation_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const Activation activation = reader.activation();
  expect_same_shape(reader, "input", input, "output", output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<ElementwiseStep>(context.kernels, input, nullptr, output, nullptr, nullptr, activation);
  return Status::Ok();
}

}  // namespace im2col
