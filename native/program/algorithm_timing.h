// A step's algorithms against one another, by the clock.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "../runtime/kernel_table.h"
#include "../runtime/status.h"
#include "plan_spec.h"
#include "weight_store.h"

namespace im2col {

struct AlgorithmTime {
  std::string algorithm;
  int64_t nanoseconds;  // of the fastest run
};

// The algorithms that can run the one step of `plan`, the engine's own choice first. Needs no data of its parameters.
Status list_algorithms(const PlanSpec& plan, const KernelTable& kernels, std::vector<std::string>& names);

// Times each of them on `threads` threads, in turn, as it would run in a network: its weights have left the caches since
// the last run, its activations have just been written. One that is far behind is given up early.
Status time_algorithms(const PlanSpec& plan, const KernelTable& kernels, WeightStore& weights, int threads,
                       const std::atomic<bool>& cancelled, std::vector<AlgorithmTime>& times);

}  // namespace im2col
