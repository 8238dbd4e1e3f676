// Typed, checked reads of arguments. A read may run JavaScript (getters, proxies) only where it says so; then everything
// that was read before may have changed, so addresses of buffers are taken last.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../runtime/status.h"

namespace im2col {

// Memory of a typed array, valid until JavaScript runs again.
struct ArrayMemory {
  void* data = nullptr;
  size_t size = 0;      // elements
  bool shared = false;  // a SharedArrayBuffer's, which cannot be detached
};

// Takes any realm's typed array of the kind `type`; refuses a detached buffer. Runs no JavaScript.
Status read_typed_array(napi_env env, napi_value value, napi_typedarray_type type, const std::string& what,
                        ArrayMemory& memory);

// The same for a Float32Array of exactly `size` elements.
Status read_floats(napi_env env, napi_value value, const std::string& what, size_t size, ArrayMemory& memory);

// Elements of an array of at most kMaxListLength. May run JavaScript.
inline constexpr uint32_t kMaxListLength = 1 << 20;
Status read_list(napi_env env, napi_value value, const std::string& what, std::vector<napi_value>& elements);

// May run JavaScript.
Status read_property(napi_env env, napi_value object, const char* name, const std::string& what, napi_value& value);

// Runs no JavaScript.
Status read_integer(napi_env env, napi_value value, const std::string& what, int64_t minimum, int64_t maximum,
                    int64_t& integer);
Status read_number(napi_env env, napi_value value, const std::string& what, double& number);
Status read_string(napi_env env, napi_value value, const std::string& what, std::string& text);

}  // namespace im2col
