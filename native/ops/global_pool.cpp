// The average over all pixels of an image, as before a squeeze and excitation or a classifier. The image is cut into parts, whose
// number depends on its size alone; the parts are summed side by side, each where its pixels lie in a thread's cache, and then
// their sums.
#include "global_pool.h"

#include <algorithm>

#include "op_support.h"
#include "partition.h"
#include "pool_windows.h"
#include "view.h"

namespace im2col {
namespace {

constexpr int64_t kMostParts = 16;
// A part of fewer pixels would not be worth its own sum.
constexpr int64_t kFewestPixels = 128;

class GlobalAvgPool final : public Step {
 public:
  GlobalAvgPool(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output)
      : kernels_(kernels),
        input_(input),
        output_(output),
        pixels_(pixel_count(input) / input.shape[kN]),
        parts_(std::clamp<int64_t>(pixels_ / kFewestPixels, 1, kMostParts)) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t images = input_.shape[kN], channels = input_.shape[kC];
    const auto taps_of = [&](int thread) {
      return reinterpret_cast<const float**>(context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
    };
    float* const sums = context.scratch + taps_size();  // of the first thread's scratch, for all
    for_ranges(context.parallel, images * parts_, pixels_ / parts_ * channels, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t i = begin; i < end; ++i) sum_part(context.arena, i / parts_, i % parts_, taps_of(thread), sums + i * channels);
    });
    const float** taps = taps_of(0);
    for (int64_t n = 0; n < images; ++n) {
      for (int64_t part = 0; part < parts_; ++part) taps[part] = sums + (n * parts_ + part) * channels;
      add(taps, parts_, static_cast<float>(1 / static_cast<double>(pixels_)), context.arena + cell_offset(output_, n, 0, 0, 0));
    }
  }

  // Pointers to a part's pixels or to the parts' sums, then those.
  size_t scratch_size() const override {
    return taps_size() + static_cast<size_t>(input_.shape[kN] * parts_ * input_.shape[kC]);
  }

  double flops() const override { return static_cast<double>(element_count(input_)); }

 private:
  size_t taps_size() const {
    return kFloatsPerPointer * static_cast<size_t>(std::max((pixels_ + parts_ - 1) / parts_, parts_));
  }

  void sum_part(const float* arena, int64_t n, int64_t part, const float** taps, float* sum) const {
    int64_t count = 0;
    const int64_t first = n * pixels_, row = common_row_pixels({&input_});
    for_row_segments(first + pixels_ * part / parts_, first + pixels_ * (part + 1) / parts_, row, [&](int64_t pixel, int64_t pixels) {
      const float* tap = arena + pixel_offset(input_, pixel);
      for (int64_t p = 0; p < pixels; ++p, tap += input_.strides[kW]) taps[count++] = tap;
    });
    add(taps, count, 1, sum);
  }

  void add(const float* const* taps, int64_t count, float scale, float* output) const {
    kernels_.avg_pool_f32({taps, count, 0, scale, output, 0, 1, input_.shape[kC]});
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  int64_t pixels_;  // of an image
  int64_t parts_;
};

}  // namespace

std::unique_ptr<Step> make_global_avg_pool(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output) {
  return std::make_unique<GlobalAvgPool>(kernels, input, output);
}

}  // namespace im2col
