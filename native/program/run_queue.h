// The runs of one program on their way to the thread pool.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace im2col {

// Lets at most `limit` jobs of one program into the thread pool at once; the others wait here in order. So the memory of
// a program is bounded and another program's jobs get their turn.
class RunQueue : public std::enable_shared_from_this<RunQueue> {
 public:
  explicit RunQueue(int limit) : limit_(limit) {}

  void submit(std::function<void()> job);

 private:
  void start(std::function<void()> job);
  void finish_one();

  const int limit_;
  std::mutex mutex_;
  int running_ = 0;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace im2col
