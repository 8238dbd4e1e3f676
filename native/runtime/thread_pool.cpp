#include "thread_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "parallel.h"
#include "thread_start.h"

#ifndef _WIN32
#include <pthread.h>
#endif

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace im2col {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kIdleSpin = std::chrono::microseconds(100);
constexpr auto kJoinSpin = std::chrono::microseconds(50);
constexpr int kSpinsPerClockRead = 32;

// Fields of Region::gate.
constexpr uint64_t kInside = 1;
constexpr uint64_t kTicket = uint64_t{1} << 16;
constexpr uint64_t kThread = uint64_t{1} << 32;
constexpr uint64_t kOwnerSleeps = uint64_t{1} << 63;
constexpr uint64_t kFieldMask = 0xffff;
constexpr uint64_t inside(uint64_t gate) { return gate & kFieldMask; }
constexpr uint64_t tickets(uint64_t gate) { return (gate >> 16) & kFieldMask; }
constexpr int next_thread(uint64_t gate) { return static_cast<int>((gate >> 32) & kFieldMask); }

std::atomic<ThreadPool*> shared_pool{nullptr};

thread_local int this_worker = -1;
thread_local int this_task_thread = -1;  // the `thread` of the task that runs on this thread, -1 outside of tasks

int64_t steady_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

void relax_cpu() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  asm volatile("isb");
#endif
}

// Waits for `done()` without giving up the CPU; false when `limit` has passed.
template <typename Done>
bool spin_until(Clock::duration limit, const Done& done) {
  const Clock::time_point end = Clock::now() + limit;
  do {
    for (int i = 0; i < kSpinsPerClockRead; ++i) {
      if (done()) return true;
      relax_cpu();
    }
  } while (Clock::now() < end);
  return false;
}

}  // namespace

ThreadPool& ThreadPool::instance() {
  ThreadPool* pool = shared_pool.load(std::memory_order_acquire);
  if (pool != nullptr) return *pool;
  auto* made = new ThreadPool();
  if (!shared_pool.compare_exchange_strong(pool, made, std::memory_order_acq_rel)) {
    delete made;
    return *pool;
  }
#ifndef _WIN32
  static const int registered = pthread_atfork(nullptr, nullptr, [] { shared_pool.store(nullptr); });
  static_cast<void>(registered);
#endif
  return *made;
}

int ThreadPool::reserve(int workers) {
  if (this->workers() >= workers) return this->workers();
  std::lock_guard<std::mutex> lock(start_mutex_);
  const int wanted = std::min(workers, kMaxThreads);
  for (int worker = this->workers(); worker < wanted; ++worker) {
    if (!start_detached_thread("im2col", [this, worker] { work(worker); })) break;
    workers_.store(worker + 1, std::memory_order_release);
  }
  return this->workers();
}

void ThreadPool::submit(std::function<void()> job) {
  if (workers() == 0) {
    job();
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
    queued_.fetch_add(1);
  }
  wake_.notify_one();
}

void ThreadPool::work(int worker) {
  this_worker = worker;
  while (true) {
    if (run_queued_job() || help()) continue;
    spin();
    park();
  }
}

bool ThreadPool::run_queued_job() {
  if (queued_.load() == 0) return false;
  std::function<void()> job;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (jobs_.empty()) return false;
    job = std::move(jobs_.front());
    jobs_.pop_front();
    queued_.fetch_sub(1);
  }
  job();
  return true;
}

bool ThreadPool::help() {
  const int regions = kGuestRegions + workers();
  for (int i = 0; i < regions; ++i) {
    int thread = 0;
    if (!enter(regions_[i], thread)) continue;
    run_tasks(regions_[i], thread);
    leave(regions_[i]);
    return true;
  }
  return false;
}

bool ThreadPool::work_visible() const {
  if (queued_.load() > 0) return true;
  const int regions = kGuestRegions + workers();
  return std::any_of(regions_.begin(), regions_.begin() + regions,
                     [](const Region& region) { return tickets(region.gate.load()) > 0; });
}

void ThreadPool::spin() const {
  spin_until(kIdleSpin, [this] { return work_visible() || active_jobs_.load(std::memory_order_relaxed) == 0; });
}

// Work is published before `parked_` is read and `parked_` is raised before work is looked for, all sequentially
// consistent: either the publisher sees the parked worker or the worker sees the work.
void ThreadPool::park() {
  std::unique_lock<std::mutex> lock(mutex_);
  parked_.fetch_add(1);
  if (!work_visible()) wake_.wait(lock);
  parked_.fetch_sub(1);
}

void ThreadPool::wake(int count) {
  count = std::min(count, parked_.load());
  if (count == 0) return;
  { std::lock_guard<std::mutex> lock(mutex_); }  // a worker that is about to park waits by now
  for (int i = 0; i < count; ++i) wake_.notify_one();
}

ThreadPool::Region* ThreadPool::claim_region() {
  if (this_worker >= 0) return &regions_[kGuestRegions + this_worker];
  for (int i = 0; i < kGuestRegions; ++i) {
    if (!regions_[i].taken.exchange(true, std::memory_order_acquire)) return &regions_[i];
  }
  return nullptr;
}

void ThreadPool::release_region(Region& region) { region.taken.store(false, std::memory_order_release); }

void ThreadPool::run_region(Region& region, int64_t count, Erased call, const void* task, int max_threads) {
  const int64_t helpers = std::min<int64_t>(max_threads - 1, count - 1);
  region.call = call;
  region.task = task;
  region.parts = static_cast<int>(std::min<int64_t>(helpers + 1, kMostParts));
  for (int64_t part = 0; part < region.parts; ++part) {
    region.part[static_cast<size_t>(part)].next.store(count * part / region.parts, std::memory_order_relaxed);
    region.part[static_cast<size_t>(part)].end = count * (part + 1) / region.parts;
  }
  region.gate.store(static_cast<uint64_t>(helpers) * kTicket + kThread);
  wake(static_cast<int>(helpers));
  run_tasks(region, 0);
  close(region);
}

bool ThreadPool::enter(Region& region, int& thread) {
  uint64_t gate = region.gate.load(std::memory_order_relaxed);
  while (tickets(gate) > 0) {
    if (region.gate.compare_exchange_weak(gate, gate + kInside - kTicket + kThread, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
      thread = next_thread(gate);
      return true;
    }
  }
  return false;
}

void ThreadPool::leave(Region& region) {
  const uint64_t gate = region.gate.fetch_sub(kInside, std::memory_order_acq_rel);
  if ((gate & kOwnerSleeps) == 0 || inside(gate) > 1) return;
  // The region may be in its next use by now, whose owner takes this for a spurious wake-up.
  std::lock_guard<std::mutex> lock(region.mutex);
  region.empty.notify_all();
}

void ThreadPool::close(Region& region) {
  const auto left = [&region] { return inside(region.gate.load(std::memory_order_acquire)) == 0; };
  region.gate.fetch_and(~(kFieldMask * kTicket), std::memory_order_acq_rel);
  if (spin_until(kJoinSpin, left)) return;
  region.gate.fetch_or(kOwnerSleeps, std::memory_order_acq_rel);
  std::unique_lock<std::mutex> lock(region.mutex);
  region.empty.wait(lock, left);
}

void ThreadPool::run_tasks(Region& region, int thread) {
  this_task_thread = thread;
  for (int k = 0; k < region.parts; ++k) {
    Part& part = region.part[static_cast<size_t>((thread + k) % region.parts)];
    for (int64_t i = part.next.fetch_add(1, std::memory_order_relaxed); i < part.end;
         i = part.next.fetch_add(1, std::memory_order_relaxed)) {
      region.call(region.task, i, thread);
    }
  }
  this_task_thread = -1;
}

void Parallel::run_erased(int64_t count, Erased call, const void* task) const {
  if (spans_ == nullptr) {
    run_tasks(count, call, task);
    return;
  }
  struct Timed {
    Erased call;
    const void* task;
    ThreadSpan* spans;
  };
  const Timed timed{call, task, spans_};
  const auto call_timed = [](const void* erased, int64_t index, int thread) {
    const Timed& t = *static_cast<const Timed*>(erased);
    ThreadSpan& span = t.spans[thread];
    if (span.start == 0) span.start = steady_nanoseconds();
    t.call(t.task, index, thread);
    span.end = steady_nanoseconds();
  };
  run_tasks(count, call_timed, &timed);
}

void Parallel::run_tasks(int64_t count, Erased call, const void* task) const {
  const bool nested = this_task_thread >= 0;
  if (count > 1 && max_threads_ > 1 && pool_ != nullptr && pool_->workers() > 0 && !nested) {
    if (ThreadPool::Region* region = pool_->claim_region()) {
      pool_->run_region(*region, count, call, task, max_threads_);
      pool_->release_region(*region);
      return;
    }
  }
  // A nested run keeps the scratch area of the task that it is part of.
  const int thread = nested && this_task_thread < max_threads_ ? this_task_thread : 0;
  for (int64_t i = 0; i < count; ++i) call(task, i, thread);
}

}  // namespace im2col
