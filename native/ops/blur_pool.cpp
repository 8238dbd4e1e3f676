// Blur pooling: a fixed filter over every channel alone, with the image reflected at its edges.
//
//   y[h][w] = sum over i, j of filter[i] * filter[j] * x[reflect(h * stride - pad + i)][reflect(w * stride - pad + j)]
#include <limits>
#include <vector>

#include "factories.h"
#include "partition.h"
#include "pool_windows.h"

namespace im2col {
namespace {

// The position that an image reflected at its first and last cell has there.
int64_t reflect(int64_t position, int64_t size) {
  if (position < 0) return -position;
  return position < size ? position : 2 * (size - 1) - position;
}

// Row `size` - 1 of Pascal's triangle over its sum, in float64.
std::vector<double> binomial_filter(int64_t size) {
  std::vector<double> filter{1};
  while (static_cast<int64_t>(filter.size()) < size) {
    filter.push_back(0);
    for (size_t i = filter.size() - 1; i > 0; --i) filter[i] = (filter[i] + filter[i - 1]) / 2;
    filter[0] /= 2;
  }
  return filter;
}

class BlurPool final : public Step {
 public:
  BlurPool(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, int64_t size, int64_t stride, int64_t padding)
      : kernels_(kernels), input_(input), output_(output), size_(size), stride_(stride), padding_(padding) {
    const std::vector<double> filter = binomial_filter(size);
    for (const double row : filter) {
      for (const double column : filter) weights_.push_back(static_cast<float>(row * column));
    }
  }

  // Pointers to the taps of a window.
  size_t scratch_size() const override { return weights_.size() * kFloatsPerPointer; }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t cost = static_cast<int64_t>(weights_.size() + 1) * output_.shape[kC];
    for_ranges(context.parallel, pixel_count(output_), cost, [&](int64_t begin, int64_t end, int thread) {
      const float** taps = reinterpret_cast<const float**>(context.scratch + static_cast<size_t>(thread) * context.scratch_stride);
      for (int64_t pixel = begin; pixel < end; ++pixel) {
        const int64_t w = pixel % output_.shape[kW], h = pixel / output_.shape[kW] % output_.shape[kH];
        const int64_t n = pixel / output_.shape[kW] / output_.shape[kH];
        for (int64_t i = 0; i < size_; ++i) {
          const int64_t y = reflect(h * stride_ - padding_ + i, input_.shape[kH]);
          for (int64_t j = 0; j < size_; ++j) {
            const int64_t x = reflect(w * stride_ - padding_ + j, input_.shape[kW]);
            taps[i * size_ + j] = context.arena + cell_offset(input_, n, 0, y, x);
          }
        }
        kernels_.weighted_sum_f32({taps, weights_.data(), static_cast<int64_t>(weights_.size()),
                                   context.arena + cell_offset(output_, n, 0, h, w), output_.shape[kC]});
      }
    });
  }

  double flops() const override { return 2 * static_cast<double>(weights_.size()) * static_cast<double>(element_count(output_)); }

 private:
  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  int64_t size_;
  int64_t stride_;
  int64_t padding_;
  std::vector<float> weights_;  // of the taps, row by row
};

}  // namespace

Status make_blur_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  constexpr int64_t kLargestFilter = 64;
  const int64_t size = reader.integer("size", 1, kLargestFilter);
  const int64_t stride = reader.integer("stride", 1, std::numeric_limits<int32_t>::max());
  const int64_t padding = reader.integer("padding", 0, std::numeric_limits<int32_t>::max());
  expect_same_batch_and_channels(reader, input, output);
  reader.expect(input.shape[kD] == 1 && output.shape[kD] == 1, "expected an image without depth");
  for (const int axis : {kH, kW}) {
    const int64_t last = (output.shape[axis] - 1) * stride - padding + size - 1;
    reader.expect(padding < input.shape[axis] && last <= 2 * (input.shape[axis] - 1), "the filter must reach no further than the reflection");
  }
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<BlurPool>(context.kernels, input, output, size, stride, padding);
  return Status::Ok();
}

}  // namespace im2col
