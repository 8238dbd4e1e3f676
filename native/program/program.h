// A plan made ready to run: its steps with their packed weights and chosen algorithms, and the memory that runs need.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../ops/step.h"
#include "../runtime/aligned.h"
#include "../runtime/status.h"
#include "plan_spec.h"
#include "reuse_pool.h"
#include "weight_store.h"

namespace im2col {

struct ProgramOptions {
  int threads = 1;          // that one run may use
  int max_concurrency = 1;  // runs whose memory is kept between runs
};

struct StepInfo {
  std::string name;
  std::string op;
  std::string algorithm;
  double flops;
  double bytes;  // of its inputs, weights and outputs, each counted once
};

struct TimeSpan {
  int64_t start = 0;  // nanoseconds since the run began
  int64_t end = 0;
};

// When a run did what.
struct RunTimes {
  std::vector<TimeSpan> steps;
  std::vector<TimeSpan> threads;  // by step, then by thread; both times are 0 where a thread took no part
};

struct ProgramMemory {
  size_t arena_bytes;    // of one run
  size_t scratch_bytes;  // of one run, all threads
};

class Program {
 public:
  // Validates the plan, packs the weights that `weights` does not have yet and allocates the memory of the first run.
  // `cancelled` is looked at between steps. Uses nothing of `plan` afterwards.
  static Status create(const PlanSpec& plan, const KernelTable& kernels, WeightStore& weights,
                       const ProgramOptions& options, const std::atomic<bool>& cancelled,
                       std::shared_ptr<Program>& program);

  // Runs every step on the calling thread and idle workers, looking at `cancelled` between steps. Several runs may
  // proceed at once. `inputs` and `outputs` have the plan's sizes. `times`, when given, is filled.
  Status run(const float* const* inputs, float* const* outputs, const std::atomic<bool>& cancelled,
             RunTimes* times = nullptr);

  // Ends runs at their next step and refuses later ones. The memory goes with the last reference.
  void dispose() { disposed_.store(true, std::memory_order_relaxed); }

  const std::vector<StepInfo>& steps() const { return step_info_; }
  const std::vector<int64_t>& input_sizes() const { return input_sizes_; }
  const std::vector<int64_t>& output_sizes() const { return output_sizes_; }
  const ProgramOptions& options() const { return options_; }
  ProgramMemory memory() const;

 private:
  // What one run works in.
  struct Workspace {
    Workspace(AlignedBuffer arena, AlignedBuffer scratch);
    ~Workspace();
    size_t bytes() const { return (arena.size() + scratch.size()) * sizeof(float); }

    AlignedBuffer arena;
    AlignedBuffer scratch;
  };

  explicit Program(const ProgramOptions& options);

  Status build_steps(const PlanSpec& plan, const BuildContext& context, const std::atomic<bool>& cancelled);
  Status make_workspace(std::unique_ptr<Workspace>& workspace) const;
  Status stop_status(const std::atomic<bool>& cancelled) const;
  Status run_steps(RunContext context, const std::atomic<bool>& cancelled) const;
  Status run_timed(RunContext context, const std::atomic<bool>& cancelled, RunTimes& times) const;

  ProgramOptions options_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::vector<StepInfo> step_info_;
  std::vector<UpcomingWeights> upcoming_;  // behind each step
  std::vector<int64_t> input_sizes_;
  std::vector<int64_t> output_sizes_;
  size_t arena_size_ = 0;
  size_t scratch_stride_ = 0;
  ReusePool<Workspace> workspaces_;
  std::atomic<bool> disposed_{false};
};

}  // namespace im2col
