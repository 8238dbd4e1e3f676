// A small test runner: tests register themselves, a failed check is counted and printed, and the run goes on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../runtime/kernel_table.h"

namespace im2col::test {

// Counts a failure of the running test and prints it; only the first few of a test are printed.
void fail(const char* file, int line, const std::string& message);

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

#define CHECK(condition, ...)                                                              \
  do {                                                                                     \
    if (!(condition)) ::im2col::test::fail(__FILE__, __LINE__, ::im2col::test::format(__VA_ARGS__)); \
  } while (false)

struct Registration {
  Registration(const char* name, void (*run)());
  // Runs once for every runnable ISA. `kernel`: the test is the case of that entry of kernels.inc.
  Registration(const char* name, bool kernel, void (*run)(const KernelTable&));
};

#define TEST(name)                                                            \
  static void test_##name();                                                  \
  static const ::im2col::test::Registration registration_##name(#name, test_##name); \
  static void test_##name()

#define ISA_TEST_AS(name, kernel)                                                     \
  static void test_##name(const ::im2col::KernelTable& table);                        \
  static const ::im2col::test::Registration registration_##name(#name, kernel, test_##name); \
  static void test_##name([[maybe_unused]] const ::im2col::KernelTable& table)

#define ISA_TEST(name) ISA_TEST_AS(name, false)
#define KERNEL_TEST(name) ISA_TEST_AS(name, true)

// Random numbers that depend on the seed alone. Every test starts with the seed of the run, which a failure prints and
// IM2COL_TEST_SEED sets.
class Random {
 public:
  Random();
  uint64_t bits();
  float uniform(float low, float high);
  int64_t integer(int64_t low, int64_t high);  // both inclusive

 private:
  uint64_t state_;
};

// 1, 2, 3 and every multiple up to four vectors, each minus one, exact and plus one; one size beyond.
std::vector<int64_t> interesting_sizes(int lanes);

// A NaN that no arithmetic makes, to mark memory that must not be read or written.
float canary();
bool is_canary(float x);
bool same_bits(float a, float b);

// `size` floats, all canaries, between two pages that must not be touched. Ends at the second page or starts right
// behind the first; so its alignment is that of its size, or that of a page.
class Guarded {
 public:
  enum Side { kEnd, kStart };
  explicit Guarded(size_t size, Side side = kEnd);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  float* data() const { return data_; }
  size_t size() const { return size_; }
  float& operator[](size_t i) const { return data_[i]; }
  void fill(Random& random, float low, float high);
  bool untouched(size_t first, size_t count) const;  // only canaries there

 private:
  void* map_;
  size_t map_bytes_;
  float* data_;
  size_t size_;
};

// `pixels` rows of `channels` floats that lie `stride` apart, in guarded memory that ends with the last of them.
class Rows {
 public:
  Rows(int64_t pixels, int64_t channels, int64_t stride, Guarded::Side side = Guarded::kEnd)
      : memory_(static_cast<size_t>((pixels - 1) * stride + channels), side), pixels_(pixels), channels_(channels), stride_(stride) {}

  void fill(Random& random, float low, float high);
  float* data() const { return memory_.data(); }
  float& at(int64_t pixel, int64_t channel) const { return memory_[static_cast<size_t>(pixel * stride_ + channel)]; }
  int64_t stride() const { return stride_; }
  bool gaps_untouched() const;

 private:
  Guarded memory_;
  int64_t pixels_;
  int64_t channels_;
  int64_t stride_;
};

}  // namespace im2col::test
