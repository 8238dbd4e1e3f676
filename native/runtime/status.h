// The result of anything that can fail. A code is part of the public error surface; the message names the thing, what
// was expected and what came.
#pragma once

#include <string>
#include <utility>

namespace im2col {

enum class Code {
  kOk,
  kInvalidArgument,  // a step, view or buffer that contradicts the plan's contract
  kOutOfMemory,
  kAborted,   // cancelled by the caller
  kDisposed,  // the program was released
  kUnsupported,
  kUnreadable,  // a file that cannot be read, or is not what it was
};

struct [[nodiscard]] Status {
  Code code = Code::kOk;
  std::string message;

  bool ok() const { return code == Code::kOk; }
  static Status Ok() { return {}; }
  static Status Invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
};

}  // namespace im2col
