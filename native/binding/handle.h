// Native objects in JavaScript: plain objects that carry a type tag, so that no other object can be taken for one.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "../runtime/status.h"

namespace im2col {

// Makes the object; `T` has `static constexpr napi_type_tag kTag` and `void finalize(napi_env)`, which runs before `T` is
// deleted.
template <typename T>
Napi::Value make_handle(Napi::Env env, std::unique_ptr<T> value) {
  Napi::Object object = Napi::Object::New(env);
  const auto finalizer = [](napi_env finalizer_env, void* data, void*) {
    const std::unique_ptr<T> owned(static_cast<T*>(data));
    owned->finalize(finalizer_env);
  };
  if (napi_wrap(env, object, value.get(), finalizer, nullptr, nullptr) == napi_ok) value.release();
  napi_type_tag_object(env, object, &T::kTag);
  return object;
}

// The native object behind `value`, or null with a reason in `status`.
template <typename T>
T* from_handle(napi_env env, napi_value value, const char* what, Status& status) {
  bool tagged = false;
  void* data = nullptr;
  napi_valuetype type = napi_undefined;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_object &&
      napi_check_object_type_tag(env, value, &T::kTag, &tagged) == napi_ok && tagged &&
      napi_unwrap(env, value, &data) == napi_ok) {
    return static_cast<T*>(data);
  }
  status = Status::Invalid(std::string("expected a ") + what);
  return nullptr;
}

}  // namespace im2col
