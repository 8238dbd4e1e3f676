// A value that does not depend on the inputs, repeated over the batch.
#include "factories.h"
#include "layout.h"
#include "op_support.h"

namespace im2col {
namespace {

class Constant final : public Step {
 public:
  Constant(const ViewSpec& output, WeightStore::Packed data)
      : data_(std::move(data)), source_(contiguous_view(output.shape)), output_(output) {
    source_.strides[kN] = 0;
  }

  void run(const RunContext& context) const override {
    copy_view(data_->data(), source_, context.arena, output_, context.parallel);
  }

 private:
  WeightStore::Packed data_;
  ViewSpec source_;
  ViewSpec output_;
};

}  // namespace

Status make_constant_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& output = reader.output(0);
  const int64_t batch = output.shape[kN];
  const ParameterSpec& parameter = reader.parameter("data", batch ? static_cast<size_t>(element_count(output) / batch) : 0);
  if (!reader.status().ok()) return reader.status();

  WeightStore::Packed data;
  if (Status status = keep_parameter(context, parameter, data); !status.ok()) return status;
  step = std::make_unique<Constant>(output, std::move(data));
  return Status::Ok();
}

}  // namespace im2col
