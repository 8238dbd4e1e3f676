// A scale and perhaps a shift for each channel: what no convolution could take in.
#include "elementwise.h"
#include "factories.h"
#include "op_support.h"

namespace im2col {

Status make_affine_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec* residual = reader.optional_input(1);
  const ViewSpec& output = reader.output(0);
  const Activation activation = reader.activation();
  const size_t channels = static_cast<size_t>(output.shape[kC]);
  const ParameterSpec& scale = reader.parameter("scale", channels);
  const ParameterSpec* shift = reader.optional_parameter("shift", channels);
  expect_same_shape(reader, "input", input, "output", output);
  if (residual) expect_same_shape(reader, "residual", *residual, "output", output);
  if (!reader.status().ok()) return reader.status();

  WeightStore::Packed packed_scale, packed_shift;
  if (Status status = keep_parameter(context, scale, packed_scale); !status.ok()) return status;
  if (shift) {
    if (Status status = keep_parameter(context, *shift, packed_shift); !status.ok()) return status;
  }
  step = std::make_unique<ElementwiseStep>(context.kernels, input, residual, output, std::move(packed_scale),
                                           std::move(packed_shift), activation);
  return Status::Ok();
}

}  // namespace im2col
