// Channels dealt out anew: the c-th channel of group g becomes channel c * groups + g (ShuffleNet, arXiv:1707.01083). For each
// pixel that is the transposition of a matrix of groups x channels per group.
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class ChannelShuffle final : public Step {
 public:
  ChannelShuffle(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, int64_t groups)
      : kernels_(kernels), input_(input), output_(output), groups_(groups) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t per_group = output_.shape[kC] / groups_, row = common_row_pixels({&input_, &output_});
    for_ranges(context.parallel, pixel_count(output_), 2 * output_.shape[kC], [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
        const float* x = context.arena + pixel_offset(input_, first);
        float* y = context.arena + pixel_offset(output_, first);
        for (int64_t p = 0; p < count; ++p, x += input_.strides[kW], y += output_.strides[kW]) {
          kernels_.transpose_f32({x, per_group, y, groups_, groups_, per_group});
        }
      });
    });
  }

 private:
  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  int64_t groups_;
};

}  // namespace

Status make_channel_shuffle_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_shape(reader, "input", input, "output", output);
  const int64_t groups = reader.integer("groups", 1, std::max<int64_t>(1, output.shape[kC]));
  reader.expect(output.shape[kC] % groups == 0, "expected groups to divide " + std::to_string(output.shape[kC]) +
                                                    " channels but received " + std::to_string(groups));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<ChannelShuffle>(context.kernels, input, output, groups);
  return Status::Ok();
}

}  // namespace im2col
