// One step on an arena of its own: views with halos and foreign channels around them, and a check of what a run touched.
#pragma once

#include <functional>
#include <memory>

#include "../ops/step.h"
#include "../ops/view.h"
#include "../program/weight_store.h"
#include "step_memory.h"
#include "test.h"

namespace im2col::test {

// Ends the test when a status is an error.
#define EXPECT_OK(expression)                                      \
  do {                                                             \
    const Status status_ = (expression);                           \
    CHECK(status_.ok(), "%s", status_.message.c_str());            \
    if (!status_.ok()) return;                                     \
  } while (false)

class StepFixture {
 public:
  StepFixture(const KernelTable& table, std::string op, Placement placement = Placement::kTogether);

  // Adds a view whose pixels are `foreign` channels wider than it, with halos of one cell before and two after where
  // `halo` says so.
  int add_view(const std::array<int64_t, 5>& shape, bool halo = false, int64_t foreign = 0);
  int add_view(const std::array<int64_t, 5>& shape, const std::array<int64_t, 6>& halo, int64_t foreign);
  void add_input(int view) { step_spec_.inputs.push_back(view); }
  void set_output(int view) { step_spec_.outputs = {view}; }
  void set(const std::string& attribute, std::vector<double> numbers) { step_spec_.attributes[attribute] = {std::move(numbers), {}}; }
  void set(const std::string& attribute, std::string word) { step_spec_.attributes[attribute] = {{}, std::move(word)}; }
  void set_parameter(const std::string& name, const std::vector<float>& data) { set_parameter(name, data.data(), data.size()); }
  void set_parameter(const std::string& name, const float* data, size_t size);

  PlanSpec& plan() { return plan_; }
  const ViewSpec& view(int index) const { return plan_.views[static_cast<size_t>(index)]; }

  // The algorithms that can run the step, the engine's own choice first.
  Status algorithms(std::vector<std::string>& names);

  // Builds the step, fills the arena with canaries and the inputs with random numbers.
  Status build(Random& random);

  // Runs the step on `threads` threads and checks that it wrote its output, zeros to the output's halo, and nothing else.
  void run(int threads, const float* const* user_inputs = nullptr, float* const* user_outputs = nullptr);

  // Zeros around a view, as the step that produces it leaves them.
  void clear_halo(int view);

  float& at(int view, int64_t n, int64_t d, int64_t h, int64_t w, int64_t c);
  // Calls visit(n, d, h, w, c) for every element of a view.
  void for_each(int view, const std::function<void(int64_t, int64_t, int64_t, int64_t, int64_t)>& visit) const;
  std::vector<float> contents(int view);

 private:
  bool is_halo(const ViewSpec& view, size_t position) const;

  const KernelTable& table_;
  PlanSpec plan_;
  StepSpec step_spec_;
  WeightStore weights_;
  std::unique_ptr<Step> step_;
  StepMemory memory_;
};

}  // namespace im2col::test
