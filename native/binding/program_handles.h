// What a program, its weights and a program in the making are in JavaScript.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "../program/program.h"
#include "../program/reuse_pool.h"
#include "../program/run_queue.h"
#include "../program/weight_store.h"
#include "../runtime/aligned.h"
#include "plan_reader.h"

namespace im2col {

// Tells the garbage collector how much memory stands behind an object.
class ExternalMemory {
 public:
  void set(napi_env env, size_t bytes) {
    int64_t total = 0;
    napi_adjust_external_memory(env, static_cast<int64_t>(bytes) - static_cast<int64_t>(bytes_), &total);
    bytes_ = bytes;
  }

 private:
  size_t bytes_ = 0;
};

struct WeightStoreHandle {
  static constexpr napi_type_tag kTag{0x3d1f0c5a7be94c11, 0x9b2e4f60a8d7c351};

  std::shared_ptr<WeightStore> store;  // null after dispose
  ExternalMemory external;

  void dispose(napi_env env) {
    store.reset();
    external.set(env, 0);
  }
  void finalize(napi_env env) { dispose(env); }
};

// A plan that has been read but not built.
struct PlanHandle {
  static constexpr napi_type_tag kTag{0x5f8a1be2044d4e7b, 0xa1c6d3927f0e8b64};

  std::shared_ptr<PlanArguments> arguments;  // null once it is being built
  std::shared_ptr<WeightStore> store;
  const KernelTable* kernels = nullptr;
  ProgramOptions options;

  void finalize(napi_env env) {
    if (arguments != nullptr) arguments->delete_references(env);
  }
};

// The plan behind `value` while nothing has been made of it, or null with a reason in `status`.
PlanHandle* unbuilt_plan(napi_env env, napi_value value, Status& status);
// The same for one that has all its parameters.
PlanHandle* staged_plan(napi_env env, napi_value value, Status& status);

// What a run reads of its arguments, kept from one run to the next.
struct RunBuffers {
  std::vector<napi_value> input_values;
  std::vector<napi_value> output_values;
  std::vector<float*> inputs;
  std::vector<float*> outputs;
};

struct ProgramHandle {
  static constexpr napi_type_tag kTag{0x71c2e95d3a604f28, 0x8d4b06f1e57a92c3};

  std::shared_ptr<Program> program;  // null after dispose
  std::shared_ptr<RunQueue> queue;
  std::shared_ptr<ReusePool<AlignedBuffer>> staging;  // copies of user buffers, see runs_binding.cpp
  std::unique_ptr<RunBuffers> spare_buffers;
  ExternalMemory external;

  void dispose(napi_env env) {
    if (program == nullptr) return;
    program->dispose();
    program.reset();
    staging.reset();
    external.set(env, 0);
  }
  // Pending runs go on: they hold what they need.
  void finalize(napi_env env) { external.set(env, 0); }
};

}  // namespace im2col
