#include "aligned.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "memory_counters.h"

#ifdef _WIN32
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace im2col {
namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;

// More than any machine has; a system that overcommits would grant it all the same.
constexpr size_t kMaxBytes = size_t{1} << 39;

void* allocate(size_t bytes, size_t alignment) {
#ifdef _WIN32
  return _aligned_malloc(bytes, alignment);
#else
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
#endif
}

void release(void* memory) {
#ifdef _WIN32
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

}  // namespace

AlignedBuffer::AlignedBuffer(size_t size) {
  if (size == 0 || size > kMaxBytes / sizeof(float)) return;
  memory_counters.buffers_made.fetch_add(1, std::memory_order_relaxed);
  const size_t bytes = size * sizeof(float);
  const size_t huge_bytes = (bytes + kHugePageBytes / 2) / kHugePageBytes * kHugePageBytes;
  void* memory = allocate(std::max(bytes, huge_bytes), huge_bytes > 0 ? kHugePageBytes : kAlignmentBytes);
  if (memory == nullptr) return;
#ifdef __linux__
  if (huge_bytes > 0) madvise(memory, huge_bytes, MADV_HUGEPAGE);
#endif
  data_ = static_cast<float*>(memory);
  size_ = size;
}

AlignedBuffer::~AlignedBuffer() { release(data_); }

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace im2col
