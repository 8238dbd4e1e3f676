#include "algorithm_timing.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

#include "../ops/step.h"
#include "../runtime/aligned.h"
#include "../runtime/machine_peak.h"
#include "../runtime/thread_pool.h"
#include "plan_validation.h"

namespace im2col {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;
constexpr int kFewestRounds = 2;
// Rounds end early when the runs alone took so long: long runs vary less.
constexpr auto kLongEnough = std::chrono::milliseconds(60);
// How many times slower than the fastest a candidate may be, after the first rounds, to stay one.
constexpr int64_t kGiveUpFactor = 2;
// Memory that is read between two runs, more than the caches of a core hold and as much as cores commonly share.
constexpr size_t kEvictedElements = size_t{8} << 20;

struct Candidate {
  AlgorithmTime time;
  std::unique_ptr<Step> step;
  bool given_up = false;
};

Status check_single_step(const PlanSpec& plan) {
  if (Status status = validate_plan(plan); !status.ok()) return status;
  if (plan.steps.size() == 1) return Status::Ok();
  return Status::Invalid("expected a plan of one step but received " + std::to_string(plan.steps.size()));
}

Status make_candidates(const PlanSpec& plan, const BuildContext& context, std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  if (Status status = step_algorithms(plan.steps[0], context, names); !status.ok()) return status;
  for (const std::string& name : names) {
    StepSpec spec = plan.steps[0];
    spec.attributes["algorithm"] = {{}, name};
    Candidate candidate;
    candidate.time = {name, std::numeric_limits<int64_t>::max()};
    if (Status status = find_step_factory(spec.op)(spec, context, candidate.step); !status.ok()) return status;
    candidates.push_back(std::move(candidate));
  }
  return Status::Ok();
}

// What the runs work in. Filled, so that all of it has memory behind it and no value is denormal.
struct Workspace {
  AlignedBuffer arena;
  AlignedBuffer scratch;
  AlignedBuffer evicted;
  size_t scratch_stride = 0;

  Status allocate(const PlanSpec& plan, const std::vector<Candidate>& candidates, int threads) {
    size_t scratch_size = 1;
    for (const Candidate& candidate : candidates) scratch_size = std::max(scratch_size, candidate.step->scratch_size());
    scratch_stride = aligned_size(scratch_size);
    const size_t sizes[] = {static_cast<size_t>(plan.arena_size), scratch_stride * static_cast<size_t>(threads), kEvictedElements};
    AlignedBuffer* const buffers[] = {&arena, &scratch, &evicted};
    for (int i = 0; i < 3; ++i) {
      *buffers[i] = AlignedBuffer(sizes[i]);
      if (!*buffers[i]) return {Code::kOutOfMemory, "no memory to time algorithms (" + std::to_string(sizes[i]) + " elements)"};
      std::fill_n(buffers[i]->data(), sizes[i], 0.5f);
    }
    return Status::Ok();
  }
};

}  // namespace

Status list_algorithms(const PlanSpec& plan, const KernelTable& kernels, std::vector<std::string>& names) {
  if (Status status = check_single_step(plan); !status.ok()) return status;
  WeightStore none;
  return step_algorithms(plan.steps[0], {plan, kernels, none, Parallel()}, names);
}

Status time_algorithms(const PlanSpec& plan, const KernelTable& kernels, WeightStore& weights, int threads,
                       const std::atomic<bool>& cancelled, std::vector<AlgorithmTime>& times) {
  if (Status status = check_single_step(plan); !status.ok()) return status;
  ThreadPool& pool = ThreadPool::instance();
  const ThreadPool::ActiveJob active(pool);
  const Parallel parallel(&pool, threads);
  std::vector<Candidate> candidates;
  Workspace workspace;
  if (Status status = make_candidates(plan, {plan, kernels, weights, parallel}, candidates); !status.ok()) return status;
  if (Status status = workspace.allocate(plan, candidates, threads); !status.ok()) return status;

  const RunContext context{workspace.arena.data(), nullptr, nullptr, parallel, workspace.scratch.data(), workspace.scratch_stride, {}};
  Clock::duration spent{};
  int64_t fastest = std::numeric_limits<int64_t>::max();
  for (int round = 0; round < kRounds && (round < kFewestRounds || spent < kLongEnough); ++round) {
    for (Candidate& candidate : candidates) {
      if (cancelled.load(std::memory_order_relaxed)) return {Code::kAborted, "timing algorithms was cancelled"};
      if (candidate.given_up) continue;
      read_all(kernels, parallel, workspace.evicted.data(), static_cast<int64_t>(workspace.evicted.size()));
      read_all(kernels, parallel, workspace.arena.data(), static_cast<int64_t>(workspace.arena.size()));
      const Clock::time_point start = Clock::now();
      candidate.step->run(context);
      const Clock::duration elapsed = Clock::now() - start;
      spent += elapsed;
      const int64_t nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
      candidate.time.nanoseconds = std::min(candidate.time.nanoseconds, nanoseconds);
      fastest = std::min(fastest, nanoseconds);
    }
    for (Candidate& candidate : candidates) {
      candidate.given_up = round + 1 >= kFewestRounds && candidate.time.nanoseconds > kGiveUpFactor * fastest;
    }
  }
  for (Candidate& candidate : candidates) times.push_back(std::move(candidate.time));
  return Status::Ok();
}

}  // namespace im2col
