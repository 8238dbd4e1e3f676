#include "allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "../runtime/memory_counters.h"

namespace {

std::atomic<size_t> calls{0};

void* take(size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return take(bytes); }
void* operator new[](size_t bytes) { return take(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace im2col::test {

size_t allocation_count() {
  return calls.load(std::memory_order_relaxed) + im2col::memory_counters.buffers_made.load(std::memory_order_relaxed);
}

}  // namespace im2col::test
