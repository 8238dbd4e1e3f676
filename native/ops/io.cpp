// The edges of a program: user buffers, channels last or planar, to views and back.
#include "factories.h"
#include "layout.h"
#include "op_support.h"

namespace im2col {
namespace {

enum class Layout { kChannelsLast, kPlanar };

class Input final : public Step {
 public:
  Input(const KernelTable& kernels, const ViewSpec& view, size_t index, Layout layout)
      : kernels_(kernels), view_(view), buffer_(contiguous_view(view.shape)), index_(index), layout_(layout) {}

  void run(const RunContext& context) const override {
    const float* buffer = context.user_inputs[index_];
    if (layout_ == Layout::kChannelsLast) {
      copy_view(buffer, buffer_, context.arena, view_, context.parallel);
    } else {
      from_planar(kernels_, buffer, context.arena, view_, context.parallel);
    }
  }

 private:
  const KernelTable& kernels_;
  ViewSpec view_;
  ViewSpec buffer_;
  size_t index_;
  Layout layout_;
};

class Output final : public Step {
 public:
  Output(const KernelTable& kernels, const ViewSpec& view, size_t index, Layout layout)
      : kernels_(kernels), view_(view), buffer_(contiguous_view(view.shape)), index_(index), layout_(layout) {}

  void run(const RunContext& context) const override {
    float* buffer = context.user_outputs[index_];
    if (layout_ == Layout::kChannelsLast) {
      copy_view(context.arena, view_, buffer, buffer_, context.parallel);
    } else {
      to_planar(kernels_, context.arena, view_, buffer, element_count(view_) / view_.shape[kN], context.parallel);
    }
  }

 private:
  const KernelTable& kernels_;
  ViewSpec view_;
  ViewSpec buffer_;
  size_t index_;
  Layout layout_;
};

struct Edge {
  size_t index;
  Layout layout;
};

// Reads `index` and `layout` and checks that the user's buffer has as many elements as the view.
Edge read_edge(SpecReader& reader, const ViewSpec& view, const std::vector<int64_t>& sizes) {
  const int64_t index = reader.integer("index", 0, static_cast<int64_t>(sizes.size()) - 1);
  const std::string layout = reader.word("layout");
  reader.expect(layout == "nhwc" || layout == "nchw", "expected layout to be 'nhwc' or 'nchw' but received '" + layout + "'");
  reader.expect(element_count(view) > 0, "expected a view with elements but received " + describe_shape(view));
  if (reader.status().ok()) {
    const int64_t size = sizes[static_cast<size_t>(index)];
    reader.expect(size == element_count(view), "expected a buffer of " + std::to_string(element_count(view)) +
                                                   " elements for " + describe_shape(view) + " but the plan says " +
                                                   std::to_string(size));
  }
  return {static_cast<size_t>(index), layout == "nchw" ? Layout::kPlanar : Layout::kChannelsLast};
}

}  // namespace

Status make_input_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& view = reader.output(0);
  const Edge edge = read_edge(reader, view, context.plan.input_sizes);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Input>(context.kernels, view, edge.index, edge.layout);
  return Status::Ok();
}

Status make_output_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& view = reader.input(0);
  const Edge edge = read_edge(reader, view, context.plan.output_sizes);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Output>(context.kernels, view, edge.index, edge.layout);
  return Status::Ok();
}

}  // namespace im2col
