// The sum of two values of the same shape.
#include "elementwise.h"
#include "factories.h"
#include "op_support.h"

namespace im2col {

Status make_add_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& a = reader.input(0);
  const ViewSpec& b = reader.input(1);
  const ViewSpec& output = reader.output(0);
  const Activation activation = reader.activation();
  expect_same_shape(reader, "input 0", a, "output", output);
  expect_same_shape(reader, "input 1", b, "output", output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<ElementwiseStep>(context.kernels, a, &b, output, nullptr, nullptr, activation);
  return Status::Ok();
}

}  // namespace im2col
