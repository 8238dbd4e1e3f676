#include <algorithm>
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

// Rows of pixels, windows of `taps` of them in reverse order, the last of memory ending at a guard page.
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
      table.max_pool_f32({window.pointers.data(), taps, 0, NAN, output.data(), 0, 1, channels});
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
      table.max_pool_f32({window.pointers.data(), 4, 0, 0, output.data(), 0, 1, channels});
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
      table.avg_pool_f32({window.pointers.data(), taps, 0, scale, output.data(), 0, 1, channels});
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

// Neighbouring windows have the bits of each by itself, and nothing between the output pixels is written.
void check_row(const KernelTable& table, void (*kernel)(const PoolWindows&), const char* name) {
  Random random;
  constexpr int64_t kPixels = 5, kStep = 2, kTaps = 3;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    Rows input(kTaps + kStep * (kPixels - 1), channels, channels + 1);
    input.fill(random, -1, 1);
    const float* taps[kTaps];
    for (int64_t t = 0; t < kTaps; ++t) taps[t] = &input.at(t, 0);
    const int64_t stride = channels + 2;
    Guarded row(static_cast<size_t>((kPixels - 1) * stride + channels)), pixel(static_cast<size_t>(channels));
    for (size_t i = 0; i < row.size(); ++i) row[i] = canary();
    kernel({taps, kTaps, kStep * (channels + 1), 0.25f, row.data(), stride, kPixels, channels});
    for (int64_t p = 0; p < kPixels; ++p) {
      const float* moved[kTaps];
      for (int64_t t = 0; t < kTaps; ++t) moved[t] = &input.at(t + p * kStep, 0);
      kernel({moved, kTaps, 0, 0.25f, pixel.data(), 0, 1, channels});
      for (int64_t c = 0; c < stride && p * stride + c < static_cast<int64_t>(row.size()); ++c) {
        const float y = row[static_cast<size_t>(p * stride + c)];
        const bool right = c < channels ? same_bits(y, pixel[static_cast<size_t>(c)]) : is_canary(y);
        CHECK(right, "%s, %d channels: pixel %d, element %d is %g", name, static_cast<int>(channels), static_cast<int>(p), static_cast<int>(c), y);
      }
    }
  }
}

ISA_TEST(rows_of_pooling_windows) {
  check_row(table, table.max_pool_f32, "max");
  check_row(table, table.avg_pool_f32, "avg");
}

KERNEL_TEST(weighted_sum_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t taps : {1, 2, 16}) {
      Window window(taps, channels);
      window.pixels.fill(random, -1, 1);
      Guarded output(static_cast<size_t>(channels)), weights(static_cast<size_t>(taps));
      weights.fill(random, -1, 1);
      table.weighted_sum_f32({window.pointers.data(), weights.data(), taps, output.data(), channels});
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0, magnitude = 0;
        for (int64_t t = 0; t < taps; ++t) {
          const double term = double{weights[static_cast<size_t>(t)]} * window.pixels.at(taps - 1 - t, c);
          sum += term;
          magnitude += std::fabs(term);
        }
        CHECK(std::fabs(output[static_cast<size_t>(c)] - sum) <= tolerance(taps, magnitude), "%d channels, %d taps: [%d] = %g, expected %g",
              static_cast<int>(channels), static_cast<int>(taps), static_cast<int>(c), output[static_cast<size_t>(c)], sum);
      }
    }
  }
}

double reduce_step(ReductionKind kind, double y, double x) {
  switch (kind) {
    case ReductionKind::kSum: return y + x;
    case ReductionKind::kSumOfAbsolutes: return y + std::fabs(x);
    case ReductionKind::kSumOfSquares: return y + x * x;
    case ReductionKind::kProduct: return y * x;
    case ReductionKind::kMax: return std::isnan(y) || std::isnan(x) ? NAN : std::fmax(y, x);
    case ReductionKind::kMin: return std::isnan(y) || std::isnan(x) ? NAN : std::fmin(y, x);
  }
  return NAN;
}

double reduce_start(ReductionKind kind) {
  if (kind == ReductionKind::kProduct) return 1;
  return kind == ReductionKind::kMax ? -HUGE_VAL : kind == ReductionKind::kMin ? HUGE_VAL : 0;
}

constexpr ReductionKind kReductions[] = {ReductionKind::kSum,     ReductionKind::kSumOfAbsolutes, ReductionKind::kSumOfSquares,
                                         ReductionKind::kProduct, ReductionKind::kMax,            ReductionKind::kMin};

KERNEL_TEST(reduce_rows_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (const ReductionKind kind : kReductions) {
      const int64_t pixels = 5;
      Rows input(pixels, channels, channels + 1);
      input.fill(random, -1, 1);
      Guarded output(static_cast<size_t>(channels));
      std::fill_n(output.data(), channels, static_cast<float>(reduce_start(kind)));
      table.reduce_rows_f32({kind, input.data(), input.stride(), pixels, channels, nullptr, output.data()});
      for (int64_t c = 0; c < channels; ++c) {
        double expected = reduce_start(kind);
        for (int64_t p = 0; p < pixels; ++p) expected = reduce_step(kind, expected, input.at(p, c));
        CHECK(std::fabs(output[static_cast<size_t>(c)] - expected) <= tolerance(pixels, static_cast<double>(pixels)),
              "%d channels, kind %d: [%d]", static_cast<int>(channels), static_cast<int>(kind), static_cast<int>(c));
      }
    }
  }
}

KERNEL_TEST(square_distances_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    const int64_t pixels = 3;
    Rows input(pixels, channels, channels + 2);
    input.fill(random, 100, 101);
    Guarded center(static_cast<size_t>(channels)), output(static_cast<size_t>(channels));
    center.fill(random, 100, 101);
    std::fill_n(output.data(), channels, 1.0f);
    table.square_distances_f32({ReductionKind::kSum, input.data(), input.stride(), pixels, channels, center.data(), output.data()});
    for (int64_t c = 0; c < channels; ++c) {
      double expected = 1;
      for (int64_t p = 0; p < pixels; ++p) expected += std::pow(double{input.at(p, c)} - center[static_cast<size_t>(c)], 2);
      CHECK(std::fabs(output[static_cast<size_t>(c)] - expected) <= tolerance(pixels + 2, 4), "%d channels: [%d]",
            static_cast<int>(channels), static_cast<int>(c));
    }
  }
}

KERNEL_TEST(reduce_channels_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (const ReductionKind kind : kReductions) {
      for (const bool has_nan : {false, true}) {
        const int64_t pixels = 2;
        Rows input(pixels, channels, channels + 1), output(pixels, 1, 3);
        input.fill(random, -1, 1);
        if (has_nan) input.at(1, channels - 1) = NAN;
        table.reduce_channels_f32({kind, input.data(), input.stride(), pixels, channels, output.data(), output.stride()});
        for (int64_t p = 0; p < pixels; ++p) {
          double expected = reduce_start(kind);
          for (int64_t c = 0; c < channels; ++c) expected = reduce_step(kind, expected, input.at(p, c));
          const float y = output.at(p, 0);
          CHECK(std::isnan(expected) ? std::isnan(y) : std::fabs(y - expected) <= tolerance(channels, static_cast<double>(channels)),
                "%d channels, kind %d: %g, expected %g", static_cast<int>(channels), static_cast<int>(kind), y, expected);
        }
        CHECK(output.gaps_untouched(), "%d channels: wrote between the results", static_cast<int>(channels));
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
