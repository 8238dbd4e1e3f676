// About the engine: what it found on this machine, and how fast that is.
#include <chrono>
#include <string>

#include "../runtime/kernel_table.h"
#include "../runtime/memory_counters.h"
#include "../runtime/thread_count.h"
#include "arguments.h"
#include "errors.h"
#include "exports.h"

namespace im2col {
namespace {

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

double fma_rate(const KernelTable& kernels, int64_t iterations) {
  int64_t flops = 0;
  float result = 0;
  const auto start = std::chrono::steady_clock::now();
  kernels.fma_peak_f32({iterations, &flops, &result});
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return static_cast<double>(flops) * static_cast<double>(iterations) / elapsed.count();
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

// fmaPeak(isa | undefined, milliseconds): the best of rounds of about a millisecond, in GFLOP/s.
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

  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  int64_t iterations = 1024;
  while (true) {
    const Clock::time_point round = Clock::now();
    fma_rate(*kernels, iterations);
    if (Clock::now() - round >= std::chrono::milliseconds(1)) break;
    iterations *= 2;
  }
  double best = 0;
  do {
    best = std::max(best, fma_rate(*kernels, iterations));
  } while (Clock::now() - start < std::chrono::milliseconds(milliseconds));
  return Napi::Number::New(env, best);
}

}  // namespace im2col
