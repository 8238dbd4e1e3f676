// Local response normalisation over neighbouring channels.
#include <algorithm>
#include <limits>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

struct Window {
  int64_t size;
  float alpha, beta, k;
};

// The same over a window that reaches just beyond the channels at either end.
Window clipped(const Window& window, int64_t channels) {
  const int64_t size = std::min(window.size, 2 * channels + 1);
  const double share = static_cast<double>(size) / static_cast<double>(window.size);
  return {size, static_cast<float>(window.alpha * share), window.beta, window.k};
}

class LocalResponseNorm final : public Step {
 public:
  LocalResponseNorm(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, const Window& window)
      : kernels_(kernels), input_(input), output_(output), window_(clipped(window, output.shape[kC])) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = output_.shape[kC], row = common_row_pixels({&input_, &output_});
    const int64_t cost = (window_.size + kCostOfPower) * channels;
    for_ranges(context.parallel, pixel_count(output_), cost, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
        kernels_.local_response_norm_f32({context.arena + pixel_offset(input_, first), input_.strides[kW],
                                          context.arena + pixel_offset(output_, first), output_.strides[kW], count, channels,
                                          window_.size, window_.alpha, window_.beta, window_.k});
      });
    });
  }

  double flops() const override { return 2.0 * static_cast<double>(window_.size * element_count(output_)); }

 private:
  static constexpr int64_t kCostOfPower = 8;

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  Window window_;
};

}  // namespace

Status make_local_response_norm_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const Window window{reader.integer("size", 1, std::numeric_limits<int32_t>::max()), reader.number("alpha"),
                      reader.number("beta"), reader.number("k")};
  expect_same_shape(reader, "input", input, "output", output);
  reader.expect(window.alpha >= 0, "expected alpha to be at least 0 but received " + std::to_string(window.alpha));
  reader.expect(window.k > 0, "expected k to be positive but received " + std::to_string(window.k));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<LocalResponseNorm>(context.kernels, input, output, window);
  return Status::Ok();
}

}  // namespace im2col
