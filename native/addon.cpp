#include "binding/environment.h"
#include "binding/exports.h"
#include "binding/pin_library.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  // Pool threads run the library's code until the process ends, so it must not be unloaded with the last environment.
  im2col::pin_library();
  if (!im2col::Environment::create(env)) return exports;

  const auto set = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  set("engineInfo", im2col::engine_info);
  set("fmaPeak", im2col::fma_peak);
  set("machinePeaks", im2col::machine_peaks);

  set("keepFile", im2col::keep_file);
  set("readFile", im2col::read_file);

  set("createWeightStore", im2col::create_weight_store);
  set("weightStoreBytes", im2col::weight_store_bytes);
  set("disposeWeightStore", im2col::dispose_weight_store);

  set("readPlan", im2col::read_plan);
  set("stagePlan", im2col::stage_plan);
  set("buildProgram", im2col::build_program);
  set("buildProgramSync", im2col::build_program_sync);
  set("programSteps", im2col::program_steps);
  set("programMemory", im2col::program_memory);
  set("disposeProgram", im2col::dispose_program);

  set("planAlgorithms", im2col::plan_algorithms);
  set("timeAlgorithms", im2col::time_plan_algorithms);

  set("startRun", im2col::start_run);
  set("cancelRun", im2col::cancel_run);
  set("runSync", im2col::run_sync);

  set("fromPixels", im2col::from_pixels_async);
  set("fromPixelsSync", im2col::from_pixels_sync);
  return exports;
}

}  // namespace

NODE_API_MODULE(im2col, init)
