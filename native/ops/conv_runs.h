// The inputs of an output pixel as runs of the padded image itself, for the algorithms that gather nothing.
#pragma once

#include <vector>

#include "conv_weights.h"

namespace im2col {

// One run of kw * C for each (kz, ky) where the taps are neighbours in memory, else one run for each tap.
struct ConvRuns {
  std::vector<ptrdiff_t> offsets;  // from the first tap of a pixel
  int64_t length = 0;
};

ConvRuns conv_runs(const ConvProblem& problem);

// Position in the arena of the first tap of output pixel (0, 0, 0, 0), channel 0.
int64_t first_tap(const ConvGeometry& geometry);

// How depthwise_f32 finds the inputs of consecutive output rows: see DepthwiseRows.
struct DepthwiseInputs {
  int64_t row_step = 0;
  std::vector<ptrdiff_t> row_offsets;
};

// Of `rows` output rows, for strides between cells of d and h.
DepthwiseInputs depthwise_inputs(const ConvGeometry& geometry, int64_t rows, int64_t depth_stride, int64_t row_stride);

// How many elements of the next tile's inputs a tile of `pixels` should prefetch with every step of its sum: none when the image is so
// small that it is still in the second-level cache.
int64_t input_prefetch_step(const ConvGeometry& geometry, int64_t pixels);

// The most pixels that a tile should have which reads its runs from the image.
int largest_direct_tile(const ConvProblem& problem, const KernelTable& kernels, const Panels& panels);

}  // namespace im2col
