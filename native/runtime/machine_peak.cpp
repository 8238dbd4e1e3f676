#include "machine_peak.h"

#include <algorithm>
#include <chrono>

#include "aligned.h"

namespace im2col {
namespace {

using Clock = std::chrono::steady_clock;

// Larger than the caches of one core, and than most that cores share.
constexpr int64_t kStreamedElements = int64_t{32} << 20;
constexpr int kPasses = 4;

// Elements of a page of memory.
constexpr int64_t kPageElements = 1024;

double nanoseconds_since(Clock::time_point start) { return std::chrono::duration<double, std::nano>(Clock::now() - start).count(); }

// Operations of one round of `iterations` on one thread; runs none.
double round_flops(const KernelTable& kernels, int64_t iterations) {
  int64_t flops = 0;
  float result = 0;
  kernels.fma_peak_f32({0, &flops, &result});
  return static_cast<double>(flops) * static_cast<double>(iterations);
}

// Nanoseconds of one round on every thread.
double time_round(const KernelTable& kernels, const Parallel& parallel, int64_t iterations) {
  const Clock::time_point start = Clock::now();
  parallel.run(parallel.max_threads(), [&](int64_t, int) {
    int64_t flops = 0;
    float result = 0;
    kernels.fma_peak_f32({iterations, &flops, &result});
  });
  return nanoseconds_since(start);
}

}  // namespace

double fma_peak(const KernelTable& kernels, const Parallel& parallel, int64_t milliseconds) {
  const Clock::time_point start = Clock::now();
  int64_t iterations = 1024;
  while (time_round(kernels, parallel, iterations) < 1e6) iterations *= 2;
  const double flops = round_flops(kernels, iterations) * parallel.max_threads();
  double best = 0;
  do {
    best = std::max(best, flops / time_round(kernels, parallel, iterations));
  } while (nanoseconds_since(start) < static_cast<double>(milliseconds) * 1e6);
  return best;
}

double read_bandwidth(const KernelTable& kernels, const Parallel& parallel) {
  AlignedBuffer memory(static_cast<size_t>(kStreamedElements));
  if (!memory) return 0;
  // Gives every page memory of its own; pages that were never written all show the same zeros.
  for (int64_t i = 0; i < kStreamedElements; i += kPageElements) memory.data()[i] = 0;
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const Clock::time_point start = Clock::now();
    read_all(kernels, parallel, memory.data(), kStreamedElements);
    best = std::max(best, static_cast<double>(kStreamedElements * static_cast<int64_t>(sizeof(float))) / nanoseconds_since(start));
  }
  return best;
}

void read_all(const KernelTable& kernels, const Parallel& parallel, const float* data, int64_t count) {
  // Enough parts for threads that start late.
  const int64_t parts = parallel.max_threads() == 1 ? 1 : int64_t{8} * parallel.max_threads();
  parallel.run(parts, [&](int64_t part, int) {
    float sum = 0;
    const int64_t first = count * part / parts;
    kernels.read_peak_f32({data + first, count * (part + 1) / parts - first, &sum});
  });
}

}  // namespace im2col
