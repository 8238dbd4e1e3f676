#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

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

// Checks a kernel against `expected` of the values of one channel and the magnitude of what it adds up.
void check_window(void (*kernel)(const PoolWindows&), const KernelTable& table, float low, float scale, float p,
                  const std::function<double(const std::vector<double>&)>& expected, double roundings) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t taps : {1, 2, 9}) {
      Window window(taps, channels);
      window.pixels.fill(random, low, 1);
      Guarded output(static_cast<size_t>(channels));
      kernel({window.pointers.data(), taps, 0, scale, output.data(), 0, 1, channels, p});
      for (int64_t c = 0; c < channels; ++c) {
        std::vector<double> values;
        for (int64_t t = 0; t < taps; ++t) values.push_back(window.pixels.at(t, c));
        const double y = expected(values), got = output[static_cast<size_t>(c)];
        const double bound = roundings * (static_cast<double>(taps) + 4) * (std::fabs(y) + 1) * 0x1p-24;
        CHECK(std::fabs(got - y) <= bound || (std::isnan(got) && std::isnan(y)), "%d channels, %d taps: [%d] = %.9g, expected %.9g",
              static_cast<int>(channels), static_cast<int>(taps), static_cast<int>(c), got, y);
      }
    }
  }
}

double sum_of_powers(const std::vector<double>& values, double p) {
  double sum = 0;
  for (const double value : values) sum += std::pow(value, p);
  return sum;
}

KERNEL_TEST(lp_pool_f32) {
  check_window(table.lp_pool_f32, table, -1, 1.5f, 1, [](const auto& x) { return 1.5 * sum_of_powers(x, 1); }, 9);
  check_window(table.lp_pool_f32, table, -1, 1.5f, 2, [](const auto& x) { return std::sqrt(1.5 * sum_of_powers(x, 2)); }, 2);
  check_window(table.lp_pool_f32, table, 0.1f, 1, 3.5f, [](const auto& x) { return std::pow(sum_of_powers(x, 3.5), 1 / 3.5); }, 40);
}

KERNEL_TEST(mixed_pool_f32) {
  check_window(table.mixed_pool_f32, table, -1, 0.125f, 0.75f, [](const auto& x) {
    return 0.75 * *std::max_element(x.begin(), x.end()) + 0.25 * 0.125 * sum_of_powers(x, 1);
  }, 4);
}

KERNEL_TEST(stochastic_pool_f32) {
  check_window(table.stochastic_pool_f32, table, 0, NAN, NAN, [](const auto& x) { return sum_of_powers(x, 2) / sum_of_powers(x, 1); }, 4);
}

KERNEL_TEST(max_pool_indices_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t taps : {1, 2, 9}) {
      Window window(taps, channels);
      for (int64_t t = 0; t < taps; ++t) {
        for (int64_t c = 0; c < channels; ++c) window.pixels.at(t, c) = static_cast<float>(random.integer(0, 3));
      }
      std::vector<float> numbers;
      for (int64_t t = 0; t < taps; ++t) numbers.push_back(static_cast<float>(10 * t + 7));
      for (int64_t c = 0; c < channels && taps > 2; c += 3) {
        window.pixels.at(0, c) = NAN;  // the last tap, because the pointers run backwards
        window.pixels.at(2, c) = NAN;
      }
      Guarded output(static_cast<size_t>(channels));
      table.max_pool_indices_f32({window.pointers.data(), numbers.data(), taps, output.data(), channels});
      for (int64_t c = 0; c < channels; ++c) {
        int64_t best = 0;
        for (int64_t t = 1; t < taps; ++t) {
          const float x = window.pointers[static_cast<size_t>(t)][c];
          if (std::isnan(x) || x > window.pointers[static_cast<size_t>(best)][c]) best = t;
        }
        CHECK(output[static_cast<size_t>(c)] == numbers[static_cast<size_t>(best)], "%d channels, %d taps: [%d] = %g, expected tap %d",
              static_cast<int>(channels), static_cast<int>(taps), static_cast<int>(c), output[static_cast<size_t>(c)], static_cast<int>(best));
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
