// Which algorithms can run a step, and how fast each is.
#include <memory>
#include <utility>

#include "../program/algorithm_timing.h"
#include "../runtime/thread_pool.h"
#include "environment.h"
#include "errors.h"
#include "exports.h"
#include "program_handles.h"

namespace im2col {

// planAlgorithms(plan): the names for its one step.
Napi::Value plan_algorithms(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const PlanHandle* handle = unbuilt_plan(env, info[0], status);
  std::vector<std::string> names;
  if (handle != nullptr) status = list_algorithms(handle->arguments->plan, *handle->kernels, names);
  if (!status.ok()) return throw_status(env, status);
  Napi::Array result = Napi::Array::New(env, names.size());
  for (size_t i = 0; i < names.size(); ++i) result.Set(static_cast<uint32_t>(i), names[i]);
  return result;
}

// timeAlgorithms(plan): a promise of [{ algorithm, nanoseconds }] for its one step. The plan must have been staged.
Napi::Value time_plan_algorithms(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  PlanHandle* handle = staged_plan(env, info[0], status);
  if (handle == nullptr) return throw_status(env, status);

  auto times = std::make_shared<std::vector<AlgorithmTime>>();
  AsyncWork work;
  work.references = handle->arguments->take_references();
  work.borrows_memory = true;
  work.run = [arguments = std::exchange(handle->arguments, nullptr), store = std::move(handle->store), kernels = handle->kernels,
              threads = handle->options.threads, times](const std::atomic<bool>& cancelled) {
    return time_algorithms(arguments->plan, *kernels, *store, threads, cancelled, *times);
  };
  work.settle = [times](napi_env settle_env, Status&) -> napi_value {
    Napi::Array result = Napi::Array::New(settle_env, times->size());
    for (size_t i = 0; i < times->size(); ++i) {
      Napi::Object entry = Napi::Object::New(settle_env);
      entry.Set("algorithm", (*times)[i].algorithm);
      entry.Set("nanoseconds", static_cast<double>((*times)[i].nanoseconds));
      result.Set(static_cast<uint32_t>(i), entry);
    }
    return result;
  };
  const auto submit = [](std::function<void()> job) { ThreadPool::instance().submit(std::move(job)); };
  return Napi::Value(env, Environment::of(env).start(std::move(work), submit).promise);
}

}  // namespace im2col
