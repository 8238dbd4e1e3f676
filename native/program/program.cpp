#include "program.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "../ops/view.h"
#include "../runtime/memory_counters.h"
#include "../runtime/thread_pool.h"
#include "plan_validation.h"

namespace im2col {
namespace {

using Clock = std::chrono::steady_clock;

int64_t nanoseconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

// A step without a view on one side reads or writes a buffer of the user's or a constant, as large as the view on the other.
double bytes_of(const PlanSpec& plan, const StepSpec& spec) {
  const auto elements = [&](const std::vector<int>& views) {
    double sum = 0;
    for (const int view : views) sum += static_cast<double>(element_count(plan.views[static_cast<size_t>(view)]));
    return sum;
  };
  const double inputs = elements(spec.inputs), outputs = elements(spec.outputs);
  double sum = inputs + outputs;
  for (const auto& [name, parameter] : spec.parameters) sum += static_cast<double>(parameter.size);
  if (spec.parameters.empty() && (spec.inputs.empty() || spec.outputs.empty())) sum *= 2;
  return sum * sizeof(float);
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

  // Asked before the steps are built, which take memory of their own.
  if (!AlignedBuffer(static_cast<size_t>(plan.arena_size))) {
    return {Code::kOutOfMemory, "no memory for a run: the arena has " + std::to_string(plan.arena_size) + " elements"};
  }
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
    if (cancelled.load(std::memory_order_relaxed)) return {Code::kAborted, "building the program was cancelled"};
    const StepFactory factory = find_step_factory(spec.op);
    if (factory == nullptr) {
      return {Code::kUnsupported, "step '" + spec.name + "': the engine has no op '" + spec.op + "'"};
    }
    std::unique_ptr<Step> step;
    Status status = factory(spec, context, step);
    if (status.code == Code::kUnreadable) status.message = "weights of '" + spec.name + "': " + status.message;
    if (!status.ok()) return status;
    scratch_size = std::max(scratch_size, step->scratch_size());
    step_info_.push_back({spec.name, spec.op, step->algorithm(), step->flops(), bytes_of(plan, spec)});
    steps_.push_back(std::move(step));
  }
  scratch_stride_ = aligned_size(scratch_size);
  // A step without weights of its own, as pooling, leaves those behind it to the one before it.
  upcoming_.resize(steps_.size());
  for (size_t i = steps_.size(); i-- > 1;) {
    const UpcomingWeights first = steps_[i]->first_weights();
    upcoming_[i - 1] = first.size > 0 ? first : upcoming_[i];
  }
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
                    RunTimes* times) {
  std::unique_ptr<Workspace> workspace = workspaces_.take();
  if (workspace == nullptr) {
    Status status = make_workspace(workspace);
    if (!status.ok()) return status;
  }
  ThreadPool& pool = ThreadPool::instance();
  const ThreadPool::ActiveJob active(pool);
  const RunContext context{workspace->arena.data(),   inputs,         outputs, Parallel(&pool, options_.threads),
                           workspace->scratch.data(), scratch_stride_, {}};
  Status status = times == nullptr ? run_steps(context, cancelled) : run_timed(context, cancelled, *times);
  workspaces_.give(std::move(workspace));
  return status;
}

Status Program::stop_status(const std::atomic<bool>& cancelled) const {
  if (cancelled.load(std::memory_order_relaxed)) return {Code::kAborted, "the run was cancelled"};
  if (disposed_.load(std::memory_order_relaxed)) return {Code::kDisposed, "the program was disposed"};
  return Status::Ok();
}

Status Program::run_steps(RunContext context, const std::atomic<bool>& cancelled) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (Status status = stop_status(cancelled); !status.ok()) return status;
    context.upcoming = upcoming_[i];
    steps_[i]->run(context);
  }
  return Status::Ok();
}

Status Program::run_timed(RunContext context, const std::atomic<bool>& cancelled, RunTimes& times) const {
  const size_t threads = static_cast<size_t>(options_.threads);
  std::vector<ThreadSpan> spans(steps_.size() * threads);
  times.steps.resize(steps_.size());
  times.threads.resize(spans.size());
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (Status status = stop_status(cancelled); !status.ok()) return status;
    if (threads > 1) context.parallel = Parallel(&ThreadPool::instance(), options_.threads, &spans[i * threads]);
    times.steps[i].start = nanoseconds(Clock::now() - start);
    context.upcoming = upcoming_[i];
    steps_[i]->run(context);
    times.steps[i].end = nanoseconds(Clock::now() - start);
  }
  const int64_t epoch = nanoseconds(start.time_since_epoch());
  for (size_t i = 0; i < steps_.size(); ++i) {
    const ThreadSpan* of_step = &spans[i * threads];
    const bool spread = std::any_of(of_step, of_step + threads, [](const ThreadSpan& span) { return span.start != 0; });
    if (!spread) times.threads[i * threads] = times.steps[i];  // it ran on the job's own thread
    for (size_t thread = 0; thread < threads; ++thread) {
      if (of_step[thread].start != 0) times.threads[i * threads + thread] = {of_step[thread].start - epoch, of_step[thread].end - epoch};
    }
  }
  return Status::Ok();
}

ProgramMemory Program::memory() const {
  return {arena_size_ * sizeof(float), scratch_stride_ * static_cast<size_t>(options_.threads) * sizeof(float)};
}

}  // namespace im2col
