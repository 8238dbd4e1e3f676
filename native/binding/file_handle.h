// An open file in JavaScript.
#pragma once

#include <napi.h>

#include <memory>

#include "../runtime/file.h"
#include "handle.h"

namespace im2col {

struct FileHandle {
  static constexpr napi_type_tag kTag{0x2a86d07cf15b4e93, 0xb7e45d1c0f9a6382};

  std::shared_ptr<const File> file;

  void finalize(napi_env) {}
};

}  // namespace im2col
