// A permutation of the elements of each image, written as nested loops: loop i runs sizes[i] times and each turn moves
// inputSteps[i] cells along axis inputAxes[i] (d, h, w, c = 0 .. 3) of the input and likewise in the output. Permuted axes,
// reshapes and pixel shuffles are such loops.
#include <algorithm>
#include <numeric>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

constexpr size_t kMostLoops = 8;

struct Loop {
  int64_t size;
  int64_t from;  // between the elements of neighbouring turns in the input
  int64_t to;    // in the output
};

// The loops that do the same with longer stretches of memory: of the output, the outermost first.
std::vector<Loop> normalise(std::vector<Loop> loops) {
  loops.erase(std::remove_if(loops.begin(), loops.end(), [](const Loop& loop) { return loop.size == 1; }), loops.end());
  std::stable_sort(loops.begin(), loops.end(), [](const Loop& a, const Loop& b) { return a.to > b.to; });
  std::vector<Loop> merged;
  for (const Loop& inner : loops) {
    Loop* outer = merged.empty() ? nullptr : &merged.back();
    if (outer && outer->from == inner.size * inner.from && outer->to == inner.size * inner.to) {
      *outer = {outer->size * inner.size, inner.from, inner.to};
    } else {
      merged.push_back(inner);
    }
  }
  return merged;
}

class Rearrange final : public Step {
 public:
  Rearrange(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output, const std::vector<Loop>& loops)
      : kernels_(kernels), input_(input), output_(output), outer_(normalise(loops)) {
    row_ = take(outer_.size() - 1);
    const auto contiguous = std::find_if(outer_.begin(), outer_.end(), [](const Loop& loop) { return loop.from == 1; });
    if (row_.from != 1 && contiguous != outer_.end()) column_ = take(static_cast<size_t>(contiguous - outer_.begin()));
    turns_ = std::accumulate(outer_.begin(), outer_.end(), int64_t{1}, [](int64_t n, const Loop& loop) { return n * loop.size; });
  }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    for_ranges(context.parallel, turns_, 2 * row_.size * column_.size, [&](int64_t begin, int64_t end, int) {
      const float* from = context.arena + input_.offset;
      float* to = context.arena + output_.offset;
      std::array<int64_t, kMostLoops + 1> turn{};
      int64_t rest = begin;
      for (size_t axis = outer_.size(); axis-- > 0;) {
        turn[axis] = rest % outer_[axis].size;
        rest /= outer_[axis].size;
        from += turn[axis] * outer_[axis].from;
        to += turn[axis] * outer_[axis].to;
      }
      for (int64_t i = begin; i < end; ++i) {
        copy_block(from, to);
        // To the next turn: divisions for every block would take longer than small blocks.
        for (size_t axis = outer_.size(); axis-- > 0;) {
          const Loop& loop = outer_[axis];
          from += loop.from;
          to += loop.to;
          if (++turn[axis] < loop.size) break;
          from -= loop.size * loop.from;
          to -= loop.size * loop.to;
          turn[axis] = 0;
        }
      }
    });
  }

 private:
  // Fewer rows or columns waste more of a transposed tile than they save.
  static constexpr int64_t kSmallestTransposed = 4;

  Loop take(size_t axis) {
    if (axis >= outer_.size()) return {1, 1, 1};
    const Loop loop = outer_[axis];
    outer_.erase(outer_.begin() + static_cast<ptrdiff_t>(axis));
    return loop;
  }

  void copy_block(const float* from, float* to) const {
    if (row_.from == 1 && row_.to == 1) {
      for (int64_t c = 0; c < column_.size; ++c) std::copy_n(from + c * column_.from, row_.size, to + c * column_.to);
    } else if (row_.to == 1 && column_.from == 1 && std::min(row_.size, column_.size) >= kSmallestTransposed) {
      kernels_.transpose_f32({from, row_.from, to, column_.to, row_.size, column_.size});
    } else {
      for (int64_t c = 0; c < column_.size; ++c) {
        const float* source = from + c * column_.from;
        float* destination = to + c * column_.to;
        for (int64_t r = 0; r < row_.size; ++r) destination[r * row_.to] = source[r * row_.from];
      }
    }
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec output_;
  std::vector<Loop> outer_;
  Loop row_{1, 1, 1};     // the innermost loop of the output
  Loop column_{1, 1, 1};  // the loop that is contiguous in the input, when that is another
  int64_t turns_;         // of the loops around a block
};

int64_t stride_of(const ViewSpec& view, int64_t axis) {
  return axis == kC - 1 ? 1 : view.strides[static_cast<size_t>(1 + axis)];
}

// True when the loops stay inside the view.
bool fits(const ViewSpec& view, const std::vector<int64_t>& sizes, const std::vector<int64_t>& axes, const std::vector<int64_t>& steps) {
  std::array<int64_t, 4> last{};
  for (size_t i = 0; i < sizes.size(); ++i) last[static_cast<size_t>(axes[i])] += (sizes[i] - 1) * steps[i];
  for (size_t axis = 0; axis < last.size(); ++axis) {
    if (last[axis] >= view.shape[1 + axis]) return false;
  }
  return true;
}

}  // namespace

Status make_rearrange_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  constexpr int64_t kLargest = INT32_MAX;
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& output = reader.output(0);
  const auto sizes = reader.integers("sizes", 1, kLargest);
  const auto input_axes = reader.integers("inputAxes", 0, 3), output_axes = reader.integers("outputAxes", 0, 3);
  const auto input_steps = reader.integers("inputSteps", 0, kLargest), output_steps = reader.integers("outputSteps", 0, kLargest);
  for (const auto* list : {&input_axes, &output_axes, &input_steps, &output_steps}) {
    reader.expect(list->size() == sizes.size(), "expected an axis and a step for each of the " + std::to_string(sizes.size()) +
                                                    " loops but received " + std::to_string(list->size()));
  }
  reader.expect(sizes.size() <= kMostLoops, "expected at most " + std::to_string(kMostLoops) + " loops but received " + std::to_string(sizes.size()));
  if (!reader.status().ok()) return reader.status();
  const int64_t batch = input.shape[kN];
  const int64_t turns = std::accumulate(sizes.begin(), sizes.end(), batch, [](int64_t n, int64_t size) { return n * size; });
  reader.expect(batch == output.shape[kN] && turns == element_count(input) && turns == element_count(output) &&
                    fits(input, sizes, input_axes, input_steps) && fits(output, sizes, output_axes, output_steps),
                "expected loops over all elements of " + describe_shape(input) + " and of " + describe_shape(output));
  if (!reader.status().ok()) return reader.status();

  std::vector<Loop> loops{{batch, input.strides[kN], output.strides[kN]}};
  for (size_t i = 0; i < sizes.size(); ++i) {
    loops.push_back({sizes[i], input_steps[i] * stride_of(input, input_axes[i]), output_steps[i] * stride_of(output, output_axes[i])});
  }
  step = std::make_unique<Rearrange>(context.kernels, input, output, loops);
  return Status::Ok();
}

}  // namespace im2col
