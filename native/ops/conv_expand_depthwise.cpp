// Two convolutions in one step: y = depthwise(expand(x)), see expansion.h.
#include <algorithm>

#include "expansion.h"
#include "factories.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// What the buffer may take of a typical second-level cache.
constexpr int64_t kBufferBytes = 128 * 1024;
// The inputs that all panels read before the next strip: what the buffer leaves.
constexpr int64_t kStripBytes = 256 * 1024;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;

class ExpandDepthwise final : public Step {
 public:
  ExpandDepthwise(Expansion expansion, const ConvProblem& expand) : expansion_(std::move(expansion)) {
    const int64_t input_bytes = expand.input.strides[kH] * expand.stride[1] * static_cast<int64_t>(sizeof(float));
    cached_strips_ = std::max<int64_t>(1, input_bytes * expand.output.shape[kH] / kStripBytes);
  }

  // A task is a strip of output rows of one image and one panel of channels. Strips are the outer order, so that all
  // panels find the strip's inputs in the cache.
  void run(const RunContext& context) const override {
    const ViewSpec& output = expansion_.depthwise().output;
    zero_halo(output, context.arena);
    const int64_t height = output.shape[kH], images = output.shape[kN], panels = expansion_.panels().count();
    const int64_t threads = context.parallel.max_threads();
    const int64_t wanted = threads > 1 ? kTasksPerThread * threads : 1;
    const int64_t strips = std::min(expansion_.most_strips(), std::max(cached_strips_, (wanted + images * panels - 1) / (images * panels)));
    context.parallel.run(images * strips * panels, [&](int64_t task, int thread) {
      const int64_t panel = task % panels, strip = task / panels % strips, image = task / panels / strips;
      run_strip(context, image, panel, height * strip / strips, height * (strip + 1) / strips,
                context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
    });
  }

  size_t scratch_size() const override { return static_cast<size_t>(expansion_.buffer_size()); }
  std::string algorithm() const override {
    return "direct " + std::to_string(expansion_.largest_tile()) + "x" + std::to_string(expansion_.panels().widest()) + " in windows of " +
           std::to_string(expansion_.window()) + " rows";
  }
  double flops() const override { return expansion_.flops(); }
  UpcomingWeights first_weights() const override { return expansion_.first_weights(); }

 private:
  // Output rows [begin, end) of one panel.
  void run_strip(const RunContext& context, int64_t image, int64_t panel, int64_t begin, int64_t end, float* buffer) const {
    const ViewSpec& output = expansion_.depthwise().output;
    expansion_.clear_sides(buffer);
    for (int64_t y = begin; y < end; y += expansion_.window()) {
      float* first = context.arena + cell_offset(output, image, 0, y, 0) + expansion_.panels().first_channel(panel);
      expansion_.window(context.arena, image, panel, y, std::min(expansion_.window(), end - y), y > begin ? expansion_.overlap() : 0, buffer,
                        {first, output.strides[kH], output.strides[kW]}, context.upcoming);
    }
  }

  Expansion expansion_;
  int64_t cached_strips_;
};

}  // namespace

Status make_expand_depthwise_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  ConvProblem expand, depthwise;
  expand.input = reader.input(0);
  depthwise.output = reader.output(0);
  read_expansion(reader, depthwise.output.shape[kC], expand, depthwise);
  if (!reader.status().ok()) return reader.status();

  PackedConv expand_weights;
  if (Status status = pack_conv(expand, context, expand_weights); !status.ok()) return status;
  WeightStore::Packed depthwise_weights;
  if (Status status = pack_depthwise(depthwise, context, depthwise_weights); !status.ok()) return status;
  Expansion expansion(expand, depthwise, context.kernels, std::move(expand_weights), std::move(depthwise_weights), {kBufferBytes});
  step = std::make_unique<ExpandDepthwise>(std::move(expansion), expand);
  return Status::Ok();
}

}  // namespace im2col
