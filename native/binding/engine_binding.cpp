// About the engine: what it found on this machine, and how fast that is.
#include <memory>
#include <string>
#include <utility>

#include "../runtime/kernel_table.h"
#include "../runtime/machine_peak.h"
#include "../runtime/memory_counters.h"
#include "../runtime/thread_count.h"
#include "../runtime/thread_pool.h"
#include "arguments.h"
#include "environment.h"
#include "errors.h"
#include "exports.h"

namespace im2col {
namespace {

constexpr int64_t kPeakMilliseconds = 8;

// The runnable table of that name; null with a reason in `status`.
const KernelTable* find_kernels(const std::string& isa, Status& status) {
  int count = 0;
  const KernelTable* const* tables = runnable_kernels(count);
  std::string names;
  for (int i = 0; i < count; ++i) {
    if (isa == tables[i]->isa) return tables[i];
    names += (i == 0 ? "" : ", ") + std::string(tables[i]->isa);
  }
  status = {Code::kUnsupported, "this machine has no ISA '" + isa + "'; it has " + names};
  return nullptr;
}

}  // namespace

Napi::Value engine_info(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const KernelTable* kernels = active_kernels(status);
  if (kernels == nullptr) return throw_status(env, status);
  const int threads = thread_count(status);
  if (!status.ok()) return throw_status(env, status);

  int count = 0;
  const KernelTable* const* tables = runnable_kernels(count);
  Napi::Array runnable = Napi::Array::New(env, count);
  for (int i = 0; i < count; ++i) runnable.Set(i, tables[i]->isa);

  Napi::Object memory = Napi::Object::New(env);
  memory.Set("arenaBytes", static_cast<double>(memory_counters.arena_bytes.load(std::memory_order_relaxed)));
  memory.Set("weightBytes", static_cast<double>(memory_counters.weight_bytes.load(std::memory_order_relaxed)));

  Napi::Object result = Napi::Object::New(env);
  result.Set("isa", kernels->isa);
  result.Set("lanes", kernels->lanes);
  result.Set("runnableIsas", runnable);
  result.Set("threads", threads);
  result.Set("memory", memory);
  return result;
}

// fmaPeak(isa | undefined, milliseconds): GFLOP/s of one thread.
Napi::Value fma_peak(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const KernelTable* kernels = nullptr;
  if (info[0].IsUndefined()) {
    kernels = active_kernels(status);
  } else {
    std::string isa;
    status = read_string(env, info[0], "isa", isa);
    if (status.ok()) kernels = find_kernels(isa, status);
  }
  int64_t milliseconds = 0;
  if (status.ok()) status = read_integer(env, info[1], "milliseconds", 1, 60000, milliseconds);
  if (!status.ok()) return throw_status(env, status);

  return Napi::Number::New(env, fma_peak(*kernels, Parallel(), milliseconds));
}

// machinePeaks(threads): a promise of { gflopsPerSecond, gigabytesPerSecond }.
Napi::Value machine_peaks(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const KernelTable* kernels = active_kernels(status);
  int64_t threads = 0;
  if (kernels != nullptr) status = read_integer(env, info[0], "threads", 1, kMaxThreads, threads);
  if (!status.ok()) return throw_status(env, status);

  struct Peaks {
    double gflops = 0;
    double gigabytes = 0;
  };
  auto peaks = std::make_shared<Peaks>();
  AsyncWork work;
  work.run = [kernels, threads, peaks](const std::atomic<bool>&) {
    ThreadPool& pool = ThreadPool::instance();
    const ThreadPool::ActiveJob active(pool);
    const Parallel parallel(&pool, static_cast<int>(threads));
    *peaks = {fma_peak(*kernels, parallel, kPeakMilliseconds), read_bandwidth(*kernels, parallel)};
    return Status::Ok();
  };
  work.settle = [peaks](napi_env settle_env, Status&) -> napi_value {
    Napi::Object result = Napi::Object::New(settle_env);
    result.Set("gflopsPerSecond", peaks->gflops);
    result.Set("gigabytesPerSecond", peaks->gigabytes);
    return result;
  };
  ThreadPool::instance().reserve(static_cast<int>(threads));
  const auto submit = [](std::function<void()> job) { ThreadPool::instance().submit(std::move(job)); };
  return Napi::Value(env, Environment::of(env).start(std::move(work), submit).promise);
}

}  // namespace im2col
