// A step of a program: built once from its StepSpec, run many times, possibly by several jobs at once (so it is const
// while it runs; everything a run needs lies in the arena, in the scratch or in the RunContext).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../program/plan_spec.h"
#include "../runtime/kernel_table.h"
#include "../runtime/status.h"
#include "../runtime/parallel.h"

namespace im2col {

class WeightStore;

// Weights that are read soon.
struct UpcomingWeights {
  const float* start = nullptr;
  int64_t size = 0;  // elements
};

struct RunContext {
  float* arena;
  const float* const* user_inputs;
  float* const* user_outputs;
  Parallel parallel;      // how to spread work over the threads that this job may use
  float* scratch;         // parallel.max_threads() areas of scratch_size() elements each, 64-byte aligned
  size_t scratch_stride;  // between the areas
  UpcomingWeights upcoming;  // what the steps behind this one begin with
};

struct BuildContext {
  const PlanSpec& plan;
  const KernelTable& kernels;
  WeightStore& weights;  // packed weights, shared by the plans of a session
  Parallel parallel;     // for packing
};

class Step {
 public:
  virtual ~Step() = default;
  virtual void run(const RunContext& context) const = 0;
  // Scratch elements that each thread needs.
  virtual size_t scratch_size() const { return 0; }
  // The algorithm's name, for profiles: "direct 14x2", "im2col", "depthwise".
  virtual std::string algorithm() const { return {}; }
  // What the step reads first of its weights, for the step before it to prefetch.
  virtual UpcomingWeights first_weights() const { return {}; }
  // Floating-point operations of one run.
  virtual double flops() const { return 0; }
};

using StepFactory = Status (*)(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step);

// The factory of an op, or null: the table is in ops/registry.cpp.
StepFactory find_step_factory(const std::string& op);

// Names the algorithms that can run a step, the one that 'auto' means first; none for an op that has but one way.
Status step_algorithms(const StepSpec& spec, const BuildContext& context, std::vector<std::string>& names);

}  // namespace im2col
