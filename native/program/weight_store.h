// Packed weights of a session, shared by its plans: a packing is made once for each (key, packing kind).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "../runtime/aligned.h"
#include "../runtime/status.h"
#include "parameter_spec.h"

namespace im2col {

// One packing: a part of a buffer, which lives as long as any packing in it.
class PackedWeights {
 public:
  PackedWeights(std::shared_ptr<const AlignedBuffer> buffer, size_t first, size_t size);
  ~PackedWeights();
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  const float* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  std::shared_ptr<const AlignedBuffer> buffer_;
  const float* data_;
  size_t size_;
};

class WeightStore {
 public:
  using Packed = std::shared_ptr<const PackedWeights>;

  WeightStore() = default;
  WeightStore(const WeightStore&) = delete;
  WeightStore& operator=(const WeightStore&) = delete;

  // How a packing reads its weights: ParameterSpec::data() or only slice(), which keeps weights of a file out of memory.
  enum class Access { kWhole, kSlices };

  // Returns the packing `kind` of the weights, calling pack(destination of `size` elements) when it is new.
  // Thread-safe; a second caller waits for the packing of the first. `packed` may outlive the store.
  Status get(const ParameterSpec& weights, const std::string& kind, size_t size, const std::function<void(float*)>& pack,
             Packed& packed, Access access = Access::kWhole);

  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  // Where the next packing lies.
  struct Place {
    std::shared_ptr<const AlignedBuffer> buffer;  // null when there is no memory
    size_t first = 0;
  };
  Place place(size_t size);

  std::mutex mutex_;
  std::map<std::string, Packed> entries_;
  Place common_;  // the buffer that small packings share, and its first free element
  std::atomic<size_t> bytes_{0};
};

}  // namespace im2col
