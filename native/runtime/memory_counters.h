// What the engine holds in this process, over all programs and threads.
#pragma once

#include <atomic>
#include <cstddef>

namespace im2col {

struct MemoryCounters {
  std::atomic<size_t> arena_bytes{0};   // arenas and scratch
  std::atomic<size_t> weight_bytes{0};  // packed weights
  std::atomic<size_t> buffers_made{0};  // AlignedBuffers, since the process began
};

inline MemoryCounters memory_counters;

}  // namespace im2col
