// A PlanSpec of JavaScript (lib/graph/plan-spec.ts) as plain data, and the memory of its parameters.
#pragma once

#include <napi.h>

#include <string>
#include <utility>
#include <vector>

#include "../program/plan_spec.h"
#include "../runtime/aligned.h"
#include "../runtime/status.h"

namespace im2col {

// A plan with its parameters. Reading takes the structure, the places of weights in files and references to the Float32Arrays, whose
// memory is bound to the plan afterwards, in one of two ways:
//
// - borrow(): the arrays' own memory, good while no JavaScript runs.
// - stage(): memory that stays whatever JavaScript does meanwhile. An array over a SharedArrayBuffer cannot be detached
//   or shrunk, so the reference is enough and nothing is copied. Any other array can lose its memory (transfer, resize),
//   Node-API has no way to hold on to that memory, and a pool thread that reads it would bring the process down; so it is
//   copied, in slices, between which the event loop runs.
class PlanArguments {
 public:
  PlanSpec plan;

  // May run JavaScript. On failure an exception may be pending.
  Status read(napi_env env, napi_value value);

  Status borrow(napi_env env);

  // Copies about `budget` elements; `done` tells whether all parameters have their memory.
  Status stage(napi_env env, size_t budget, bool& done);

  // Hands over the references to the parameters.
  std::vector<napi_ref> take_references() { return std::exchange(references_, {}); }
  void delete_references(napi_env env);

 private:
  Status read_views(napi_env env, napi_value value);
  Status read_steps(napi_env env, napi_value value);
  Status read_step(napi_env env, napi_value value, const std::string& what, StepSpec& step);
  Status read_parameters(napi_env env, napi_value value, const std::string& what, StepSpec& step);
  Status read_parameter(napi_env env, napi_value value, const std::string& what, const std::string& role,
                        ParameterSpec& spec);
  Status parameter_memory(napi_env env, size_t index, float*& data, bool& shared);

  // Entry i of the three belongs to the i-th parameter in memory, in the order of reading.
  std::vector<ParameterSpec*> parameters_;
  std::vector<std::string> parameter_names_;
  std::vector<napi_ref> references_;

  std::vector<AlignedBuffer> copies_;
  size_t staged_parameters_ = 0;
  size_t staged_elements_ = 0;  // of the parameter after those
};

}  // namespace im2col
