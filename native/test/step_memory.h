// Where the views of a step under test lie: side by side in one buffer, or each by itself between pages that must not be
// touched.
#pragma once

#include <vector>

#include "../runtime/aligned.h"
#include "test.h"

namespace im2col::test {

enum class Placement { kTogether, kPageEnd, kPageStart };

class StepMemory {
 public:
  struct Segment {
    int64_t offset;  // from data()
    int64_t size;
  };

  explicit StepMemory(Placement placement) : placement_(placement) {}
  ~StepMemory();
  StepMemory(const StepMemory&) = delete;
  StepMemory& operator=(const StepMemory&) = delete;

  // Makes room for `size` elements and gives their offset from data(). With kPageEnd they end at a forbidden page, with
  // kPageStart they begin behind one.
  int64_t add(int64_t size);

  // Once all have been added. Fills the memory with canaries.
  void allocate();

  float* data() const { return data_; }
  int64_t size() const { return size_; }  // of all elements from data() on, forbidden pages included
  // What may be touched.
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  Placement placement_;
  std::vector<Segment> segments_;
  int64_t size_ = 0;
  float* data_ = nullptr;
  AlignedBuffer buffer_;     // of kTogether
  void* map_ = nullptr;      // of the others
};

// While it lives, every AlignedBuffer ends at a forbidden page, or starts behind one: packed weights and scratch. As they are
// aligned, up to kAlignmentBytes - 1 bytes may lie between the end and the page. Linux only; elsewhere it does nothing.
class GuardedBuffers {
 public:
  explicit GuardedBuffers(Placement placement);
  ~GuardedBuffers();
  GuardedBuffers(const GuardedBuffers&) = delete;
  GuardedBuffers& operator=(const GuardedBuffers&) = delete;
};

}  // namespace im2col::test
