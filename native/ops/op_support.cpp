#include "op_support.h"

namespace im2col {

void expect_same_shape(SpecReader& reader, const char* a_name, const ViewSpec& a, const char* b_name, const ViewSpec& b) {
  reader.expect(a.shape == b.shape, std::string("expected ") + a_name + " and " + b_name + " of the same shape but received " +
                                        describe_shape(a) + " and " + describe_shape(b));
}

void expect_same_batch_and_channels(SpecReader& reader, const ViewSpec& input, const ViewSpec& output) {
  reader.expect(input.shape[kN] == output.shape[kN] && input.shape[kC] == output.shape[kC],
                "expected input and output of the same batch and channels but received " + describe_shape(input) + " and " +
                    describe_shape(output));
}

Status keep_parameter(const BuildContext& context, const ParameterSpec& parameter, WeightStore::Packed& kept) {
  const auto copy = [&](float* destination) { std::copy_n(parameter.data(), parameter.size, destination); };
  return context.weights.get(parameter, "plain", parameter.size, copy, kept);
}

}  // namespace im2col
