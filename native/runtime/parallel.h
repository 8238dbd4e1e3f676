// How a step spreads its work over the threads of its job.
#pragma once

#include <cstdint>
#include <type_traits>

namespace im2col {

class ThreadPool;

// Calls task(i, thread) for every i in [0, count), each exactly once, on up to max_threads threads; `thread` is in
// [0, max_threads) and no two calls with the same `thread` overlap, so it names a scratch area. Returns when all are
// done. The order is unspecified, so a result must not depend on it. Nested use runs on the calling thread.
class Parallel {
 public:
  Parallel() = default;  // one thread: the caller's
  Parallel(ThreadPool* pool, int max_threads) : pool_(pool), max_threads_(max_threads) {}

  int max_threads() const { return max_threads_; }

  template <typename Task>
  void run(int64_t count, const Task& task) const {
    run_erased(count, [](const void* t, int64_t i, int thread) { (*static_cast<const Task*>(t))(i, thread); }, &task);
  }

 private:
  using Erased = void (*)(const void* task, int64_t index, int thread);
  void run_erased(int64_t count, Erased call, const void* task) const;

  ThreadPool* pool_ = nullptr;
  int max_threads_ = 1;
};

}  // namespace im2col
