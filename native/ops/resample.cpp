// Weighted sums along each spatial axis, one axis after the other: along an axis with a table, output cell i is the sum over t
// of weights[i * taps + t] * input cell indices[i * taps + t]; an axis without one stays. The attributes are tapsD, indicesD,
// weightsD and so on for H and W. First the rows of a few planes and rows are summed into one row, then the pixels of that.
#include <algorithm>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

struct AxisTable {
  int64_t taps = 0;  // 0: the axis stays
  std::vector<int64_t> indices;
  std::vector<float> weights;

  int64_t tap_count() const { return std::max<int64_t>(1, taps); }
  int64_t index(int64_t i, int64_t t) const { return taps == 0 ? i : indices[static_cast<size_t>(i * taps + t)]; }
  float weight(int64_t i, int64_t t) const { return taps == 0 ? 1.0f : weights[static_cast<size_t>(i * taps + t)]; }
};

class Resample final : public Step {
 public:
  Resample(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, std::array<AxisTable, 3> tables)
      : kernels_(kernels),
        input_(input),
        output_(output),
        tables_(std::move(tables)),
        row_taps_(tables_[0].tap_count() * tables_[1].tap_count()),
        sums_rows_(tables_[0].taps != 0 || tables_[1].taps != 0),
        dense_(input.strides[kW] == input.shape[kC]) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t height = output_.shape[kH], depth = output_.shape[kD], rows = output_.shape[kN] * depth * height;
    const int64_t cost = (row_taps_ * input_.shape[kW] + tables_[2].tap_count() * output_.shape[kW]) * input_.shape[kC];
    for_ranges(context.parallel, rows, cost, [&](int64_t begin, int64_t end, int thread) {
      Scratch scratch = scratch_of(context, thread);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / height / depth, d = i / height % depth, h = i % height;
        float* to = context.arena + cell_offset(output_, n, d, h, 0);
        if (!sums_rows_) {
          sum_pixels(context.arena + cell_offset(input_, n, d, h, 0), input_.strides[kW], to, scratch);
        } else if (tables_[2].taps == 0) {
          sum_rows(context.arena, n, d, h, to, output_.strides[kW], scratch);
        } else {
          sum_rows(context.arena, n, d, h, scratch.row, input_.shape[kC], scratch);
          sum_pixels(scratch.row, input_.shape[kC], to, scratch);
        }
      }
    });
  }

  size_t scratch_size() const override { return row_size() + weights_size() + pointers_size(); }

  double flops() const override {
    const double channels = static_cast<double>(input_.shape[kC]);
    const double rows = static_cast<double>(output_.shape[kN] * output_.shape[kD] * output_.shape[kH]);
    const double vertical = sums_rows_ ? static_cast<double>(row_taps_ * input_.shape[kW]) : 0;
    return 2 * rows * channels * (vertical + static_cast<double>(tables_[2].taps * output_.shape[kW]));
  }

 private:
  static constexpr size_t kLine = 16;  // elements of a cache line
  static constexpr size_t kFloatsPerPointer = sizeof(const float*) / sizeof(float);

  struct Scratch {
    float* row;
    float* weights;
    const float** taps;
  };

  int64_t most_taps() const { return std::max(row_taps_, tables_[2].tap_count()); }
  static size_t whole_lines(int64_t size) { return (static_cast<size_t>(size) + kLine - 1) / kLine * kLine; }
  size_t row_size() const { return whole_lines(input_.shape[kW] * input_.shape[kC]); }
  size_t weights_size() const { return whole_lines(most_taps()); }
  size_t pointers_size() const { return whole_lines(most_taps()) * kFloatsPerPointer; }

  Scratch scratch_of(const RunContext& context, int thread) const {
    float* area = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
    return {area, area + row_size(), reinterpret_cast<const float**>(area + row_size() + weights_size())};
  }

  // The weighted sum of the rows that output row (d, h) is made from, whose pixels it puts `stride` apart.
  void sum_rows(const float* arena, int64_t n, int64_t d, int64_t h, float* to, int64_t stride, Scratch& scratch) const {
    int64_t count = 0;
    for (int64_t z = 0; z < tables_[0].tap_count(); ++z) {
      for (int64_t y = 0; y < tables_[1].tap_count(); ++y, ++count) {
        scratch.taps[count] = arena + cell_offset(input_, n, tables_[0].index(d, z), tables_[1].index(h, y), 0);
        scratch.weights[count] = tables_[0].weight(d, z) * tables_[1].weight(h, y);
      }
    }
    const int64_t channels = input_.shape[kC], width = input_.shape[kW];
    if (dense_ && stride == channels) {
      kernels_.weighted_sum_f32({scratch.taps, scratch.weights, count, to, width * channels});
      return;
    }
    for (int64_t w = 0; w < width; ++w) {
      kernels_.weighted_sum_f32({scratch.taps, scratch.weights, count, to + w * stride, channels});
      for (int64_t t = 0; t < count; ++t) scratch.taps[t] += input_.strides[kW];
    }
  }

  void sum_pixels(const float* row, int64_t stride, float* to, Scratch& scratch) const {
    const AxisTable& table = tables_[2];
    for (int64_t w = 0; w < output_.shape[kW]; ++w) {
      for (int64_t t = 0; t < table.taps; ++t) scratch.taps[t] = row + table.index(w, t) * stride;
      kernels_.weighted_sum_f32({scratch.taps, table.weights.data() + w * table.taps, table.taps, to + w * output_.strides[kW], input_.shape[kC]});
    }
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  std::array<AxisTable, 3> tables_;  // d, h, w
  int64_t row_taps_;
  bool sums_rows_;
  bool dense_;  // a row of the input is one stretch of memory
};

}  // namespace

Status make_resample_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  constexpr std::array<const char*, 3> kTaps{"tapsD", "tapsH", "tapsW"};
  constexpr std::array<const char*, 3> kIndices{"indicesD", "indicesH", "indicesW"};
  constexpr std::array<const char*, 3> kWeights{"weightsD", "weightsH", "weightsW"};
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  expect_same_batch_and_channels(reader, input, output);
  std::array<AxisTable, 3> tables;
  for (size_t axis = 0; axis < tables.size(); ++axis) {
    AxisTable& table = tables[axis];
    const int64_t to = output.shape[1 + axis], from = input.shape[1 + axis];
    table.taps = reader.integer(kTaps[axis], 0, INT32_MAX);
    table.indices = reader.integers(kIndices[axis], 0, from - 1);
    table.weights = reader.numbers(kWeights[axis]);
    const bool fits = table.taps == 0 ? from == to
                                      : static_cast<int64_t>(table.indices.size()) == to * table.taps && table.weights.size() == table.indices.size();
    reader.expect(fits, std::string("expected attributes '") + kIndices[axis] + "' and '" + kWeights[axis] + "' to have " +
                            std::to_string(table.taps) + " entries for each of the " + std::to_string(to) + " cells but they have " +
                            std::to_string(table.indices.size()) + " and " + std::to_string(table.weights.size()));
  }
  reader.expect(tables[0].taps + tables[1].taps + tables[2].taps > 0, "expected an axis with taps");
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Resample>(context.kernels, input, output, std::move(tables));
  return Status::Ok();
}

}  // namespace im2col
