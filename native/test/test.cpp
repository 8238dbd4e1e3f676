#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

namespace im2col::test {
namespace {

struct Case {
  const char* name;
  bool kernel;
  void (*run)();
  void (*run_isa)(const KernelTable&);
};

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

int failures_of_test = 0;
std::string running;

uint64_t seed() {
  static const char* text = std::getenv("IM2COL_TEST_SEED");
  return text ? std::strtoull(text, nullptr, 10) : 1;
}

}  // namespace

Registration::Registration(const char* name, void (*run)()) { cases().push_back({name, false, run, nullptr}); }
Registration::Registration(const char* name, bool kernel, void (*run)(const KernelTable&)) {
  cases().push_back({name, kernel, nullptr, run});
}

void fail(const char* file, int line, const std::string& message) {
  constexpr int kPrinted = 3;
  if (++failures_of_test <= kPrinted) {
    std::printf("FAIL %s (seed %llu)\n  %s:%d: %s\n", running.c_str(), static_cast<unsigned long long>(seed()), file, line,
                message.c_str());
  }
}

std::string format(const char* pattern, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

Random::Random() : state_(seed() * 0x9e3779b97f4a7c15u + 1) {}

uint64_t Random::bits() {  // SplitMix64
  uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

float Random::uniform(float low, float high) {
  return static_cast<float>(low + (double{high} - low) * (static_cast<double>(bits() >> 11) * 0x1p-53));
}

int64_t Random::integer(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(bits() % static_cast<uint64_t>(high - low + 1));
}

std::vector<int64_t> interesting_sizes(int lanes) {
  std::set<int64_t> sizes{1, 2, 3, 4 * lanes + lanes / 2 + 1};
  for (int64_t multiple = lanes; multiple <= 4 * lanes; multiple += lanes) {
    sizes.insert({multiple - 1, multiple, multiple + 1});
  }
  return {sizes.begin(), sizes.end()};
}

namespace {
constexpr uint32_t kCanaryBits = 0x7fca9a27;
}

float canary() {
  float x;
  std::memcpy(&x, &kCanaryBits, sizeof x);
  return x;
}

bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool is_canary(float x) { return same_bits(x, canary()); }

Guarded::Guarded(size_t size, Side side) : size_(size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inner = std::max<size_t>(1, (size * sizeof(float) + page - 1) / page) * page;
  map_bytes_ = inner + 2 * page;
  map_ = mmap(nullptr, map_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* first = static_cast<char*>(map_) + page;
  if (map_ == MAP_FAILED || mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) {
    std::perror("guarded memory");
    std::exit(1);
  }
  data_ = reinterpret_cast<float*>(side == kEnd ? first + inner - size * sizeof(float) : first);
  std::fill_n(data_, size_, canary());
}

Guarded::~Guarded() { munmap(map_, map_bytes_); }

void Guarded::fill(Random& random, float low, float high) {
  for (size_t i = 0; i < size_; ++i) data_[i] = random.uniform(low, high);
}

bool Guarded::untouched(size_t first, size_t count) const {
  return std::all_of(data_ + first, data_ + first + count, is_canary);
}

void Rows::fill(Random& random, float low, float high) {
  for (int64_t p = 0; p < pixels_; ++p) {
    for (int64_t c = 0; c < channels_; ++c) at(p, c) = random.uniform(low, high);
  }
}

bool Rows::gaps_untouched() const {
  for (int64_t p = 0; p + 1 < pixels_; ++p) {
    if (!memory_.untouched(static_cast<size_t>(p * stride_ + channels_), static_cast<size_t>(stride_ - channels_))) return false;
  }
  return true;
}

}  // namespace im2col::test

namespace {

using namespace im2col;

int run_all() {
  int passed = 0, failed = 0;
  const auto report = [&](const std::string& name, auto&& run) {
    test::running = name;
    test::failures_of_test = 0;
    run();
    ++(test::failures_of_test ? failed : passed);
  };

  int count;
  const KernelTable* const* tables = runnable_kernels(count);
  std::set<std::string> tested;
  for (const test::Case& c : test::cases()) {
    if (c.kernel) tested.insert(c.name);
    if (c.run) report(c.name, c.run);
    for (int i = 0; c.run_isa && i < count; ++i) {
      report(std::string(c.name) + " on " + tables[i]->isa, [&] { c.run_isa(*tables[i]); });
    }
  }
  for (const char* kernel : {
#define IM2COL_KERNEL(name, argument) #name,
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
       }) {
    report(std::string(kernel) + " has a test", [&] { CHECK(tested.count(kernel), "no KERNEL_TEST(%s)", kernel); });
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}

// Prints the active ISA, or why there is none, so that a script can see what IM2COL_ISA does to a process.
int print_active_isa() {
  Status status;
  const KernelTable* table = active_kernels(status);
  std::printf("%s\n", table ? table->isa : status.message.c_str());
  return table ? 0 : 1;
}

int print_runnable_isas() {
  int count;
  const KernelTable* const* tables = runnable_kernels(count);
  for (int i = 0; i < count; ++i) std::printf("%s\n", tables[i]->isa);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "--active-isa") return print_active_isa();
  if (command == "--runnable-isas") return print_runnable_isas();
  return run_all();
}
