// Products of matrices: output[b][m][n] = act(sum over k of a[b][m][k] * b[b][k][n]), where b has the rows n and the columns k when it
// is transposed. Rows are the pixels of axis w, columns the channels; n, d and h are the batch, on whose axes d and h a size of
// 1 is repeated. A panel of b is packed into scratch as weights are, then the tile of the convolutions runs over the rows.
#include <algorithm>

#include "conv_weights.h"
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

class MatMul final : public Step {
 public:
  MatMul(const KernelTable& kernels, const ViewSpec& a, const ViewSpec& b, const ViewSpec& output, bool transposed, const Activation& activation)
      : kernels_(kernels),
        a_(a),
        b_(b),
        output_(output),
        transposed_(transposed),
        activation_(activation),
        panels_(output.shape[kC], panel_vectors(kernels, output.shape[kC]), kernels.lanes),
        block_rows_(std::min(output.shape[kW], kBlockRows)) {
    for (int64_t m = 0; m < output.shape[kW]; ++m) {
      row_offsets_.push_back(m * a.strides[kW]);
      output_offsets_.push_back(m * output.strides[kW]);
    }
  }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t panels = panels_.count(), blocks = (output_.shape[kW] + block_rows_ - 1) / block_rows_;
    const int64_t matrices = output_.shape[kN] * output_.shape[kD] * output_.shape[kH];
    const int64_t cost = depth() * widest() * (1 + block_rows_ / kRowsPerLoad);
    for_ranges(context.parallel, matrices * panels * blocks, cost, [&](int64_t begin, int64_t end, int thread) {
      float* packed = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      int64_t in_scratch = -1;
      for (int64_t task = begin; task < end; ++task) {
        const int64_t panel = task / blocks % panels, matrix = task / blocks / panels;
        if (in_scratch != task / blocks) pack(context.arena + matrix_offset(b_, matrix), panel, packed);
        in_scratch = task / blocks;
        multiply(context.arena, matrix, panel, task % blocks, packed);
      }
    });
  }

  size_t scratch_size() const override { return static_cast<size_t>((depth() + 1) * widest()); }

  double flops() const override { return 2.0 * static_cast<double>(element_count(output_)) * static_cast<double>(depth()); }

 private:
  static constexpr int64_t kBlockRows = 256;  // so many that packing a panel for each block is a small part
  static constexpr int64_t kRowsPerLoad = 8;  // multiply-adds in the time that an element takes to be read and written

  static int panel_vectors(const KernelTable& kernels, int64_t columns) {
    int vectors = static_cast<int>(std::min<int64_t>((columns + kernels.lanes - 1) / kernels.lanes, 2));
    while (kernels.max_pixels[vectors - 1] == 0) --vectors;
    return vectors;
  }

  int64_t depth() const { return a_.shape[kC]; }
  int64_t widest() const { return int64_t{panels_.widest()} * panels_.lanes(); }

  int64_t matrix_offset(const ViewSpec& view, int64_t matrix) const {
    const int64_t h = matrix % output_.shape[kH], plane = matrix / output_.shape[kH];
    const int64_t d = plane % output_.shape[kD], n = plane / output_.shape[kD];
    return cell_offset(view, n, view.shape[kD] == 1 ? 0 : d, view.shape[kH] == 1 ? 0 : h, 0);
  }

  // [k][panel width], with zeros behind the last column, and behind them a bias of zeros.
  void pack(const float* b, int64_t panel, float* packed) const {
    const int64_t first = panels_.first_channel(panel), width = int64_t{panels_.vectors(panel)} * panels_.lanes();
    const int64_t columns = panels_.channels(panel);
    if (transposed_) {
      kernels_.transpose_f32({b + first * b_.strides[kW], b_.strides[kW], packed, width, columns, depth()});
    }
    for (int64_t k = 0; k < depth(); ++k) {
      if (!transposed_) std::copy_n(b + k * b_.strides[kW] + first, columns, packed + k * width);
      std::fill(packed + k * width + columns, packed + (k + 1) * width, 0.0f);
    }
    std::fill_n(packed + depth() * width, width, 0.0f);
  }

  void multiply(float* arena, int64_t matrix, int64_t panel, int64_t block, const float* packed) const {
    constexpr ptrdiff_t kNoOffset = 0;
    const int vectors = panels_.vectors(panel);
    const int64_t end = std::min((block + 1) * block_rows_, output_.shape[kW]), tallest = kernels_.max_pixels[vectors - 1];
    GemmTile tile{};
    tile.input = arena + matrix_offset(a_, matrix);
    tile.run_offsets = &kNoOffset;
    tile.run_count = 1;
    tile.run_length = depth();
    tile.weights = packed;
    tile.bias = packed + depth() * vectors * panels_.lanes();
    tile.output = arena + matrix_offset(output_, matrix) + panels_.first_channel(panel);
    tile.panel_vectors = vectors;
    tile.channels = panels_.channels(panel);
    tile.activation = activation_;
    tile.prefetch = packed;
    for (int64_t m = block * block_rows_; m < end; m += tile.pixels) {
      // Tiles of sizes that differ by one at most.
      const int64_t left = end - m, tiles = (left + tallest - 1) / tallest;
      tile.pixels = static_cast<int>((left + tiles - 1) / tiles);
      tile.input_offsets = row_offsets_.data() + m;
      tile.output_offsets = output_offsets_.data() + m;
      kernels_.gemm_f32(tile);
    }
  }

  const KernelTable& kernels_;
  ViewSpec a_;
  ViewSpec b_;
  ViewSpec output_;
  bool transposed_;
  Activation activation_;
  Panels panels_;
  int64_t block_rows_;
  std::vector<ptrdiff_t> row_offsets_;
  std::vector<ptrdiff_t> output_offsets_;
};

}  // namespace

Status make_matmul_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& a = reader.input(0);
  const ViewSpec& b = reader.input(1);
  const ViewSpec& output = reader.output(0);
  const Activation activation = reader.activation();
  const bool transposed = reader.integer("transposed", 0, 1) == 1;
  const int64_t rows = transposed ? b.shape[kC] : b.shape[kW], columns = transposed ? b.shape[kW] : b.shape[kC];
  bool fits = a.shape[kC] == rows && output.shape[kW] == a.shape[kW] && output.shape[kC] == columns;
  for (const ViewSpec* view : {&a, &b}) {
    fits = fits && view->shape[kN] == output.shape[kN];
    for (int axis = kD; axis <= kH; ++axis) fits = fits && (view->shape[axis] == 1 || view->shape[axis] == output.shape[axis]);
  }
  reader.expect(fits, "expected matrices that fit but received " + describe_shape(a) + " and " + describe_shape(b) + " for " + describe_shape(output));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<MatMul>(context.kernels, a, b, output, transposed, activation);
  return Status::Ok();
}

}  // namespace im2col
