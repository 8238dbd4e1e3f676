// How a step cuts its work for the threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../runtime/parallel.h"

namespace im2col {

// What makes a range worth its own start on another thread: some microseconds of streaming through the cache.
inline constexpr int64_t kMinimumRangeElements = 32 * 1024;

// Calls task(begin, end, thread) for consecutive ranges that cover [0, count). `item_cost` is the work of one item in elements
// read and written; no range is smaller than kMinimumRangeElements unless it is the only one. The cut depends on the
// number of threads, so the result of an item must not depend on the range it is in.
template <typename Task>
void for_ranges(const Parallel& parallel, int64_t count, int64_t item_cost, const Task& task) {
  const int64_t smallest = std::max<int64_t>(1, kMinimumRangeElements / std::max<int64_t>(1, item_cost));
  // Two ranges for each thread even out threads that start late.
  const int64_t most = parallel.max_threads() > 1 ? int64_t{2} * parallel.max_threads() : 1;
  const int64_t ranges = std::clamp<int64_t>(count / smallest, 1, most);
  if (ranges == 1) {
    task(int64_t{0}, count, 0);
    return;
  }
  parallel.run(ranges, [&](int64_t i, int thread) { task(count * i / ranges, count * (i + 1) / ranges, thread); });
}

}  // namespace im2col
