#include "step_fixture.h"

#include <algorithm>

#include "../runtime/thread_pool.h"
#include "allocations.h"

namespace im2col::test {

StepFixture::StepFixture(const KernelTable& table, std::string op, Placement placement) : table_(table), memory_(placement) {
  step_spec_.op = std::move(op);
  step_spec_.name = "tested";
}

int StepFixture::add_view(const std::array<int64_t, 5>& shape, bool halo, int64_t foreign) {
  std::array<int64_t, 6> cells{};
  if (halo) cells = {shape[kD] > 1, shape[kD] > 1 ? 2 : 0, 1, 2, 1, 2};
  return add_view(shape, cells, foreign);
}

// The memory of a view begins and ends with its own cells: no foreign channels before the first and behind the last.
int StepFixture::add_view(const std::array<int64_t, 5>& shape, const std::array<int64_t, 6>& halo, int64_t foreign) {
  ViewSpec view;
  view.shape = shape;
  view.halo = halo;
  const int64_t pixel = shape[kC] + foreign;
  view.strides[kW] = pixel;
  view.strides[kH] = pixel * (shape[kW] + view.halo[4] + view.halo[5]);
  view.strides[kD] = view.strides[kH] * (shape[kH] + view.halo[2] + view.halo[3]);
  view.strides[kN] = view.strides[kD] * (shape[kD] + view.halo[0] + view.halo[1]);
  const int64_t origin = view.halo[0] * view.strides[kD] + view.halo[2] * view.strides[kH] + view.halo[4] * view.strides[kW];
  view.offset = memory_.add(shape[kN] * view.strides[kN] - foreign) + origin;
  plan_.arena_size = memory_.size();
  plan_.views.push_back(view);
  return static_cast<int>(plan_.views.size()) - 1;
}

void StepFixture::set_parameter(const std::string& name, const float* data, size_t size) {
  step_spec_.parameters[name] = ParameterSpec("tested." + name, data, size);
}

Status StepFixture::algorithms(std::vector<std::string>& names) {
  return step_algorithms(step_spec_, {plan_, table_, weights_, Parallel()}, names);
}

Status StepFixture::build(Random& random) {
  const StepFactory factory = find_step_factory(step_spec_.op);
  if (!factory) return Status::Invalid("no op " + step_spec_.op);
  if (Status status = factory(step_spec_, {plan_, table_, weights_, Parallel()}, step_); !status.ok()) return status;

  memory_.allocate();
  for (int input : step_spec_.inputs) {
    for_each(input, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) { at(input, n, d, h, w, c) = random.uniform(-1, 1); });
  }
  return Status::Ok();
}

bool StepFixture::is_halo(const ViewSpec& view, size_t position) const {
  ViewSpec whole = view;  // the halo as part of the interior
  whole.offset -= view.halo[0] * view.strides[kD] + view.halo[2] * view.strides[kH] + view.halo[4] * view.strides[kW];
  int64_t rest = static_cast<int64_t>(position) - whole.offset;
  if (rest < 0) return false;
  bool inside = true;
  for (int axis = kN; axis <= kW; ++axis) {
    const int64_t i = rest / view.strides[axis];
    rest %= view.strides[axis];
    const int64_t before = axis == kN ? 0 : view.halo[2 * (axis - 1)], after = axis == kN ? 0 : view.halo[2 * (axis - 1) + 1];
    if (i >= before + view.shape[axis] + after) return false;
    inside = inside && i >= before && i < before + view.shape[axis];
  }
  return rest < view.shape[kC] && !inside;
}

void StepFixture::run(int threads, const float* const* user_inputs, float* const* user_outputs) {
  ThreadPool& pool = ThreadPool::instance();
  if (threads > 1) pool.reserve(threads - 1);
  const size_t scratch_stride = (step_->scratch_size() + 15) / 16 * 16;
  const AlignedBuffer scratch(std::max<size_t>(1, scratch_stride * static_cast<size_t>(threads)));
  float* const arena = memory_.data();
  std::vector<std::vector<float>> before;
  for (const auto& [offset, size] : memory_.segments()) before.emplace_back(arena + offset, arena + offset + size);

  const Parallel parallel = threads > 1 ? Parallel(&pool, threads) : Parallel();
  const size_t allocations = allocation_count();
  step_->run({arena, user_inputs, user_outputs, parallel, scratch.data(), scratch_stride, step_->first_weights()});
  const size_t taken = allocation_count() - allocations;
  CHECK(taken == 0, "%s took memory %d times", step_spec_.op.c_str(), static_cast<int>(taken));

  std::vector<bool> written(static_cast<size_t>(memory_.size()), false);
  for (int output : step_spec_.outputs) {
    for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      const float& y = at(output, n, d, h, w, c);
      CHECK(!is_canary(y), "%s left its output unwritten", step_spec_.op.c_str());
      written[static_cast<size_t>(&y - arena)] = true;
    });
  }
  for (size_t s = 0; s < before.size(); ++s) {
    for (size_t i = 0; i < before[s].size(); ++i) {
      const size_t position = static_cast<size_t>(memory_.segments()[s].offset) + i;
      if (written[position]) continue;
      const bool halo = std::any_of(step_spec_.outputs.begin(), step_spec_.outputs.end(), [&](int o) { return is_halo(view(o), position); });
      if (halo) {
        CHECK(same_bits(arena[position], 0.0f), "%s left %g in its halo", step_spec_.op.c_str(), arena[position]);
      } else {
        CHECK(same_bits(arena[position], before[s][i]), "%s wrote outside of its output", step_spec_.op.c_str());
      }
    }
  }
}

void StepFixture::clear_halo(int index) { zero_halo(view(index), memory_.data()); }

float& StepFixture::at(int index, int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
  return memory_.data()[cell_offset(view(index), n, d, h, w) + c];
}

void StepFixture::for_each(int index, const std::function<void(int64_t, int64_t, int64_t, int64_t, int64_t)>& visit) const {
  const auto [batch, depth, height, width, channels] = view(index).shape;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t d = 0; d < depth; ++d) {
      for (int64_t h = 0; h < height; ++h) {
        for (int64_t w = 0; w < width; ++w) {
          for (int64_t c = 0; c < channels; ++c) visit(n, d, h, w, c);
        }
      }
    }
  }
}

std::vector<float> StepFixture::contents(int index) {
  std::vector<float> values;
  for_each(index, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) { values.push_back(at(index, n, d, h, w, c)); });
  return values;
}

}  // namespace im2col::test
