// The functions that JavaScript sees. Types and meaning of their arguments are in lib/binding.ts.
#pragma once

#include <napi.h>

namespace im2col {

// engine_binding.cpp
Napi::Value engine_info(const Napi::CallbackInfo& info);
Napi::Value fma_peak(const Napi::CallbackInfo& info);
Napi::Value machine_peaks(const Napi::CallbackInfo& info);

// file_binding.cpp
Napi::Value keep_file(const Napi::CallbackInfo& info);
Napi::Value read_file(const Napi::CallbackInfo& info);

// program_binding.cpp
Napi::Value create_weight_store(const Napi::CallbackInfo& info);
Napi::Value weight_store_bytes(const Napi::CallbackInfo& info);
Napi::Value dispose_weight_store(const Napi::CallbackInfo& info);
Napi::Value read_plan(const Napi::CallbackInfo& info);
Napi::Value stage_plan(const Napi::CallbackInfo& info);
Napi::Value build_program(const Napi::CallbackInfo& info);
Napi::Value build_program_sync(const Napi::CallbackInfo& info);
Napi::Value program_steps(const Napi::CallbackInfo& info);
Napi::Value program_memory(const Napi::CallbackInfo& info);
Napi::Value dispose_program(const Napi::CallbackInfo& info);

// timing_binding.cpp
Napi::Value plan_algorithms(const Napi::CallbackInfo& info);
Napi::Value time_plan_algorithms(const Napi::CallbackInfo& info);

// from_pixels.cpp
Napi::Value from_pixels_async(const Napi::CallbackInfo& info);
Napi::Value from_pixels_sync(const Napi::CallbackInfo& info);

// runs_binding.cpp
Napi::Value start_run(const Napi::CallbackInfo& info);
Napi::Value cancel_run(const Napi::CallbackInfo& info);
Napi::Value run_sync(const Napi::CallbackInfo& info);

}  // namespace im2col
