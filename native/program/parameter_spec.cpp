#include "parameter_spec.h"

#include <algorithm>

namespace im2col {

const float* ParameterSpec::slice(size_t first, size_t count, float* scratch) const {
  if (memory_ != nullptr) return memory_ + first;
  Status status = stored_->file->read(scratch, count * sizeof(float), stored_->position + first * sizeof(float));
  if (!status.ok()) {
    std::fill_n(scratch, count, 0.0f);
    std::lock_guard<std::mutex> lock(stored_->mutex);
    if (stored_->status.ok()) stored_->status = std::move(status);
  }
  return scratch;
}

Status ParameterSpec::load() const {
  if (memory_ != nullptr || stored_->elements) return Status::Ok();
  AlignedBuffer elements(size);
  if (!elements) return {Code::kOutOfMemory, "no memory for the " + std::to_string(size) + " elements of weights '" + key + "'"};
  Status status = stored_->file->read(elements.data(), size * sizeof(float), stored_->position);
  if (status.ok()) stored_->elements = std::move(elements);
  return status;
}

void ParameterSpec::release() const {
  if (stored_ != nullptr) stored_->elements = AlignedBuffer();
}

Status ParameterSpec::status() const {
  if (stored_ == nullptr) return Status::Ok();
  std::lock_guard<std::mutex> lock(stored_->mutex);
  return stored_->status;
}

}  // namespace im2col
