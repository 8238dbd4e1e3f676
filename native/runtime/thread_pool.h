// The process's own threads: a queue of jobs, and help inside a job through Parallel (parallel.h).
//
// A job runs on one worker. Each Parallel::run inside it publishes a region, which idle workers enter without a lock and
// leave when its tasks are all claimed; so several jobs at once share the workers and no thread waits for another job.
// Workers spin for a short time while a job is active, then park; nothing spins when no job is active.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "thread_count.h"

namespace im2col {

class ThreadPool {
 public:
  // Made at first use and never destroyed, because its threads may run longer than any static object lives. A child made
  // by fork() has no workers, so it starts with a new pool.
  static ThreadPool& instance();

  // Starts workers until there are `workers`, as far as the system lets it; returns how many there are.
  int reserve(int workers);

  int workers() const { return workers_.load(std::memory_order_acquire); }

  // Runs `job` on a worker, first come, first served; on the calling thread when there are no workers at all.
  void submit(std::function<void()> job);

  // Stands for a job that is running on the thread that holds it.
  class ActiveJob {
   public:
    explicit ActiveJob(ThreadPool& pool) : pool_(pool) { pool_.active_jobs_.fetch_add(1, std::memory_order_relaxed); }
    ~ActiveJob() { pool_.active_jobs_.fetch_sub(1, std::memory_order_relaxed); }
    ActiveJob(const ActiveJob&) = delete;
    ActiveJob& operator=(const ActiveJob&) = delete;

   private:
    ThreadPool& pool_;
  };

 private:
  friend class Parallel;

  static constexpr int kGuestRegions = 16;  // for threads that are not workers
  static constexpr int kMostParts = 16;     // of a region; with more threads some share one

  using Erased = void (*)(const void* task, int64_t index, int thread);

  // A range of the tasks of a region, which threads claim one by one.
  struct alignas(64) Part {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  // One call of Parallel::run. Every thread has a part of the tasks and helps with the others when that is done. Threads
  // come back to the same part of the next region, whose tasks mostly read what those of this part wrote. `gate` holds what
  // owner and helpers agree on, in one word: how many helpers are inside, how many may still enter, the thread index that
  // the next one gets, and whether the owner sleeps until they leave.
  // Everything else is written by the owner while nobody is inside and the gate is shut.
  struct alignas(64) Region {
    std::atomic<uint64_t> gate{0};
    Erased call = nullptr;
    const void* task = nullptr;
    int parts = 0;
    std::atomic<bool> taken{false};  // by a thread that is not a worker
    std::array<Part, kMostParts> part;
    alignas(64) std::mutex mutex;
    std::condition_variable empty;
  };

  ThreadPool() = default;
  ~ThreadPool() = default;

  void work(int worker);
  bool run_queued_job();
  bool help();
  bool work_visible() const;
  void spin() const;
  void park();
  void wake(int count);

  // The calling thread's region: a worker has its own; others take a free one. Null when there is none left.
  Region* claim_region();
  void release_region(Region& region);
  void run_region(Region& region, int64_t count, Erased call, const void* task, int max_threads);
  static bool enter(Region& region, int& thread);
  static void leave(Region& region);
  static void close(Region& region);
  static void run_tasks(Region& region, int thread);

  std::atomic<int> workers_{0};
  std::atomic<int> active_jobs_{0};
  std::atomic<int> queued_{0};
  std::atomic<int> parked_{0};

  std::mutex mutex_;  // of jobs_, and of parking
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::mutex start_mutex_;

  std::array<Region, kGuestRegions + kMaxThreads> regions_;
};

}  // namespace im2col
