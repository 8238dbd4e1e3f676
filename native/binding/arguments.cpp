#include "arguments.h"

#include <cmath>
#include <cstdio>

namespace im2col {
namespace {

constexpr size_t kMaxStringBytes = 1 << 16;

const char* array_type_name(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return "an Int8Array";
    case napi_uint8_array:
      return "a Uint8Array";
    case napi_uint8_clamped_array:
      return "a Uint8ClampedArray";
    case napi_int16_array:
      return "an Int16Array";
    case napi_uint16_array:
      return "a Uint16Array";
    case napi_int32_array:
      return "an Int32Array";
    case napi_uint32_array:
      return "a Uint32Array";
    case napi_float32_array:
      return "a Float32Array";
    case napi_float64_array:
      return "a Float64Array";
    case napi_bigint64_array:
      return "a BigInt64Array";
    case napi_biguint64_array:
      return "a BigUint64Array";
    default:
      return "another kind of typed array";
  }
}

std::string type_name(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_object:
      return "an object";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    default:
      return "something else";
  }
}

Status expected(const std::string& what, const std::string& expectation, const std::string& actual) {
  return Status::Invalid(what + " must be " + expectation + " but is " + actual);
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

}  // namespace

Status read_typed_array(napi_env env, napi_value value, napi_typedarray_type type, const std::string& what,
                        ArrayMemory& memory) {
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) {
    return expected(what, array_type_name(type), type_name(env, value));
  }
  napi_typedarray_type actual = type;
  napi_value buffer = nullptr;
  size_t byte_offset = 0;
  if (napi_get_typedarray_info(env, value, &actual, &memory.size, &memory.data, &buffer, &byte_offset) != napi_ok) {
    return Status::Invalid(what + " cannot be read");
  }
  if (actual != type) return expected(what, array_type_name(type), array_type_name(actual));
  bool is_array_buffer = false;
  bool detached = false;
  napi_is_arraybuffer(env, buffer, &is_array_buffer);
  if (is_array_buffer) napi_is_detached_arraybuffer(env, buffer, &detached);
  if (detached) return Status::Invalid(what + " has a detached buffer");
  memory.shared = !is_array_buffer;
  return Status::Ok();
}

Status read_floats(napi_env env, napi_value value, const std::string& what, size_t size, ArrayMemory& memory) {
  Status status = read_typed_array(env, value, napi_float32_array, what, memory);
  if (status.ok() && memory.size != size) {
    return Status::Invalid(what + " must have " + std::to_string(size) + " elements but has " +
                           std::to_string(memory.size));
  }
  return status;
}

Status read_list(napi_env env, napi_value value, const std::string& what, std::vector<napi_value>& elements) {
  bool is_array = false;
  if (napi_is_array(env, value, &is_array) != napi_ok || !is_array) {
    return expected(what, "an array", type_name(env, value));
  }
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  if (length > kMaxListLength) {
    return expected(what, "an array of at most " + std::to_string(kMaxListLength) + " elements",
                    std::to_string(length) + " long");
  }
  elements.resize(length);
  for (uint32_t i = 0; i < length; ++i) {
    if (napi_get_element(env, value, i, &elements[i]) != napi_ok) {
      return Status::Invalid(what + "[" + std::to_string(i) + "] cannot be read");
    }
  }
  return Status::Ok();
}

Status read_property(napi_env env, napi_value object, const char* name, const std::string& what, napi_value& value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, object, &type);
  if (type != napi_object) return expected(what, "an object", type_name(env, object));
  if (napi_get_named_property(env, object, name, &value) != napi_ok) {
    return Status::Invalid(what + "." + name + " cannot be read");
  }
  return Status::Ok();
}

Status read_number(napi_env env, napi_value value, const std::string& what, double& number) {
  if (napi_get_value_double(env, value, &number) != napi_ok) return expected(what, "a number", type_name(env, value));
  return Status::Ok();
}

Status read_integer(napi_env env, napi_value value, const std::string& what, int64_t minimum, int64_t maximum,
                    int64_t& integer) {
  const std::string expectation =
      "an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum);
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) return expected(what, expectation, type_name(env, value));
  if (!(number >= static_cast<double>(minimum) && number <= static_cast<double>(maximum)) ||
      std::floor(number) != number) {
    return expected(what, expectation, shown(number));
  }
  integer = static_cast<int64_t>(number);
  return Status::Ok();
}

Status read_string(napi_env env, napi_value value, const std::string& what, std::string& text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    return expected(what, "a string", type_name(env, value));
  }
  if (length > kMaxStringBytes) {
    return expected(what, "a string of at most " + std::to_string(kMaxStringBytes) + " bytes",
                    std::to_string(length) + " long");
  }
  text.resize(length + 1);
  napi_get_value_string_utf8(env, value, text.data(), text.size(), &length);
  text.resize(length);
  return Status::Ok();
}

}  // namespace im2col
