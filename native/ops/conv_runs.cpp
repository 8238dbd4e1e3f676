#include "conv_runs.h"

#include <algorithm>

#include "view.h"

namespace im2col {

namespace {

// Pixels whose inputs are a multiple of a page apart compete for the twelve ways of a set in the first-level cache.
constexpr int64_t kPageBytes = 4096;
constexpr int kMaxAliasedPixels = 12;

}  // namespace

ConvRuns conv_runs(const ConvProblem& p) {
  const bool joined = p.groups == 1 && p.dilation[2] == 1 && p.input.strides[3] == p.in_channels();
  const int64_t taps = joined ? 1 : p.kernel[2];
  ConvRuns runs;
  runs.length = joined ? p.kernel[2] * p.in_channels() : p.group_in();
  for (int64_t z = 0; z < p.kernel[0]; ++z) {
    for (int64_t y = 0; y < p.kernel[1]; ++y) {
      for (int64_t x = 0; x < taps; ++x) {
        runs.offsets.push_back(z * p.dilation[0] * p.input.strides[1] + y * p.dilation[1] * p.input.strides[2] +
                               x * p.dilation[2] * p.input.strides[3]);
      }
    }
  }
  return runs;
}

int64_t first_tap(const ConvGeometry& p) {
  int64_t position = p.input.offset;
  for (int axis = 0; axis < 3; ++axis) position -= p.pad_start[axis] * p.input.strides[1 + axis];
  return position;
}

DepthwiseInputs depthwise_inputs(const ConvGeometry& p, int64_t rows, int64_t depth_stride, int64_t row_stride) {
  const int64_t kernel_rows = p.kernel[0] * p.kernel[1];
  const bool shared = p.kernel[0] == 1 && p.dilation[1] == 1 && p.stride[1] < p.kernel[1];
  DepthwiseInputs inputs;
  inputs.row_step = shared ? p.stride[1] : kernel_rows;
  const auto append = [&](int64_t row, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t z = i / p.kernel[1], y = i % p.kernel[1];
      inputs.row_offsets.push_back(z * p.dilation[0] * depth_stride + (row * p.stride[1] + y * p.dilation[1]) * row_stride);
    }
  };
  for (int64_t row = 0; row + 1 < rows; ++row) append(row, inputs.row_step);
  append(rows - 1, kernel_rows);
  return inputs;
}

int64_t input_prefetch_step(const ConvGeometry& p, int64_t pixels) {
  constexpr int64_t kCachedImageBytes = 512 * 1024;
  const int64_t image = p.input.shape[kH] * p.input.strides[kH], tile = pixels * p.stride[2] * p.group_in();
  const bool is_cached = image * static_cast<int64_t>(sizeof(float)) <= kCachedImageBytes;
  return is_cached ? 0 : (tile + p.reduction() - 1) / p.reduction();
}

int largest_direct_tile(const ConvProblem& p, const KernelTable& kernels, const Panels& panels) {
  const int largest = kernels.max_pixels[panels.widest() - 1];
  const bool aliased = p.stride[2] * p.input.strides[3] * static_cast<int64_t>(sizeof(float)) % kPageBytes == 0;
  return aliased ? std::min(largest, kMaxAliasedPixels) : largest;
}

}  // namespace im2col
