// Involution: a convolution whose kernel differs from pixel to pixel and is shared by the channels of a group. The second input has
// the kernels of every output pixel: [group][kh][kw] along its channels.
#include <limits>
#include <vector>

#include "factories.h"
#include "partition.h"
#include "pool_windows.h"

namespace im2col {
namespace {

struct Window {
  std::array<int64_t, 3> kernel, stride, dilation, pad_start;
};

class Involution final : public Step {
 public:
  Involution(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& weights, const ViewSpec& output, const Window& window, int64_t groups)
      : kernels_(kernels),
        input_(input),
        weights_(weights),
        output_(output),
        window_(window),
        taps_(window.kernel[1] * window.kernel[2]),
        group_channels_(output.shape[kC] / groups),
        zeros_(static_cast<size_t>(output.shape[kC]), 0.0f) {}

  // Pointers to the taps of a window.
  size_t scratch_size() const override { return static_cast<size_t>(taps_) * kFloatsPerPointer; }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t cost = (taps_ + 1) * output_.shape[kC];
    for_ranges(context.parallel, pixel_count(output_), cost, [&](int64_t begin, int64_t end, int thread) {
      const float** taps = reinterpret_cast<const float**>(context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
      for (int64_t pixel = begin; pixel < end; ++pixel) run_pixel(context.arena, pixel, taps);
    });
  }

  double flops() const override { return 2 * static_cast<double>(taps_) * static_cast<double>(element_count(output_)); }

 private:
  void run_pixel(float* arena, int64_t pixel, const float** taps) const {
    const int64_t w = pixel % output_.shape[kW], h = pixel / output_.shape[kW] % output_.shape[kH];
    const int64_t n = pixel / output_.shape[kW] / output_.shape[kH];
    int64_t count = 0;
    for (int64_t ky = 0; ky < window_.kernel[1]; ++ky) {
      const int64_t y = h * window_.stride[1] - window_.pad_start[1] + ky * window_.dilation[1];
      for (int64_t kx = 0; kx < window_.kernel[2]; ++kx) {
        const int64_t x = w * window_.stride[2] - window_.pad_start[2] + kx * window_.dilation[2];
        const bool inside = y >= 0 && y < input_.shape[kH] && x >= 0 && x < input_.shape[kW];
        taps[count++] = inside ? arena + cell_offset(input_, n, 0, y, x) : zeros_.data();
      }
    }
    kernels_.involution_f32({taps, taps_, arena + cell_offset(weights_, n, 0, h, w), arena + cell_offset(output_, n, 0, h, w),
                             output_.shape[kC], group_channels_});
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec weights_;
  ViewSpec output_;
  Window window_;
  int64_t taps_;
  int64_t group_channels_;
  std::vector<float> zeros_;  // the pixels outside of the image
};

}  // namespace

Status make_involution_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& weights = reader.input(1);
  const ViewSpec& output = reader.output(0);
  const Window window{reader.triple("kernel", 1, kLargest), reader.triple("stride", 1, kLargest), reader.triple("dilation", 1, kLargest),
                      reader.triple("padStart", 0, kLargest)};
  const int64_t groups = reader.integer("groups", 1, kLargest);
  expect_same_batch_and_channels(reader, input, output);
  reader.expect(input.shape[kD] == 1 && output.shape[kD] == 1, "expected an image without depth");
  reader.expect(output.shape[kC] % groups == 0, "groups must divide the channels");
  auto expected = output.shape;
  expected[kC] = groups * window.kernel[1] * window.kernel[2];
  reader.expect(weights.shape == expected, "expected a kernel of every group for every output pixel but received " + describe_shape(weights));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Involution>(context.kernels, input, weights, output, window, groups);
  return Status::Ok();
}

}  // namespace im2col
