#include "../program/algorithm_timing.h"

#include <algorithm>

#include "test.h"

namespace im2col::test {
namespace {

ViewSpec view_of(int64_t offset, int64_t side, int64_t channels, int64_t halo) {
  const int64_t row = (side + 2 * halo) * channels, image = (side + 2 * halo) * row;
  return {offset + halo * (row + channels), {1, 1, side, side, channels}, {image, image, row, channels}, {0, 0, halo, halo, halo, halo}};
}

// A 3 x 3 convolution of 6 x 6 pixels, 16 channels to 16.
PlanSpec convolution(const std::vector<float>& weight) {
  PlanSpec plan;
  plan.views = {view_of(0, 6, 16, 1), view_of(1024, 6, 16, 0)};
  plan.arena_size = 1024 + 6 * 6 * 16;
  StepSpec step;
  step.op = "conv";
  step.name = "tried";
  step.inputs = {0};
  step.outputs = {1};
  step.attributes = {{"kernel", {{1, 3, 3}, {}}}, {"stride", {{1, 1, 1}, {}}}, {"dilation", {{1, 1, 1}, {}}}, {"padStart", {{0, 1, 1}, {}}},
                     {"groups", {{1}, {}}},       {"flip", {{0}, {}}},         {"algorithm", {{}, "auto"}}};
  step.parameters["weight"] = {"weight", weight.data(), weight.size()};
  plan.steps.push_back(std::move(step));
  return plan;
}

ISA_TEST(algorithms_are_listed_and_timed) {
  const std::vector<float> weight(16 * 16 * 9, 0.25f);
  PlanSpec plan = convolution(weight);
  std::vector<std::string> names;
  const Status listed = list_algorithms(plan, table, names);
  CHECK(listed.ok(), "%s", listed.message.c_str());
  for (const char* expected : {"direct", "im2col", "winograd2", "winograd4"}) {
    CHECK(std::count(names.begin(), names.end(), expected) == 1, "%s is not listed once", expected);
  }

  WeightStore weights;
  std::vector<AlgorithmTime> times;
  std::atomic<bool> cancelled{false};
  const Status timed = time_algorithms(plan, table, weights, 2, cancelled, times);
  CHECK(timed.ok(), "%s", timed.message.c_str());
  CHECK(times.size() == names.size(), "%d of %d were timed", static_cast<int>(times.size()), static_cast<int>(names.size()));
  for (size_t i = 0; i < std::min(times.size(), names.size()); ++i) {
    CHECK(times[i].algorithm == names[i], "%s comes as number %d", times[i].algorithm.c_str(), static_cast<int>(i));
    CHECK(times[i].nanoseconds > 0 && times[i].nanoseconds < 10'000'000'000, "%s takes no time or for ever", names[i].c_str());
  }

  cancelled = true;
  CHECK(time_algorithms(plan, table, weights, 1, cancelled, times).code == Code::kAborted, "was not cancelled");
}

TEST(algorithms_of_one_step_only) {
  int count = 0;
  const KernelTable& table = *runnable_kernels(count)[0];
  const std::vector<float> weight(16 * 16 * 9);
  PlanSpec plan = convolution(weight);
  std::vector<std::string> names;
  plan.steps.push_back(plan.steps[0]);
  const Status status = list_algorithms(plan, table, names);
  CHECK(status.message == "expected a plan of one step but received 2", "%s", status.message.c_str());

  plan.steps.resize(1);
  plan.steps[0].op = "activation";
  CHECK(list_algorithms(plan, table, names).ok() && names.empty(), "an op with one way has algorithms");
  plan.steps[0].op = "conv";
  plan.steps[0].attributes["groups"] = {{3}, {}};
  CHECK(!list_algorithms(plan, table, names).ok(), "3 groups of 8 channels");
}

}  // namespace
}  // namespace im2col::test
