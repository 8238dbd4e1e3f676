#include "weight_store.h"

#include <utility>

#include "../runtime/memory_counters.h"

namespace im2col {
namespace {

// Small packings lie together in buffers that the system can map by huge pages: an image walks through all weights, and
// what is mapped by small pages misses the address cache at every page. Memory of such a buffer is taken as it is used.
constexpr size_t kCommonBytes = size_t{32} << 20;
// A larger packing has huge pages of its own.
constexpr size_t kLargestCommonBytes = size_t{4} << 20;
// The first packings of a store lie by themselves: few small layers are not worth a huge page.
constexpr size_t kScatteredBytes = size_t{1} << 20;

}  // namespace

PackedWeights::PackedWeights(std::shared_ptr<const AlignedBuffer> buffer, size_t first, size_t size)
    : buffer_(std::move(buffer)), data_(buffer_->data() + first), size_(size) {
  memory_counters.weight_bytes.fetch_add(size * sizeof(float), std::memory_order_relaxed);
}

PackedWeights::~PackedWeights() { memory_counters.weight_bytes.fetch_sub(size_ * sizeof(float), std::memory_order_relaxed); }

WeightStore::Place WeightStore::place(size_t size) {
  const auto allocate = [](size_t elements) {
    AlignedBuffer buffer(elements);
    return buffer ? std::make_shared<const AlignedBuffer>(std::move(buffer)) : nullptr;
  };
  const size_t size_bytes = size * sizeof(float);
  if (size_bytes > kLargestCommonBytes || bytes() + size_bytes <= kScatteredBytes) return {allocate(size), 0};
  if (common_.buffer == nullptr || common_.buffer->size() - common_.first < size) {
    common_ = {allocate(kCommonBytes / sizeof(float)), 0};
    if (common_.buffer == nullptr) return {allocate(size), 0};
  }
  return common_;
}

Status WeightStore::get(const ParameterSpec& weights, const std::string& kind, size_t size,
                        const std::function<void(float*)>& pack, Packed& packed, Access access) {
  const std::string& key = weights.key;
  // Keys are any text; the length keeps ("a", "bc") and ("ab", "c") apart.
  const std::string name = std::to_string(kind.size()) + ':' + kind + key;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto known = entries_.find(name);
  if (known != entries_.end()) {
    if (known->second->size() != size) {
      return Status::Invalid("weights '" + key + "' are packed with " + std::to_string(known->second->size()) +
                             " elements but " + std::to_string(size) + " are asked for: two tensors have the same key");
    }
    packed = known->second;
    return Status::Ok();
  }

  const Place at = place(size);
  if (at.buffer == nullptr) {
    return {Code::kOutOfMemory, "no memory for weights '" + key + "' (" + std::to_string(size) + " elements)"};
  }
  if (access == Access::kWhole) {
    if (Status status = weights.load(); !status.ok()) return status;
  }
  pack(at.buffer->data() + at.first);
  weights.release();
  if (Status status = weights.status(); !status.ok()) return status;
  if (at.buffer == common_.buffer) common_.first += aligned_size(size);
  bytes_.fetch_add(size * sizeof(float), std::memory_order_relaxed);
  packed = std::make_shared<const PackedWeights>(at.buffer, at.first, size);
  entries_.emplace(name, packed);
  return Status::Ok();
}

}  // namespace im2col
