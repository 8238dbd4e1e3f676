// Output channel c * groups + g is channel c of group g. The groups lie one behind the other in one input or in several, of
// which each has whole groups.
#include <vector>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class ChannelShuffle final : public Step {
 public:
  ChannelShuffle(const KernelTable& kernels, std::vector<ViewSpec> inputs, const ViewSpec& output, int64_t groups)
      : kernels_(kernels), inputs_(std::move(inputs)), output_(output), groups_(groups), per_group_(output.shape[kC] / groups) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    for_ranges(context.parallel, pixel_count(output_), 2 * output_.shape[kC], [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, output_.shape[kW], [&](int64_t first, int64_t count) {
        if (can_interleave(groups_)) {
          interleave(context.arena, first, count);
        } else {
          transpose(context.arena, first, count);
        }
      });
    });
  }

 private:
  void interleave(float* arena, int64_t first, int64_t count) const {
    InterleaveRow row{};
    for (const ViewSpec& input : inputs_) {
      for (int64_t c = 0; c < input.shape[kC]; c += per_group_, ++row.source_count) {
        row.sources[row.source_count] = arena + pixel_offset(input, first) + c;
        row.source_strides[row.source_count] = input.strides[kW];
      }
    }
    row.output = arena + pixel_offset(output_, first);
    row.output_stride = output_.strides[kW];
    row.pixels = count;
    row.channels = per_group_;
    kernels_.interleave_f32(row);
  }

  void transpose(float* arena, int64_t first, int64_t count) const {
    int64_t group = 0;
    for (const ViewSpec& input : inputs_) {
      const int64_t groups = input.shape[kC] / per_group_;
      const float* x = arena + pixel_offset(input, first);
      float* y = arena + pixel_offset(output_, first) + group;
      for (int64_t p = 0; p < count; ++p, x += input.strides[kW], y += output_.strides[kW]) {
        kernels_.transpose_f32({x, per_group_, y, groups_, groups, per_group_});
      }
      group += groups;
    }
  }

  const KernelTable& kernels_;
  std::vector<ViewSpec> inputs_;
  ViewSpec output_;
  int64_t groups_;
  int64_t per_group_;
};

}  // namespace

Status make_channel_shuffle_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& output = reader.output(0);
  const int64_t channels = output.shape[kC];
  const int64_t groups = reader.integer("groups", 1, std::max<int64_t>(1, channels));
  reader.expect(channels % groups == 0, "expected groups to divide " + std::to_string(channels) + " channels but received " +
                                            std::to_string(groups));
  if (!reader.status().ok()) return reader.status();

  std::vector<ViewSpec> inputs;
  int64_t given = 0;
  for (size_t i = 0; i < std::max<size_t>(1, spec.inputs.size()); ++i) {
    ViewSpec whole = reader.input(i);
    inputs.push_back(whole);
    given += whole.shape[kC];
    const int64_t per_group = channels / groups;
    reader.expect(whole.shape[kC] % per_group == 0, "expected inputs of whole groups of " + std::to_string(per_group) +
                                                        " channels but received " + describe_shape(whole));
    whole.shape[kC] = channels;
    expect_same_shape(reader, "every pixel of the input", whole, "the output", output);
  }
  reader.expect(given == channels, "expected inputs with " + std::to_string(channels) + " channels but received " + std::to_string(given));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<ChannelShuffle>(context.kernels, std::move(inputs), output, groups);
  return Status::Ok();
}

}  // namespace im2col
