// One step on an arena of its own: views with halos and foreign channels around them, and a check of what a run touched.
#pragma once

#include <functional>
#include <memory>

#include "../ops/step.h"
#include "../ops/view.h"
#include "../program/weight_store.h"
#include "test.h"

namespace im2col::test {

class StepFixture {
 public:
  StepFixture(const KernelTable& table, std::string op);

  // Adds a view whose pixels are `foreign` channels wider than it, with halos of one cell before and two after where
  // `halo` says so.
  int add_view(const std::array<int64_t, 5>& shape, bool halo = false, int64_t foreign = 0);
  void add_input(int view) { step_spec_.inputs.push_back(view); }
  void set_output(int view) { step_spec_.outputs = {view}; }
  void set(const std::string& attribute, std::vector<double> numbers) { step_spec_.attributes[attribute] = {std::move(numbers), {}}; }
  void set(const std::string& attribute, std::string word) { step_spec_.attributes[attribute] = {{}, std::move(word)}; }
  void set_parameter(const std::string& name, const std::vector<float>& data);

  PlanSpec& plan() { return plan_; }
  const ViewSpec& view(int index) const { return plan_.views[static_cast<size_t>(index)]; }

  // Builds the step, fills the arena with canaries and the inputs with random numbers.
  Status build(Random& random);

  // Runs the step on `threads` threads and checks that it wrote its output, zeros to the output's halo, and nothing else.
  void run(int threads, const float* const* user_inputs = nullptr, float* const* user_outputs = nullptr);

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
  AlignedBuffer arena_;
};

}  // namespace im2col::test
