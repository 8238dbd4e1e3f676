// Pictures to tensors. Like runs, a job on the thread pool never touches JavaScript's memory: bytes are copied when it
// starts and the result when it has ended (see runs_binding.cpp).
#include "../ops/from_pixels.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "../runtime/aligned.h"
#include "../runtime/thread_count.h"
#include "../runtime/thread_pool.h"
#include "arguments.h"
#include "environment.h"
#include "errors.h"
#include "exports.h"

namespace im2col {
namespace {

constexpr int64_t kMaxExtent = INT32_MAX;

// Everything that a conversion needs but the memory of the picture.
struct PixelJob {
  PixelSource source;
  PixelTransform transform;
  const KernelTable* kernels = nullptr;
  AlignedBuffer copy;  // of the picture's bytes
  AlignedBuffer output;
  int threads = 1;

  Status run() {
    ThreadPool& pool = ThreadPool::instance();
    const ThreadPool::ActiveJob active(pool);
    return from_pixels(source, transform, *kernels, Parallel(&pool, threads), output.data());
  }
};

Status read_extent(napi_env env, napi_value object, const char* name, int64_t minimum, int64_t& extent) {
  napi_value value = nullptr;
  Status status = read_property(env, object, name, "the transform", value);
  return status.ok() ? read_integer(env, value, name, minimum, kMaxExtent, extent) : status;
}

Status read_coefficients(napi_env env, napi_value object, const char* name, std::vector<float>& coefficients) {
  napi_value value = nullptr;
  std::vector<napi_value> elements;
  Status status = read_property(env, object, name, "the transform", value);
  if (status.ok()) status = read_list(env, value, name, elements);
  for (size_t i = 0; status.ok() && i < elements.size(); ++i) {
    double coefficient = 0;
    status = read_number(env, elements[i], name, coefficient);
    coefficients.push_back(static_cast<float>(coefficient));
  }
  return status;
}

Status read_flag(napi_env env, napi_value object, const char* name, bool& flag) {
  napi_value value = nullptr;
  Status status = read_property(env, object, name, "the transform", value);
  if (status.ok()) flag = Napi::Value(env, value).ToBoolean();
  return status;
}

// May run JavaScript.
Status read_transform(napi_env env, napi_value object, PixelTransform& transform) {
  struct Extent {
    const char* name;
    int64_t minimum;
    int64_t* value;
  };
  const Extent extents[] = {
      {"resizedWidth", 1, &transform.resized_width},
      {"resizedHeight", 1, &transform.resized_height},
      {"left", -kMaxExtent, &transform.left},
      {"top", -kMaxExtent, &transform.top},
      {"width", 1, &transform.width},
      {"height", 1, &transform.height},
      {"channels", 1, &transform.channels},
  };
  Status status;
  for (const Extent& extent : extents) {
    if (status.ok()) status = read_extent(env, object, extent.name, extent.minimum, *extent.value);
  }
  if (status.ok()) status = read_coefficients(env, object, "matrix", transform.matrix);
  if (status.ok()) status = read_coefficients(env, object, "shift", transform.shift);
  if (status.ok()) status = read_coefficients(env, object, "pad", transform.pad);
  if (status.ok()) status = read_flag(env, object, "bicubic", transform.bicubic);
  if (status.ok()) status = read_flag(env, object, "channelsFirst", transform.channels_first);
  return status;
}

// (data, width, height, channels, transform); the address of the bytes is valid until JavaScript runs again.
Status read_job(const Napi::CallbackInfo& info, PixelJob& job) {
  Napi::Env env = info.Env();
  Status status;
  job.kernels = active_kernels(status);
  if (status.ok()) status = read_transform(env, info[4], job.transform);
  if (status.ok()) status = read_integer(env, info[1], "width", 1, kMaxExtent, job.source.width);
  if (status.ok()) status = read_integer(env, info[2], "height", 1, kMaxExtent, job.source.height);
  if (status.ok()) status = read_integer(env, info[3], "channels", 1, kMaxPictureChannels, job.source.channels);
  ArrayMemory memory;
  if (status.ok()) status = read_typed_array(env, info[0], napi_uint8_array, "data", memory);
  if (!status.ok()) return status;
  job.source.data = static_cast<const uint8_t*>(memory.data);
  job.source.size = static_cast<int64_t>(memory.size);
  status = check_pixels(job.source, job.transform);
  if (!status.ok()) return status;

  job.threads = thread_count(status);
  if (!status.ok()) return status;
  ThreadPool::instance().reserve(job.threads);
  job.output = AlignedBuffer(static_cast<size_t>(job.transform.channels * job.transform.height * job.transform.width));
  if (!job.output) return {Code::kOutOfMemory, "fromPixels: no memory for the result"};
  return Status::Ok();
}

Status copy_source(PixelJob& job) {
  job.copy = AlignedBuffer((static_cast<size_t>(job.source.size) + sizeof(float) - 1) / sizeof(float));
  if (!job.copy) return {Code::kOutOfMemory, "fromPixels: no memory for a copy of the picture"};
  std::memcpy(job.copy.data(), job.source.data, static_cast<size_t>(job.source.size));
  job.source.data = reinterpret_cast<const uint8_t*>(job.copy.data());
  return Status::Ok();
}

Napi::Value to_float32_array(napi_env env, const AlignedBuffer& values) {
  Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
  if (!array.IsEmpty()) std::copy_n(values.data(), values.size(), array.Data());
  return array;
}

}  // namespace

Napi::Value from_pixels_async(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto job = std::make_shared<PixelJob>();
  Status status = read_job(info, *job);
  if (status.ok()) status = copy_source(*job);
  if (!status.ok()) return throw_status(env, status);

  AsyncWork work;
  work.run = [job](const std::atomic<bool>&) { return job->run(); };
  work.settle = [job](napi_env settle_env, Status&) -> napi_value { return to_float32_array(settle_env, job->output); };
  const auto submit = [](std::function<void()> task) { ThreadPool::instance().submit(std::move(task)); };
  return Napi::Value(env, Environment::of(env).start(std::move(work), submit).promise);
}

Napi::Value from_pixels_sync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  PixelJob job;
  Status status = read_job(info, job);
  if (status.ok()) status = job.run();
  return status.ok() ? to_float32_array(env, job.output) : throw_status(env, status);
}

}  // namespace im2col
