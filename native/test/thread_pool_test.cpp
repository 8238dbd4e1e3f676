#include <time.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "../runtime/parallel.h"
#include "../runtime/thread_pool.h"
#include "test.h"

namespace im2col {
namespace {

constexpr int kWorkers = 4;

ThreadPool& pool() {
  ThreadPool& shared = ThreadPool::instance();
  shared.reserve(kWorkers);
  return shared;
}

// Counts itself down when a job has ended.
class Jobs {
 public:
  template <typename Body>
  void start(const Body& body) {
    pending_.fetch_add(1);
    pool().submit([this, body] {
      body();
      pending_.fetch_sub(1);
    });
  }
  ~Jobs() {
    while (pending_.load() > 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

 private:
  std::atomic<int> pending_{0};
};

// Regions of many sizes: each index once, each `thread` by one task at a time, plain memory of the tasks visible after.
void check_regions(int max_threads, int rounds, int seed) {
  const ThreadPool::ActiveJob active(pool());
  const Parallel parallel(&pool(), max_threads);
  std::vector<std::atomic<int>> busy(max_threads);
  for (int round = 0; round < rounds; ++round) {
    const int count = (round * 7 + seed) % 40;
    std::vector<int> hits(count);
    std::vector<int> by_thread(max_threads);
    std::atomic<int> clashes{0};
    parallel.run(count, [&](int64_t i, int thread) {
      if (thread < 0 || thread >= max_threads || busy[thread].exchange(1, std::memory_order_relaxed) != 0) clashes++;
      ++hits[i];
      ++by_thread[thread];
      if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
      busy[thread].store(0, std::memory_order_relaxed);
    });
    int total = 0;
    for (const int n : by_thread) total += n;
    CHECK(clashes == 0, "%d threads, round %d: two tasks with one thread index", max_threads, round);
    CHECK(total == count, "%d threads, round %d: %d of %d tasks ran", max_threads, round, total, count);
    for (const int n : hits) CHECK(n == 1, "%d threads, round %d: a task ran %d times", max_threads, round, n);
  }
}

TEST(regions_on_the_callers_thread) {
  for (int threads = 1; threads <= 6; ++threads) check_regions(threads, 300, threads);
}

TEST(regions_of_many_jobs_at_once) {
  Jobs jobs;
  for (int job = 0; job < 10; ++job) jobs.start([job] { check_regions(1 + job % 5, 200, job); });
  std::vector<std::thread> guests;
  for (int guest = 0; guest < 3; ++guest) guests.emplace_back([guest] { check_regions(2 + guest, 200, 50 + guest); });
  for (std::thread& guest : guests) guest.join();
}

TEST(more_guests_than_regions_for_them) {
  std::vector<std::thread> guests;
  for (int guest = 0; guest < 40; ++guest) guests.emplace_back([guest] { check_regions(3, 20, guest); });
  for (std::thread& guest : guests) guest.join();
}

TEST(nested_regions_stay_on_their_thread) {
  const Parallel parallel(&pool(), kWorkers);
  std::atomic<int> strays{0};
  std::atomic<int> tasks{0};
  parallel.run(50, [&](int64_t, int thread) {
    const auto id = std::this_thread::get_id();
    parallel.run(5, [&](int64_t, int inner) {
      if (inner != thread || std::this_thread::get_id() != id) strays++;
      tasks++;
    });
  });
  CHECK(strays == 0, "%d nested tasks strayed", strays.load());
  CHECK(tasks == 250, "%d nested tasks ran", tasks.load());
}

TEST(workers_take_part) {
  const ThreadPool::ActiveJob active(pool());
  const Parallel parallel(&pool(), 2);
  // Each task waits for the other one, which only another thread can run.
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> arrived{0};
    parallel.run(2, [&](int64_t, int) {
      arrived.fetch_add(1);
      while (arrived.load() < 2) std::this_thread::yield();
    });
  }
}

// Milliseconds that all threads of the process compute while this one sleeps.
double busy_milliseconds_while_asleep(int milliseconds) {
  const auto computed = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
  };
  const double before = computed();
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return computed() - before;
}

TEST(threads_without_work_sleep) {
  constexpr int kAsleep = 200;
  const auto work = [] {
    const ThreadPool::ActiveJob active(pool());
    Parallel(&pool(), kWorkers).run(100, [](int64_t, int) {});
  };
  work();
  const double after_job = busy_milliseconds_while_asleep(kAsleep);
  CHECK(after_job < 0.1 * kAsleep, "threads computed for %g ms of the %d ms after a job", after_job, kAsleep);
  // Also while a job goes on that has nothing for them.
  const ThreadPool::ActiveJob active(pool());
  work();
  const double in_job = busy_milliseconds_while_asleep(kAsleep);
  CHECK(in_job < 0.1 * kAsleep, "threads computed for %g ms of %d ms in a job that waits", in_job, kAsleep);
}

TEST(jobs_run_in_order_of_submission) {
  // One after the other: the only worker that is free is the one that ran the job before.
  std::atomic<bool> open{false};
  std::vector<int> order;
  {
    Jobs blockers;
    for (int i = 0; i < pool().workers() - 1; ++i) {
      blockers.start([&open] {
        while (!open.load()) std::this_thread::sleep_for(std::chrono::microseconds(100));
      });
    }
    {
      Jobs jobs;
      for (int i = 0; i < 50; ++i) jobs.start([&order, i] { order.push_back(i); });
    }
    open.store(true);
  }
  for (int i = 0; i < 50; ++i) CHECK(order[i] == i, "job %d ran as number %d", order[i], i);
}

}  // namespace
}  // namespace im2col
