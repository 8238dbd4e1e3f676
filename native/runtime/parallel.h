// How a step spreads its work over the threads of its job.
#pragma once

#include <cstdint>
#include <type_traits>

namespace im2col {

class ThreadPool;

// When a thread worked: from the start of its first task to the end of its last, in nanoseconds of the steady clock. Both
// are 0 when it had no task.
struct alignas(64) ThreadSpan {
  int64_t start = 0;
  int64_t end = 0;
};

// Calls task(i, thread) for every i in [0, count), each exactly once, on up to max_threads threads; `thread` is in
// [0, max_threads) and no two calls with the same `thread` overlap, so it names a scratch area. Returns when all are
// done. A thread begins with a range of neighbouring tasks of its own, the same share of every call, and then helps the
// others; the order is unspecified, so a result must not depend on it. Nested use runs on the calling thread.
class Parallel {
 public:
  Parallel() = default;  // one thread: the caller's
  // `spans`, when given, are max_threads spans that grow with every task.
  Parallel(ThreadPool* pool, int max_threads, ThreadSpan* spans = nullptr) : pool_(pool), max_threads_(max_threads), spans_(spans) {}

  int max_threads() const { return max_threads_; }

  template <typename Task>
  void run(int64_t count, const Task& task) const {
    run_erased(count, [](const void* t, int64_t i, int thread) { (*static_cast<const Task*>(t))(i, thread); }, &task);
  }

 private:
  using Erased = void (*)(const void* task, int64_t index, int thread);
  void run_erased(int64_t count, Erased call, const void* task) const;
  void run_tasks(int64_t count, Erased call, const void* task) const;

  ThreadPool* pool_ = nullptr;
  int max_threads_ = 1;
  ThreadSpan* spans_ = nullptr;
};

}  // namespace im2col
