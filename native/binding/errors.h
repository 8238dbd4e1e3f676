// Status to JavaScript.
#pragma once

#include <napi.h>

#include "../runtime/status.h"

namespace im2col {

// An Error with the status' message and its code: ERR_INVALID_ARGUMENT, ERR_OUT_OF_MEMORY, ERR_ABORTED, ERR_DISPOSED,
// ERR_UNSUPPORTED or ERR_UNREADABLE.
napi_value make_error(napi_env env, const Status& status);

// Throws make_error(status), unless an exception is pending already: a getter or proxy that threw explains itself.
// Returns undefined, for `return throw_status(...)`.
Napi::Value throw_status(Napi::Env env, const Status& status);

}  // namespace im2col
