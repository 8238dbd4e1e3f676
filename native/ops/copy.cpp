// A copy between views of equal shape: an input of a concat that could not be placed in its buffer.
#include "factories.h"
#include "layout.h"
#include "op_support.h"

namespace im2col {
namespace {

class Copy final : public Step {
 public:
  Copy(const ViewSpec& input, const ViewSpec& output) : input_(input), output_(output) {}

  void run(const RunContext& context) const override {
    copy_view(context.arena, input_, context.arena, output_, context.parallel);
  }

 private:
  ViewSpec input_;
  ViewSpec output_;
};

}  // namespace

Status make_copy_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_shape(reader, "input", input, "output", output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Copy>(input, output);
  return Status::Ok();
}

}  // namespace im2col
