// A convolution and the depthwise convolution of what it computes, a panel of channels and a window of rows at a time: what the
// steps share that never hold the expanded image as a whole. Both compute what their own steps would, bit for bit.
//
// A buffer holds rows of the expanded image as the depthwise kernel wants them, with the zeros of its padding:
// [row][zeros before, width, zeros after][panel width]. It slides down the image: rows that the next window reads again
// move to its top.
#pragma once

#include <utility>
#include <vector>

#include "conv_runs.h"

namespace im2col {

class SpecReader;

class Expansion {
 public:
  // What a window may take of a cache: `buffers` buffers, and `row_bytes` of something else for each output row.
  struct Budget {
    int64_t bytes;
    int64_t buffers = 1;
    int64_t row_bytes = 0;
  };

  Expansion(const ConvProblem& expand, const ConvProblem& depthwise, const KernelTable& kernels, PackedConv expand_weights,
            WeightStore::Packed depthwise_weights, const Budget& budget);

  const ConvGeometry& depthwise() const { return depthwise_; }
  UpcomingWeights first_weights() const { return expand_weights_.whole_panel(0, 0); }
  const Panels& panels() const { return expand_weights_.panels; }
  int64_t largest_tile() const { return largest_tile_; }
  int64_t window() const { return window_; }          // output rows, at most
  int64_t overlap() const { return overlap_; }        // rows of the expanded image that two neighbouring output rows both read
  int64_t buffer_size() const { return buffer_rows_ * row_; }
  double flops() const { return expand_.flops() + depthwise_.flops(); }

  // How many strips an image may be cut into whose uppermost rows are a small part of them: the strip above computes those, too.
  int64_t most_strips() const;

  // The zeros before and after the rows of a buffer; windows leave them alone.
  void clear_sides(float* buffer) const;

  struct Output {
    float* first;  // first channel of the panel at (y, 0)
    ptrdiff_t row;
    ptrdiff_t pixel;
  };
  // Output rows [y, y + rows) of a panel of an image. The buffer has the uppermost `ready` rows of the expanded image already;
  // it is left with the uppermost overlap() of the next window. `upcoming` weights are read behind the last panel.
  void window(const float* arena, int64_t image, int64_t panel, int64_t y, int64_t rows, int64_t ready, float* buffer,
              const Output& output, const UpcomingWeights& upcoming) const;

 private:
  int64_t reach(int axis, int64_t outputs) const;
  void expand_rows(const float* arena, int64_t image, int64_t panel, int64_t begin, int64_t end, float* buffer, int64_t slot,
                   const UpcomingWeights& upcoming) const;

  const KernelTable& kernels_;
  ConvGeometry expand_;
  ConvGeometry depthwise_;
  PackedConv expand_weights_;
  WeightStore::Packed depthwise_weights_;
  ConvRuns runs_;
  int64_t origin_;  // of the first tap of pixel (0, 0, 0, 0)
  int64_t largest_tile_;
  int64_t pixel_;        // elements of a cell of the buffer
  int64_t before_;       // cells of zeros before a row
  int64_t columns_;      // cells of a row
  int64_t row_;          // elements of a row
  int64_t overlap_;
  int64_t window_;
  int64_t buffer_rows_;  // rows that a window reads
  int64_t input_step_;   // elements of the next tile's inputs to prefetch with every step of a sum
  DepthwiseInputs inputs_;
  std::vector<ptrdiff_t> input_offsets_;   // of the pixels of one image
  std::vector<ptrdiff_t> buffer_offsets_;  // of as many pixels as the buffer has
};

// Reads both convolutions, expand.input and depthwise.output being there already, with as many `channels` between them.
void read_expansion(SpecReader& reader, int64_t channels, ConvProblem& expand, ConvProblem& depthwise);

}  // namespace im2col
