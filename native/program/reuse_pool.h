// Objects that are expensive to make, kept for the next user.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace im2col {

template <typename T>
class ReusePool {
 public:
  explicit ReusePool(size_t capacity) : capacity_(capacity) { kept_.reserve(capacity); }

  // The object that was kept last, or null when there is none.
  std::unique_ptr<T> take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (kept_.empty()) return nullptr;
    std::unique_ptr<T> object = std::move(kept_.back());
    kept_.pop_back();
    return object;
  }

  // Keeps `object`, or releases it when `capacity` objects are kept already.
  void give(std::unique_ptr<T> object) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (kept_.size() < capacity_) kept_.push_back(std::move(object));
  }

 private:
  const size_t capacity_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> kept_;
};

}  // namespace im2col
