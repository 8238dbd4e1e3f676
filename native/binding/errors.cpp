#include "errors.h"

namespace im2col {
namespace {

const char* code_name(Code code) {
  switch (code) {
    case Code::kOutOfMemory:
      return "ERR_OUT_OF_MEMORY";
    case Code::kAborted:
      return "ERR_ABORTED";
    case Code::kDisposed:
      return "ERR_DISPOSED";
    case Code::kUnsupported:
      return "ERR_UNSUPPORTED";
    case Code::kUnreadable:
      return "ERR_UNREADABLE";
    case Code::kOk:
    case Code::kInvalidArgument:
      break;
  }
  return "ERR_INVALID_ARGUMENT";
}

}  // namespace

napi_value make_error(napi_env env, const Status& status) {
  napi_value error = nullptr;
  napi_create_error(env, Napi::String::New(env, code_name(status.code)), Napi::String::New(env, status.message), &error);
  return error;
}

Napi::Value throw_status(Napi::Env env, const Status& status) {
  if (!env.IsExceptionPending()) napi_throw(env, make_error(env, status));
  return env.Undefined();
}

}  // namespace im2col
