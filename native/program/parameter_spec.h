// Weights on their way into a program: in memory, or in a file from which they are read when a packing needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "../runtime/aligned.h"
#include "../runtime/file.h"
#include "../runtime/status.h"

namespace im2col {

class ParameterSpec {
 public:
  ParameterSpec() = default;
  // `memory` is owned by the caller and alive until the program is built.
  ParameterSpec(std::string key, const float* memory, size_t size)
      : key(std::move(key)), size(size), memory_(memory) {}
  // float32 in the machine's byte order, from byte `position` on.
  ParameterSpec(std::string key, std::shared_ptr<const File> file, uint64_t position, size_t size)
      : key(std::move(key)), size(size), stored_(std::make_shared<Stored>(std::move(file), position)) {}

  std::string key;  // names the packed form in the weight store
  size_t size = 0;  // elements

  void set_memory(const float* memory) { memory_ = memory; }

  // All elements, once load() has succeeded.
  const float* data() const { return memory_ != nullptr ? memory_ : stored_->elements.data(); }
  // Elements [first, first + count), which are read into `scratch` when they lie in a file; zeros there if that fails, and status()
  // says why. Thread-safe.
  const float* slice(size_t first, size_t count, float* scratch) const;

  // Brings all elements into memory, where they stay until release().
  Status load() const;
  void release() const;
  // The first failure of a slice.
  Status status() const;

 private:
  struct Stored {
    Stored(std::shared_ptr<const File> file, uint64_t position) : file(std::move(file)), position(position) {}

    const std::shared_ptr<const File> file;
    const uint64_t position;
    AlignedBuffer elements;
    std::mutex mutex;  // of status
    Status status;
  };

  const float* memory_ = nullptr;
  std::shared_ptr<Stored> stored_;
};

}  // namespace im2col
