#include <cmath>

#include "test.h"

namespace im2col::test {
namespace {

// Every multiply-add halves the distance of a chain from 1, so the results of 0 and 1 rounds tell how many there were.
KERNEL_TEST(fma_peak_f32) {
  int64_t flops = 0;
  float before = 0, after = 0;
  table.fma_peak_f32({0, &flops, &before});
  table.fma_peak_f32({1, &flops, &after});

  // Chains begin with 0, 1, 2, ... in all lanes.
  int chains = 1;
  while (chains * (chains - 1) / 2 * table.lanes < before) ++chains;
  CHECK(static_cast<float>(chains * (chains - 1) / 2 * table.lanes) == before, "chains begin with a sum of %g", before);
  CHECK(chains >= 10, "%d chains do not hide the latency of two units", chains);

  const double ones = chains * table.lanes;
  const double rounds = std::log2((before - ones) / (after - ones));
  CHECK(flops == static_cast<int64_t>(2 * table.lanes * chains * rounds), "%lld operations are not 2 x %d lanes x %d chains x %g",
        static_cast<long long>(flops), table.lanes, chains, rounds);
}

}  // namespace
}  // namespace im2col::test
