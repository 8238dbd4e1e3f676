#include <cmath>

#include "../runtime/machine_peak.h"
#include "../runtime/thread_pool.h"
#include "test.h"

namespace im2col::test {
namespace {

// Small integers, whose sum is exact in any order.
KERNEL_TEST(read_peak_f32) {
  for (int64_t count : interesting_sizes(8 * table.lanes)) {
    Guarded data(static_cast<size_t>(count));
    float expected = 0;
    for (int64_t i = 0; i < count; ++i) {
      data[static_cast<size_t>(i)] = static_cast<float>(i % 7);
      expected += static_cast<float>(i % 7);
    }
    float sum = 0;
    table.read_peak_f32({data.data(), count, &sum});
    CHECK(sum == expected, "%g of %d elements, expected %g", sum, static_cast<int>(count), expected);
  }
  float sum = 1;
  table.read_peak_f32({nullptr, 0, &sum});
  CHECK(sum == 0, "nothing adds up to %g", sum);
}

ISA_TEST(machine_peak) {
  ThreadPool::instance().reserve(2);
  const Parallel one, two(&ThreadPool::instance(), 2);
  for (const Parallel& parallel : {one, two}) {
    const double gflops = fma_peak(table, parallel, 1), gigabytes = read_bandwidth(table, parallel);
    CHECK(gflops > 0.01 && gflops < 1e5, "%g GFLOP/s", gflops);
    CHECK(gigabytes > 0.01 && gigabytes < 1e5, "%g GB/s", gigabytes);
  }
}

}  // namespace
}  // namespace im2col::test
