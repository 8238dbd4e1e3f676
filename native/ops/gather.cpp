// output[n][d][h][w][c] = input[n][D[d]][H[h]][W[w]][C[c]], where each axis has a table of indices (attributes indicesD,
// indicesH, indicesW, indicesC) or keeps its own. An index of -1 stands for a cell of the constant `value`. Padding of every
// kind, slices, nearest neighbours and flips are such tables.
#include <algorithm>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

constexpr int64_t kConstant = -1;

// Neighbouring indices first, first + 1, ... at the positions from `to` on; or `count` cells of the constant.
struct Stretch {
  int64_t to;
  int64_t first;
  int64_t count;
};

// Of a table; of an axis of `size` elements that has none.
std::vector<Stretch> stretches(const std::vector<int64_t>& indices, int64_t size) {
  if (indices.empty()) return {{0, 0, size}};
  std::vector<Stretch> found;
  for (size_t i = 0; i < indices.size(); ++i) {
    Stretch* last = found.empty() ? nullptr : &found.back();
    const int64_t next = last == nullptr ? 0 : last->first == kConstant ? kConstant : last->first + last->count;
    if (last != nullptr && indices[i] == next) {
      ++last->count;
    } else {
      found.push_back({static_cast<int64_t>(i), indices[i], 1});
    }
  }
  return found;
}

class Gather final : public Step {
 public:
  Gather(const ViewSpec& input, const ViewSpec& output, const std::array<std::vector<int64_t>, 4>& indices, float value)
      : input_(input),
        output_(output),
        planes_(indices[0]),
        rows_(indices[1]),
        columns_(stretches(indices[2], input.shape[kW])),
        channels_(stretches(indices[3], input.shape[kC])),
        value_(value),
        dense_(channels_.size() == 1 && channels_[0].first == 0 && input.shape[kC] == output.shape[kC] &&
               input.strides[kW] == input.shape[kC] && output.strides[kW] == output.shape[kC]) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t height = output_.shape[kH], depth = output_.shape[kD], rows = output_.shape[kN] * depth * height;
    for_ranges(context.parallel, rows, 2 * output_.shape[kW] * output_.shape[kC], [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / height / depth, d = i / height % depth, h = i % height;
        const int64_t plane = planes_.empty() ? d : planes_[static_cast<size_t>(d)];
        const int64_t row = rows_.empty() ? h : rows_[static_cast<size_t>(h)];
        float* to = context.arena + cell_offset(output_, n, d, h, 0);
        if (plane == kConstant || row == kConstant) {
          fill_pixels(to, output_.shape[kW]);
        } else {
          gather_row(context.arena + cell_offset(input_, n, plane, row, 0), to);
        }
      }
    });
  }

 private:
  void fill_pixels(float* to, int64_t count) const {
    const int64_t channels = output_.shape[kC];
    for (int64_t p = 0; p < count; ++p) std::fill_n(to + p * output_.strides[kW], channels, value_);
  }

  void gather_row(const float* from, float* to) const {
    for (const Stretch& stretch : columns_) {
      float* y = to + stretch.to * output_.strides[kW];
      const float* x = from + stretch.first * input_.strides[kW];
      if (stretch.first == kConstant) {
        fill_pixels(y, stretch.count);
      } else if (dense_) {
        std::copy_n(x, stretch.count * output_.shape[kC], y);
      } else {
        for (int64_t p = 0; p < stretch.count; ++p) gather_channels(x + p * input_.strides[kW], y + p * output_.strides[kW]);
      }
    }
  }

  void gather_channels(const float* from, float* to) const {
    for (const Stretch& stretch : channels_) {
      if (stretch.first == kConstant) {
        std::fill_n(to + stretch.to, stretch.count, value_);
      } else {
        std::copy_n(from + stretch.first, stretch.count, to + stretch.to);
      }
    }
  }

  ViewSpec input_;
  ViewSpec output_;
  std::vector<int64_t> planes_;  // empty: the axis stays
  std::vector<int64_t> rows_;    // likewise
  std::vector<Stretch> columns_;
  std::vector<Stretch> channels_;
  float value_;
  bool dense_;  // neighbouring pixels are one stretch of memory on both sides
};

}  // namespace

Status make_gather_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  constexpr std::array<const char*, 4> kNames{"indicesD", "indicesH", "indicesW", "indicesC"};
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const float value = reader.number("value");
  reader.expect(input.shape[kN] == output.shape[kN], "expected input and output of the same batch but received " +
                                                         describe_shape(input) + " and " + describe_shape(output));
  std::array<std::vector<int64_t>, 4> indices;
  for (size_t axis = 0; axis < indices.size(); ++axis) {
    indices[axis] = reader.integers(kNames[axis], kConstant, input.shape[1 + axis] - 1);
    const int64_t cells = indices[axis].empty() ? input.shape[1 + axis] : static_cast<int64_t>(indices[axis].size());
    reader.expect(cells == output.shape[1 + axis], std::string("expected attribute '") + kNames[axis] + "' to have an index for each of the " +
                                                       std::to_string(output.shape[1 + axis]) + " cells but it has " + std::to_string(cells));
  }
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Gather>(input, output, indices, value);
  return Status::Ok();
}

}  // namespace im2col
