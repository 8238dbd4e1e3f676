// Memory aligned for vectors, without exceptions.
#pragma once

#include <cstddef>

namespace im2col {

inline constexpr size_t kAlignmentBytes = 64;

// The next multiple of the alignment, both in elements of float32.
constexpr size_t aligned_size(size_t size) {
  constexpr size_t kAlignedElements = kAlignmentBytes / sizeof(float);
  return (size + kAlignedElements - 1) / kAlignedElements * kAlignedElements;
}

// Float32 memory, 64-byte aligned, not initialised: from 1 MiB on in as many huge pages as come closest, where the system
// grants them. Movable, empty when allocation failed.
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
