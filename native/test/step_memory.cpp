#include "step_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

namespace im2col::test {

namespace {

constexpr int64_t kLine = 16;  // elements

int64_t page_elements() { return static_cast<int64_t>(sysconf(_SC_PAGESIZE)) / static_cast<int64_t>(sizeof(float)); }

size_t bytes(int64_t elements) { return static_cast<size_t>(elements) * sizeof(float); }

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

void* reserve_pages(size_t size) {
  void* map = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) give_up("guarded memory");
  return map;
}

void allow(void* first, size_t size) {
  if (mprotect(first, size, PROT_READ | PROT_WRITE) != 0) give_up("guarded memory");
}

}  // namespace

StepMemory::~StepMemory() {
  if (map_ != nullptr) munmap(map_, bytes(size_));
}

int64_t StepMemory::add(int64_t size) {
  if (placement_ == Placement::kTogether) {
    const int64_t offset = size_;
    size_ = (size_ + size + 2 * kLine - 1) / kLine * kLine;
    segments_ = {{0, size_}};
    return offset;
  }
  const int64_t page = page_elements(), first = size_ + page;
  const int64_t inner = std::max<int64_t>(1, (size + page - 1) / page) * page;
  const int64_t offset = placement_ == Placement::kPageEnd ? first + inner - size : first;
  segments_.push_back({offset, size});
  size_ = first + inner + page;
  return offset;
}

void StepMemory::allocate() {
  if (placement_ == Placement::kTogether) {
    buffer_ = AlignedBuffer(static_cast<size_t>(size_));
    data_ = buffer_.data();
  } else {
    map_ = reserve_pages(bytes(size_));
    data_ = static_cast<float*>(map_);
    const int64_t page = page_elements();
    for (const Segment& segment : segments_) {
      const int64_t first = segment.offset / page * page, last = (segment.offset + segment.size + page - 1) / page * page;
      allow(data_ + first, bytes(last - first));
    }
  }
  for (const Segment& segment : segments_) std::fill_n(data_ + segment.offset, segment.size, canary());
}

#ifdef __linux__

namespace {

struct Mapping {
  void* first;
  size_t size;
};

bool guards = false;
Placement guard_placement = Placement::kTogether;
std::mutex guard_mutex;
std::map<void*, Mapping> guarded;

}  // namespace

GuardedBuffers::GuardedBuffers(Placement placement) {
  guard_placement = placement;
  guards = placement != Placement::kTogether;
}
GuardedBuffers::~GuardedBuffers() { guards = false; }

// The linker sends the library's calls here (-Wl,--wrap in tools/native-test.mjs).
extern "C" {

int __real_posix_memalign(void** memory, size_t alignment, size_t size);
void __real_free(void* memory);

int __wrap_posix_memalign(void** memory, size_t alignment, size_t size) {
  const size_t page = bytes(page_elements());
  if (!guards || alignment > page) return __real_posix_memalign(memory, alignment, size);
  const size_t rounded = (size + alignment - 1) / alignment * alignment;
  const size_t inner = (rounded + page - 1) / page * page;
  char* map = static_cast<char*>(reserve_pages(inner + 2 * page));
  allow(map + page, inner);
  *memory = map + page + (guard_placement == Placement::kPageEnd ? inner - rounded : 0);
  const std::lock_guard<std::mutex> lock(guard_mutex);
  guarded[*memory] = {map, inner + 2 * page};
  return 0;
}

void __wrap_free(void* memory) {
  std::map<void*, Mapping>::node_type entry;  // outlives the lock, because its own memory comes here, too
  {
    const std::lock_guard<std::mutex> lock(guard_mutex);
    entry = guarded.extract(memory);
  }
  if (entry.empty()) {
    __real_free(memory);
  } else {
    munmap(entry.mapped().first, entry.mapped().size);
  }
}

}  // extern "C"

#else

GuardedBuffers::GuardedBuffers(Placement) {}
GuardedBuffers::~GuardedBuffers() {}

#endif

}  // namespace im2col::test
