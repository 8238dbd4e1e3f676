// Runs of a program.
//
// A run on the thread pool never touches JavaScript's memory: inputs are copied when it starts and outputs when it has
// ended, both on the JavaScript thread. Node-API cannot hold on to the memory of an ArrayBuffer that is transferred,
// resized or whose worker is terminated meanwhile, so a pool thread that used it could bring the process down. The
// copies are small beside any network's work, and the caller may reuse its inputs at once. runSync blocks JavaScript, so
// it uses the memory in place.
#include <cstring>
#include <utility>

#include "arguments.h"
#include "environment.h"
#include "errors.h"
#include "exports.h"
#include "handle.h"
#include "program_handles.h"

namespace im2col {
namespace {

// Copies of the inputs and outputs of one run, side by side.
struct StagedBuffers {
  std::unique_ptr<AlignedBuffer> memory;
  std::vector<float*> inputs;
  std::vector<float*> outputs;
};

// The elements of a list of user buffers; reading them may run JavaScript.
Status read_buffers(napi_env env, napi_value value, const char* what, size_t count, std::vector<napi_value>& buffers) {
  Status status = read_list(env, value, what, buffers);
  if (status.ok() && buffers.size() != count) {
    return Status::Invalid(std::string(what) + " must have " + std::to_string(count) + " buffers but has " +
                           std::to_string(buffers.size()));
  }
  return status;
}

// Their memory; runs no JavaScript.
Status buffer_memory(napi_env env, const std::vector<napi_value>& buffers, const char* what,
                     const std::vector<int64_t>& sizes, std::vector<float*>& memory) {
  static const std::string kNoName;
  memory.resize(buffers.size());
  for (size_t i = 0; i < buffers.size(); ++i) {
    ArrayMemory array;
    Status status = read_floats(env, buffers[i], kNoName, static_cast<size_t>(sizes[i]), array);
    if (!status.ok()) {
      status.message = std::string(what) + "[" + std::to_string(i) + "]" + status.message;
      return status;
    }
    memory[i] = static_cast<float*>(array.data);
  }
  return Status::Ok();
}

// The arguments of a run: program, inputs, outputs.
struct RunArguments {
  ProgramHandle* handle = nullptr;
  std::unique_ptr<RunBuffers> buffers;

  Status read(const Napi::CallbackInfo& info);
  ~RunArguments() {
    if (handle != nullptr) handle->spare_buffers = std::move(buffers);
  }
};

Status RunArguments::read(const Napi::CallbackInfo& info) {
  napi_env env = info.Env();
  Status status;
  handle = from_handle<ProgramHandle>(env, info[0], "program", status);
  if (handle == nullptr) return status;
  std::shared_ptr<Program> program = handle->program;
  if (program == nullptr) return {Code::kDisposed, "the program was disposed"};

  // Reading may run JavaScript, which may run the program.
  buffers = std::move(handle->spare_buffers);
  if (buffers == nullptr) buffers = std::make_unique<RunBuffers>();
  RunBuffers& b = *buffers;
  status = read_buffers(env, info[1], "inputs", program->input_sizes().size(), b.input_values);
  if (status.ok()) status = read_buffers(env, info[2], "outputs", program->output_sizes().size(), b.output_values);
  if (status.ok()) status = buffer_memory(env, b.input_values, "inputs", program->input_sizes(), b.inputs);
  if (status.ok()) status = buffer_memory(env, b.output_values, "outputs", program->output_sizes(), b.outputs);
  if (status.ok() && handle->program == nullptr) return {Code::kDisposed, "the program was disposed"};
  return status;
}

Status make_staging(ProgramHandle& handle, StagedBuffers& staged) {
  const Program& program = *handle.program;
  size_t total = 0;
  for (const int64_t size : program.input_sizes()) total += aligned_size(static_cast<size_t>(size));
  for (const int64_t size : program.output_sizes()) total += aligned_size(static_cast<size_t>(size));
  staged.memory = handle.staging->take();
  if (staged.memory == nullptr) staged.memory = std::make_unique<AlignedBuffer>(total);
  if (total > 0 && !*staged.memory) {
    return {Code::kOutOfMemory, "no memory for a run's buffers (" + std::to_string(total) + " elements)"};
  }
  float* next = staged.memory->data();
  const auto place = [&next](const std::vector<int64_t>& sizes, std::vector<float*>& buffers) {
    for (const int64_t size : sizes) {
      buffers.push_back(next);
      next += aligned_size(static_cast<size_t>(size));
    }
  };
  place(program.input_sizes(), staged.inputs);
  place(program.output_sizes(), staged.outputs);
  return Status::Ok();
}

// Copies the results to the user's arrays, which may be gone by now.
Status copy_outputs(napi_env env, const StagedBuffers& staged, const std::vector<int64_t>& sizes,
                    const std::vector<napi_ref>& references) {
  std::vector<napi_value> values(references.size());
  for (size_t i = 0; i < references.size(); ++i) napi_get_reference_value(env, references[i], &values[i]);
  std::vector<float*> outputs;
  Status status = buffer_memory(env, values, "outputs", sizes, outputs);
  for (size_t i = 0; i < outputs.size() && status.ok(); ++i) {
    std::memcpy(outputs[i], staged.outputs[i], static_cast<size_t>(sizes[i]) * sizeof(float));
  }
  return status;
}

// For each step start and end, its own and then those of each thread.
napi_value to_float64_array(Napi::Env env, const RunTimes& times) {
  Napi::Float64Array array = Napi::Float64Array::New(env, 2 * (times.steps.size() + times.threads.size()));
  size_t position = 0;
  const auto append = [&](const TimeSpan& span) {
    array[position++] = static_cast<double>(span.start);
    array[position++] = static_cast<double>(span.end);
  };
  const size_t threads = times.steps.empty() ? 0 : times.threads.size() / times.steps.size();
  for (size_t step = 0; step < times.steps.size(); ++step) {
    append(times.steps[step]);
    for (size_t thread = 0; thread < threads; ++thread) append(times.threads[step * threads + thread]);
  }
  return array;
}

}  // namespace

// startRun(program, inputs, outputs, profile): { promise, id }. The promise's value is undefined, or with `profile` the
// times of each step and thread.
Napi::Value start_run(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  RunArguments arguments;
  auto staged = std::make_shared<StagedBuffers>();
  Status status = arguments.read(info);
  if (status.ok()) status = make_staging(*arguments.handle, *staged);
  if (!status.ok()) return throw_status(env, status);
  const std::shared_ptr<Program> program = arguments.handle->program;
  const std::vector<int64_t>& input_sizes = program->input_sizes();
  for (size_t i = 0; i < input_sizes.size(); ++i) {
    std::memcpy(staged->inputs[i], arguments.buffers->inputs[i], static_cast<size_t>(input_sizes[i]) * sizeof(float));
  }

  AsyncWork work;
  for (napi_value output : arguments.buffers->output_values) {
    napi_ref reference = nullptr;
    napi_create_reference(env, output, 1, &reference);
    work.references.push_back(reference);
  }
  const bool profile = info[3].ToBoolean();
  auto times = std::make_shared<RunTimes>();
  work.run = [program, staged, times, profile](const std::atomic<bool>& cancelled) {
    return program->run(staged->inputs.data(), staged->outputs.data(), cancelled, profile ? times.get() : nullptr);
  };
  work.settle = [staged, times, profile, references = work.references, sizes = program->output_sizes(),
                 staging = arguments.handle->staging](napi_env settle_env, Status& status) -> napi_value {
    status = copy_outputs(settle_env, *staged, sizes, references);
    staging->give(std::move(staged->memory));
    return profile ? to_float64_array(settle_env, *times) : Napi::Env(settle_env).Undefined();
  };
  const auto submit = [queue = arguments.handle->queue](std::function<void()> job) { queue->submit(std::move(job)); };
  const StartedJob job = Environment::of(env).start(std::move(work), submit);

  Napi::Object result = Napi::Object::New(env);
  result.Set("promise", Napi::Value(env, job.promise));
  result.Set("id", job.id);
  return result;
}

// cancelRun(id)
Napi::Value cancel_run(const Napi::CallbackInfo& info) {
  int64_t id = 0;
  Status status = read_integer(info.Env(), info[0], "id", 0, UINT32_MAX, id);
  if (!status.ok()) return throw_status(info.Env(), status);
  Environment::of(info.Env()).cancel(static_cast<uint32_t>(id));
  return info.Env().Undefined();
}

// runSync(program, inputs, outputs)
Napi::Value run_sync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  RunArguments arguments;
  Status status = arguments.read(info);
  if (status.ok()) {
    const std::atomic<bool> cancelled{false};
    status = arguments.handle->program->run(arguments.buffers->inputs.data(), arguments.buffers->outputs.data(), cancelled);
  }
  return status.ok() ? env.Undefined() : throw_status(env, status);
}

}  // namespace im2col
