// Files whose numbers the engine reads itself.
#include "arguments.h"
#include "errors.h"
#include "exports.h"
#include "file_handle.h"

#ifdef _WIN32
#include <uv.h>
#include <windows.h>
#else
#include <fcntl.h>
#endif

namespace im2col {
namespace {

#ifdef _WIN32
// The addon has a C library of its own, so only libuv knows Node's descriptors.
bool duplicate(int descriptor, FileDescriptor& copy) {
  const HANDLE process = GetCurrentProcess();
  return DuplicateHandle(process, uv_get_osfhandle(descriptor), process, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS) != 0;
}
#else
bool duplicate(int descriptor, FileDescriptor& copy) {
  copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return copy >= 0;
}
#endif

}  // namespace

// keepFile(descriptor): the open file, which stays open when the descriptor is closed.
Napi::Value keep_file(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int64_t descriptor = 0;
  FileDescriptor copy{};
  Status status = read_integer(env, info[0], "descriptor", 0, INT32_MAX, descriptor);
  if (status.ok() && !duplicate(static_cast<int>(descriptor), copy)) {
    status = {Code::kUnreadable, "the descriptor " + std::to_string(descriptor) + " cannot be kept open"};
  }
  if (!status.ok()) return throw_status(env, status);
  auto handle = std::make_unique<FileHandle>();
  handle->file = std::make_shared<const File>(copy);
  return make_handle(env, std::move(handle));
}

// readFile(file, startByte, target): fills a Float32Array.
Napi::Value read_file(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Status status;
  const auto* handle = from_handle<FileHandle>(env, info[0], "file", status);
  int64_t position = 0;
  ArrayMemory target;
  if (handle != nullptr) status = read_integer(env, info[1], "startByte", 0, int64_t{1} << 53, position);
  if (status.ok()) status = read_typed_array(env, info[2], napi_float32_array, "target", target);
  if (status.ok()) {
    status = handle->file->read(target.data, target.size * sizeof(float), static_cast<uint64_t>(position));
  }
  return status.ok() ? env.Undefined() : throw_status(env, status);
}

}  // namespace im2col
