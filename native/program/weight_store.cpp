#include "weight_store.h"

#include "../runtime/memory_counters.h"

namespace im2col {
namespace {

void release(AlignedBuffer* buffer) {
  memory_counters.weight_bytes.fetch_sub(buffer->size() * sizeof(float), std::memory_order_relaxed);
  delete buffer;
}

}  // namespace

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

  AlignedBuffer buffer(size);
  if (!buffer) {
    return {Code::kOutOfMemory, "no memory for weights '" + key + "' (" + std::to_string(size) + " elements)"};
  }
  if (access == Access::kWhole) {
    if (Status status = weights.load(); !status.ok()) return status;
  }
  pack(buffer.data());
  weights.release();
  if (Status status = weights.status(); !status.ok()) return status;
  const size_t bytes = size * sizeof(float);
  memory_counters.weight_bytes.fetch_add(bytes, std::memory_order_relaxed);
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  packed = Packed(new AlignedBuffer(std::move(buffer)), release);
  entries_.emplace(name, packed);
  return Status::Ok();
}

}  // namespace im2col
