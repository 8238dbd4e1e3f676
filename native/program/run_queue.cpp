#include "run_queue.h"

#include <utility>

#include "../runtime/thread_pool.h"

namespace im2col {

void RunQueue::submit(std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (running_ == limit_) {
      waiting_.push_back(std::move(job));
      return;
    }
    ++running_;
  }
  start(std::move(job));
}

void RunQueue::start(std::function<void()> job) {
  ThreadPool::instance().submit([queue = shared_from_this(), job = std::move(job)] {
    job();
    queue->finish_one();
  });
}

void RunQueue::finish_one() {
  std::function<void()> job;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return;
    }
    job = std::move(waiting_.front());
    waiting_.pop_front();
  }
  start(std::move(job));
}

}  // namespace im2col
