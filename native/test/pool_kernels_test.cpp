#include <algorithm>
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

// `taps` pixels in reverse order, the last of memory ending at a guard page.
struct Window {
  Window(int64_t taps, int64_t channels) : pixels(taps, channels, channels + 1) {
    for (int64_t t = 0; t < taps; ++t) pointers.push_back(&pixels.at(taps - 1 - t, 0));
  }
  Rows pixels;
  std::vector<const float*> pointers;
};

KERNEL_TEST(max_pool_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t taps : {1, 2, 9}) {
      Window window(taps, channels);
      window.pixels.fill(random, -1, 1);
      window.pixels.at(0, channels - 1) = -HUGE_VALF;
      Guarded output(static_cast<size_t>(channels));
      table.max_pool_f32({window.pointers.data(), taps, NAN, output.data(), channels});
      for (int64_t c = 0; c < channels; ++c) {
        float largest = -HUGE_VALF;
        for (int64_t t = 0; t < taps; ++t) largest = std::max(largest, window.pixels.at(t, c));
        CHECK(output[static_cast<size_t>(c)] == largest, "%d channels, %d taps: [%d] = %g, expected %g", static_cast<int>(channels),
              static_cast<int>(taps), static_cast<int>(c), output[static_cast<size_t>(c)], largest);
      }
    }
  }
}

KERNEL_TEST(max_pool_f32_passes_nan) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t tap = 0; tap < 4; ++tap) {
      Window window(4, channels);
      window.pixels.fill(random, -1, 1);
      for (int64_t c = 0; c < channels; c += 2) window.pixels.at(tap, c) = NAN;
      Guarded output(static_cast<size_t>(channels));
      table.max_pool_f32({window.pointers.data(), 4, 0, output.data(), channels});
      for (int64_t c = 0; c < channels; ++c) {
        CHECK(std::isnan(output[static_cast<size_t>(c)]) == (c % 2 == 0), "%d channels: NaN in tap %d", static_cast<int>(channels), static_cast<int>(tap));
      }
    }
  }
}

KERNEL_TEST(avg_pool_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t taps : {1, 2, 9, 49}) {
      Window window(taps, channels);
      window.pixels.fill(random, -1, 1);
      Guarded output(static_cast<size_t>(channels));
      const float scale = 1 / static_cast<float>(taps + 1);
      table.avg_pool_f32({window.pointers.data(), taps, scale, output.data(), channels});
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0, magnitude = 0;
        for (int64_t t = 0; t < taps; ++t) {
          sum += window.pixels.at(t, c);
          magnitude += std::fabs(window.pixels.at(t, c));
        }
        const double expected = sum * scale;
        CHECK(std::fabs(output[static_cast<size_t>(c)] - expected) <= tolerance(taps + 1, magnitude * scale),
              "%d channels, %d taps: [%d] = %.9g, expected %.9g", static_cast<int>(channels), static_cast<int>(taps),
              static_cast<int>(c), output[static_cast<size_t>(c)], expected);
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
