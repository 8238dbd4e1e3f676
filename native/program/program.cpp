#include "program.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "../runtime/memory_counters.h"
#include "../runtime/thread_pool.h"
#include "plan_validation.h"

namespace im2col {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kAlignedElements = kAlignmentBytes / sizeof(float);

Status stop_status(bool cancelled, bool disposed, const char* what) {
  if (cancelled) return {Code::kAborted, std::string(what) + " was cancelled"};
  if (disposed) return {Code::kDisposed, "the program was disposed"};
  return Status::Ok();
}

}  // namespace

Program::Workspace::Workspace(AlignedBuffer arena, AlignedBuffer scratch)
    : arena(std::move(arena)), scratch(std::move(scratch)) {
  memory_counters.arena_bytes.fetch_add(bytes(), std::memory_order_relaxed);
}

Program::Workspace::~Workspace() { memory_counters.arena_bytes.fetch_sub(bytes(), std::memory_order_relaxed); }

Program::Program(const ProgramOptions& options)
    : options_(options), workspaces_(static_cast<size_t>(options.max_concurrency)) {}

Status Program::create(const PlanSpec& plan, const KernelTable& kernels, WeightStore& weights,
                       const ProgramOptions& options, const std::atomic<bool>& cancelled,
                       std::shared_ptr<Program>& program) {
  Status status = validate_plan(plan);
  if (!status.ok()) return status;

  std::shared_ptr<Program> made(new Program(options));
  made->input_sizes_ = plan.input_sizes;
  made->output_sizes_ = plan.output_sizes;
  made->arena_size_ = static_cast<size_t>(plan.arena_size);
  status = made->build_steps(plan, BuildContext{plan, kernels, weights, Parallel(&ThreadPool::instance(), options.threads)}, cancelled);
  if (!status.ok()) return status;

  std::unique_ptr<Workspace> workspace;
  status = made->make_workspace(workspace);
  if (!status.ok()) return status;
  made->workspaces_.give(std::move(workspace));
  program = std::move(made);
  return Status::Ok();
}

Status Program::build_steps(const PlanSpec& plan, const BuildContext& context, const std::atomic<bool>& cancelled) {
  size_t scratch_size = 0;
  for (const StepSpec& spec : plan.steps) {
    Status status = stop_status(cancelled.load(std::memory_order_relaxed), false, "building the program");
    if (!status.ok()) return status;

    const StepFactory factory = find_step_factory(spec.op);
    if (factory == nullptr) {
      return {Code::kUnsupported, "step '" + spec.name + "': the engine has no op '" + spec.op + "'"};
    }
    std::unique_ptr<Step> step;
    status = factory(spec, context, step);
    if (!status.ok()) return status;
    scratch_size = std::max(scratch_size, step->scratch_size());
    step_info_.push_back({spec.name, spec.op, step->algorithm(), step->flops()});
    steps_.push_back(std::move(step));
  }
  scratch_stride_ = (scratch_size + kAlignedElements - 1) / kAlignedElements * kAlignedElements;
  return Status::Ok();
}

Status Program::make_workspace(std::unique_ptr<Workspace>& workspace) const {
  const size_t scratch_size = scratch_stride_ * static_cast<size_t>(options_.threads);
  AlignedBuffer arena(arena_size_);
  AlignedBuffer scratch(scratch_size);
  if (!arena || (scratch_size > 0 && !scratch)) {
    return {Code::kOutOfMemory, "no memory for a run: the arena has " + std::to_string(arena_size_) +
                                    " elements and the scratch " + std::to_string(scratch_size)};
  }
  workspace = std::make_unique<Workspace>(std::move(arena), std::move(scratch));
  return Status::Ok();
}

Status Program::run(const float* const* inputs, float* const* outputs, const std::atomic<bool>& cancelled,
                    int64_t* nanoseconds) {
  std::unique_ptr<Workspace> workspace = workspaces_.take();
  if (workspace == nullptr) {
    Status status = make_workspace(workspace);
    if (!status.ok()) return status;
  }
  ThreadPool& pool = ThreadPool::instance();
  const ThreadPool::ActiveJob active(pool);
  const RunContext context{workspace->arena.data(),   inputs,         outputs, Parallel(&pool, options_.threads),
                           workspace->scratch.data(), scratch_stride_};
  Status status = run_steps(context, cancelled, nanoseconds);
  workspaces_.give(std::move(workspace));
  return status;
}

Status Program::run_steps(const RunContext& context, const std::atomic<bool>& cancelled, int64_t* nanoseconds) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Status status = stop_status(cancelled.load(std::memory_order_relaxed), disposed_.load(std::memory_order_relaxed),
                                "the run");
    if (!status.ok()) return status;
    if (nanoseconds == nullptr) {
      steps_[i]->run(context);
    } else {
      const Clock::time_point start = Clock::now();
      steps_[i]->run(context);
      nanoseconds[i] = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    }
  }
  return Status::Ok();
}

ProgramMemory Program::memory() const {
  return {arena_size_ * sizeof(float), scratch_stride_ * static_cast<size_t>(options_.threads) * sizeof(float)};
}

}  // namespace im2col
