#include <cmath>
#include <vector>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

KERNEL_TEST(involution_f32) {
  Random random;
  for (const int64_t group_channels : {1, 3, 8, 16, 20, 32}) {
    for (const int64_t groups : {1, 2, 5}) {
      for (const int64_t taps : {1, 9, 49}) {
        const int64_t channels = groups * group_channels;
        Rows pixels(taps, channels, channels + 1);
        pixels.fill(random, -1, 1);
        Guarded weights(static_cast<size_t>(groups * taps)), output(static_cast<size_t>(channels));
        weights.fill(random, -1, 1);
        std::vector<const float*> pointers;
        for (int64_t t = 0; t < taps; ++t) pointers.push_back(&pixels.at(taps - 1 - t, 0));
        table.involution_f32({pointers.data(), taps, weights.data(), output.data(), channels, group_channels});
        for (int64_t c = 0; c < channels; ++c) {
          double sum = 0, magnitude = 0;
          for (int64_t t = 0; t < taps; ++t) {
            const double term = double{weights[static_cast<size_t>(c / group_channels * taps + t)]} * pixels.at(taps - 1 - t, c);
            sum += term;
            magnitude += std::fabs(term);
          }
          CHECK(std::fabs(output[static_cast<size_t>(c)] - sum) <= tolerance(taps, magnitude), "%d groups of %d, %d taps: [%d] = %.9g, expected %.9g",
                static_cast<int>(groups), static_cast<int>(group_channels), static_cast<int>(taps), static_cast<int>(c),
                output[static_cast<size_t>(c)], sum);
        }
      }
    }
  }
}

KERNEL_TEST(correlation_f32) {
  Random random;
  for (const int64_t channels : interesting_sizes(table.lanes)) {
    for (const int64_t count : {1, 7, 8, 21}) {
      Guarded a(static_cast<size_t>(channels)), output(static_cast<size_t>(count));
      Rows b(count, channels, channels + 3);
      a.fill(random, -1, 1);
      b.fill(random, -1, 1);
      for (int64_t j = 0; j < count; ++j) output[static_cast<size_t>(j)] = 0.5f;
      table.correlation_f32({a.data(), b.data(), b.stride(), count, output.data(), channels, 0.25f});
      for (int64_t j = 0; j < count; ++j) {
        double sum = 0, magnitude = 2;
        for (int64_t c = 0; c < channels; ++c) {
          const double term = double{a[static_cast<size_t>(c)]} * b.at(j, c);
          sum += term;
          magnitude += std::fabs(term);
        }
        const double expected = 0.5 + 0.25 * sum;
        CHECK(std::fabs(output[static_cast<size_t>(j)] - expected) <= tolerance(channels + 4, magnitude), "%d channels, %d pixels: [%d] = %.9g, expected %.9g",
              static_cast<int>(channels), static_cast<int>(count), static_cast<int>(j), output[static_cast<size_t>(j)], expected);
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
