// Making programs: weights, plans and what a program tells about itself. Runs are in runs_binding.cpp.
#include <algorithm>
#include <utility>

#include "../runtime/thread_pool.h"
#include "arguments.h"
#include "environment.h"
#include "errors.h"
#include "exports.h"
#include "handle.h"
#include "program_handles.h"

namespace im2col {
namespace {

constexpr int64_t kMaxConcurrency = 1024;
constexpr int64_t kMaxStagedElements = int64_t{1} << 40;

WeightStoreHandle* live_store(napi_env env, napi_value value, Status& status) {
  auto* handle = from_handle<WeightStoreHandle>(env, value, "weight store", status);
  if (handle == nullptr || handle->store != nullptr) return handle;
  status = {Code::kDisposed, "the weight store was disposed"};
  return nullptr;
}

ProgramHandle* live_program(napi_env env, napi_value value, Status& status) {
  auto* handle = from_handle<ProgramHandle>(env, value, "program", status);
  if (handle == nullptr || handle->program != nullptr) return handle;
  status = {Code::kDisposed, "the program was disposed"};
  return nullptr;
}

Status read_options(napi_env env, napi_value value, ProgramOptions& options) {
  napi_value property = nullptr;
  int64_t concurrency = 0;
  Status status;
  int64_t threads = thread_count(status);
  if (status.ok()) status = read_property(env, value, "threads", "options", property);
  if (status.ok() && !Napi::Value(env, property).IsUndefined()) {
    status = read_integer(env, property, "options.threads", 1, kMaxThreads, threads);
  }
  if (status.ok()) status = read_property(env, value, "maxConcurrency", "options", property);
  if (status.ok()) status = read_integer(env, property, "options.maxConcurrency", 1, kMaxConcurrency, concurrency);
  options.threads = static_cast<int>(threads);
  options.max_concurrency = static_cast<int>(concurrency);
  return status;
}

// Workers for as many jobs as the engine runs at once, or more when one job is to use more.
void start_workers(int threads) {
  Status status;
  ThreadPool::instance().reserve(std::max(thread_count(status), threads));
}

Napi::Value make_program(Napi::Env env, std::shared_ptr<Program> program) {
  auto handle = std::make_unique<ProgramHandle>();
  const ProgramMemory memory = program->memory();
  const int concurrency = program->options().max_concurrency;
  handle->queue = std::make_shared<RunQueue>(concurrency);
  handle->staging = std::make_shared<ReusePool<AlignedBuffer>>(concurrency);
  handle->program = std::move(program);
  handle->external.set(env, memory.arena_bytes + memory.scratch_bytes);
  return make_handle(env, std::move(handle));
}

}  // namespace

PlanHandle* unbuilt_plan(napi_env env, napi_value value, Status& status) {
  auto* handle = from_handle<PlanHandle>(env, value, "plan", status);
  if (handle == nullptr || handle->arguments != nullptr) return handle;
  status = Status::Invalid("the plan was built already");
  return nullptr;
}

PlanHandle* staged_plan(napi_env env, napi_value value, Status& status) {
  PlanHandle* handle = unbuilt_plan(env, value, status);
  bool staged = false;
  if (handle != nullptr) status = handle->arguments->stage(env, 0, staged);
  if (status.ok() && !staged) status = Status::Invalid("the plan has not been staged");
  return status.ok() ? handle : nullptr;
}

Napi::Value create_weight_store(const Napi::CallbackInfo& info) {
  auto handle = std::make_unique<WeightStoreHandle>();
  handle->store = std::make_shared<WeightStore>();
  return make_handle(info.Env(), std::move(handle));
}

Napi::Value weight_store_bytes(const Napi::CallbackInfo& info) {
  Status status;
  WeightStoreHandle* handle = live_store(info.Env(), info[0], status);
  if (handle == nullptr) return throw_status(info.Env(), status);
  const size_t bytes = handle->store->bytes();
  handle->external.set(info.Env(), bytes);
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

Napi::Value dispose_weight_store(const Napi::CallbackInfo& info) {
  Status status;
  auto* handle = from_handle<WeightStoreHandle>(info.Env(), info[0], "weight store", status);
  if (handle == nullptr) return throw_status(info.Env(), status);
  handle->dispose(info.Env());
  return info.Env().Undefined();
}

// readPlan(store, plan, options): a plan handle.
Napi::Value read_plan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  auto handle = std::make_unique<PlanHandle>();
  handle->kernels = active_kernels(status);
  if (handle->kernels == nullptr) return throw_status(env, status);
  handle->arguments = std::make_shared<PlanArguments>();
  status = read_options(env, info[2], handle->options);
  if (status.ok()) status = handle->arguments->read(env, info[1]);
  if (status.ok()) start_workers(handle->options.threads);
  // Reading may run JavaScript, so the store is looked at last.
  const WeightStoreHandle* store = status.ok() ? live_store(env, info[0], status) : nullptr;
  if (store == nullptr) {
    handle->finalize(env);
    return throw_status(env, status);
  }
  handle->store = store->store;
  return make_handle(env, std::move(handle));
}

// stagePlan(plan, budget): whether the plan has all its parameters.
Napi::Value stage_plan(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  PlanHandle* handle = unbuilt_plan(env, info[0], status);
  int64_t budget = 0;
  bool done = false;
  if (handle != nullptr) status = read_integer(env, info[1], "budget", 1, kMaxStagedElements, budget);
  if (status.ok()) status = handle->arguments->stage(env, static_cast<size_t>(budget), done);
  return status.ok() ? Napi::Boolean::New(env, done) : throw_status(env, status);
}

// buildProgram(plan): a promise of a program. The plan must have been staged.
Napi::Value build_program(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  PlanHandle* handle = staged_plan(env, info[0], status);
  if (handle == nullptr) return throw_status(env, status);

  auto program = std::make_shared<std::shared_ptr<Program>>();
  AsyncWork work;
  work.references = handle->arguments->take_references();
  work.borrows_memory = true;
  work.run = [arguments = std::exchange(handle->arguments, nullptr), store = std::move(handle->store),
              kernels = handle->kernels, options = handle->options, program](const std::atomic<bool>& cancelled) {
    return Program::create(arguments->plan, *kernels, *store, options, cancelled, *program);
  };
  work.settle = [program](napi_env settle_env, Status&) -> napi_value {
    return make_program(settle_env, std::move(*program));
  };
  const auto submit = [](std::function<void()> job) { ThreadPool::instance().submit(std::move(job)); };
  return Napi::Value(env, Environment::of(env).start(std::move(work), submit).promise);
}

// buildProgramSync(plan): the program. Parameters are read where they are.
Napi::Value build_program_sync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  PlanHandle* handle = unbuilt_plan(env, info[0], status);
  if (handle != nullptr) status = handle->arguments->borrow(env);
  std::shared_ptr<Program> program;
  if (status.ok()) {
    const std::atomic<bool> cancelled{false};
    status = Program::create(handle->arguments->plan, *handle->kernels, *handle->store, handle->options, cancelled,
                             program);
    handle->arguments->delete_references(env);
    handle->arguments.reset();
    handle->store.reset();
  }
  return status.ok() ? make_program(env, std::move(program)) : throw_status(env, status);
}

Napi::Value program_steps(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const ProgramHandle* handle = live_program(env, info[0], status);
  if (handle == nullptr) return throw_status(env, status);
  const std::vector<StepInfo>& steps = handle->program->steps();
  Napi::Array result = Napi::Array::New(env, steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    const Napi::HandleScope scope(env);
    Napi::Object step = Napi::Object::New(env);
    step.Set("name", steps[i].name);
    step.Set("op", steps[i].op);
    step.Set("algorithm", steps[i].algorithm);
    step.Set("flops", steps[i].flops);
    step.Set("bytes", steps[i].bytes);
    result.Set(static_cast<uint32_t>(i), step);
  }
  return result;
}

Napi::Value program_memory(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const ProgramHandle* handle = live_program(env, info[0], status);
  if (handle == nullptr) return throw_status(env, status);
  const ProgramMemory memory = handle->program->memory();
  Napi::Object result = Napi::Object::New(env);
  result.Set("arenaBytes", static_cast<double>(memory.arena_bytes));
  result.Set("scratchBytes", static_cast<double>(memory.scratch_bytes));
  return result;
}

Napi::Value dispose_program(const Napi::CallbackInfo& info) {
  Status status;
  auto* handle = from_handle<ProgramHandle>(info.Env(), info[0], "program", status);
  if (handle == nullptr) return throw_status(info.Env(), status);
  handle->dispose(info.Env());
  return info.Env().Undefined();
}

}  // namespace im2col
