// Memory aligned for vectors, without exceptions.
#pragma once

#include <cstddef>

namespace im2col {

inline constexpr size_t kAlignmentBytes = 64;

// Float32 memory, 64-byte aligned (2 MiB-aligned and advised for huge pages when it is large), not initialised. Movable, empty when allocation failed.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  float* data() const { return data_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  float* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace im2col
