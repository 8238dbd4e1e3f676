#include <algorithm>
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

KERNEL_TEST(affine_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int operands = 0; operands < 8; ++operands) {
      const bool has_scale = operands & 1, has_shift = operands & 2, has_residual = operands & 4;
      const int64_t pixels = 3;
      Rows input(pixels, channels, channels + 1), residual(pixels, channels, channels + 3), output(pixels, channels, channels + 2);
      Guarded scale(static_cast<size_t>(channels)), shift(static_cast<size_t>(channels));
      input.fill(random, -2, 2);
      residual.fill(random, -1, 1);
      scale.fill(random, -1, 1);
      shift.fill(random, -1, 1);
      AffineRow row{};
      row.input = input.data();
      row.input_stride = input.stride();
      row.scale = has_scale ? scale.data() : nullptr;
      row.shift = has_shift ? shift.data() : nullptr;
      row.residual = has_residual ? residual.data() : nullptr;
      row.residual_stride = residual.stride();
      row.output = output.data();
      row.output_stride = output.stride();
      row.pixels = pixels;
      row.channels = channels;
      row.activation = some_activation(channels + operands);
      table.affine_f32(row);

      for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; ++c) {
          const size_t i = static_cast<size_t>(c);
          const double product = double{input.at(p, c)} * (has_scale ? scale[i] : 1.0f);
          const double added = has_shift ? shift[i] : 0, other = has_residual ? residual.at(p, c) : 0;
          const double expected = activation_reference(row.activation, product + added + other);
          CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(3, std::fabs(product) + std::fabs(added) + std::fabs(other)),
                "%d channels, operands %d: [%d][%d] = %.9g, expected %.9g", static_cast<int>(channels), operands,
                static_cast<int>(p), static_cast<int>(c), output.at(p, c), expected);
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

KERNEL_TEST(affine_f32_in_place) {
  Random random;
  const int64_t channels = 5 * table.lanes + 3;
  Guarded value(static_cast<size_t>(channels)), residual(static_cast<size_t>(channels));
  value.fill(random, -1, 1);
  residual.fill(random, -1, 1);
  const std::vector<float> before(value.data(), value.data() + channels);
  AffineRow row{};
  row.input = row.output = value.data();
  row.residual = residual.data();
  row.pixels = 1;
  row.channels = channels;
  table.affine_f32(row);
  for (size_t c = 0; c < before.size(); ++c) CHECK(value[c] == before[c] + residual[c], "channel %zu", c);
}

KERNEL_TEST(binary_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int operands = 0; operands < 8; ++operands) {
      const bool is_scalar = operands & 1, is_shared = operands & 2, has_residual = operands & 4;
      const int64_t pixels = 3, b_channels = is_scalar ? 1 : channels;
      Rows a(pixels, channels, channels + 1), residual(pixels, channels, channels + 3), output(pixels, channels, channels + 2);
      Rows b(is_shared ? 1 : pixels, b_channels, b_channels + 1);
      a.fill(random, -2, 2);
      b.fill(random, -1, 1);
      residual.fill(random, -1, 1);
      BinaryRow row{};
      row.op = BinaryOperator::kMultiply;
      row.a = a.data();
      row.a_stride = a.stride();
      row.b = b.data();
      row.b_stride = is_shared ? 0 : b.stride();
      row.b_is_scalar = is_scalar;
      row.residual = has_residual ? residual.data() : nullptr;
      row.residual_stride = residual.stride();
      row.output = output.data();
      row.output_stride = output.stride();
      row.pixels = pixels;
      row.channels = channels;
      row.activation = some_activation(channels + operands);
      table.binary_f32(row);

      for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; ++c) {
          const double product = double{a.at(p, c)} * b.at(is_shared ? 0 : p, is_scalar ? 0 : c);
          const double other = has_residual ? residual.at(p, c) : 0;
          const double expected = activation_reference(row.activation, product + other);
          CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(2, std::fabs(product) + std::fabs(other)),
                "%d channels, operands %d: [%d][%d] = %.9g, expected %.9g", static_cast<int>(channels), operands,
                static_cast<int>(p), static_cast<int>(c), output.at(p, c), expected);
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

double binary_reference(BinaryOperator op, double a, double b) {
  switch (op) {
    case BinaryOperator::kAdd: return a + b;
    case BinaryOperator::kSubtract: return a - b;
    case BinaryOperator::kSubtractFrom: return b - a;
    case BinaryOperator::kMultiply: return a * b;
    case BinaryOperator::kDivide: return a / b;
    case BinaryOperator::kDivideInto: return b / a;
    case BinaryOperator::kMaximum: return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b);
    case BinaryOperator::kMinimum: return std::isnan(a) || std::isnan(b) ? NAN : std::fmin(a, b);
    case BinaryOperator::kPower: return std::pow(a, b);
    case BinaryOperator::kPowerOf: return std::pow(b, a);
  }
  return NAN;
}

ISA_TEST(binary_f32_operators) {
  const float special[] = {0, -0.0f, 1, -1, 2, -2, 3, -3, 0.5f, -0.5f, 1.75f, -2.5f, 10, -7, NAN, HUGE_VALF, -HUGE_VALF};
  constexpr int64_t kCount = sizeof special / sizeof special[0];
  for (int op = 0; op <= static_cast<int>(BinaryOperator::kPowerOf); ++op) {
    Guarded a(kCount * kCount), b(kCount * kCount), y(kCount * kCount);
    for (int64_t i = 0; i < kCount * kCount; ++i) {
      a[static_cast<size_t>(i)] = special[i / kCount];
      b[static_cast<size_t>(i)] = special[i % kCount];
    }
    BinaryRow row{};
    row.op = static_cast<BinaryOperator>(op);
    row.a = a.data();
    row.b = b.data();
    row.output = y.data();
    row.pixels = 1;
    row.channels = kCount * kCount;
    table.binary_f32(row);
    for (size_t i = 0; i < y.size(); ++i) {
      const double expected = binary_reference(row.op, a[i], b[i]);
      const bool same = std::isnan(expected)   ? std::isnan(y[i])
                        : std::isinf(expected) ? y[i] == expected
                                               : std::fabs(y[i] - expected) <= tolerance(64, std::fabs(expected));
      CHECK(same, "operator %d of %g and %g is %g, expected %g", op, a[i], b[i], y[i], expected);
    }
  }
}

KERNEL_TEST(prelu_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    const int64_t pixels = 3;
    Rows input(pixels, channels, channels + 1), output(pixels, channels, channels + 2);
    Guarded slope(static_cast<size_t>(channels));
    input.fill(random, -2, 2);
    slope.fill(random, -2, 2);
    input.at(1, channels / 2) = NAN;
    table.prelu_f32({input.data(), input.stride(), slope.data(), output.data(), output.stride(), pixels, channels});
    for (int64_t p = 0; p < pixels; ++p) {
      for (int64_t c = 0; c < channels; ++c) {
        const float x = input.at(p, c), expected = x > 0 ? x : slope[static_cast<size_t>(c)] * x, y = output.at(p, c);
        CHECK(std::isnan(x) ? std::isnan(y) : y == expected, "%d channels: [%d][%d]", static_cast<int>(channels),
              static_cast<int>(p), static_cast<int>(c));
      }
    }
    CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
  }
}

KERNEL_TEST(layer_norm_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (float offset : {0.0f, 1000.0f}) {
      const int64_t pixels = 2;
      const float eps = 1e-6f;
      Rows input(pixels, channels, channels + 1), output(pixels, channels, channels + 2);
      Guarded weight(static_cast<size_t>(channels)), bias(static_cast<size_t>(channels));
      input.fill(random, offset - 1, offset + 1);
      weight.fill(random, -1, 1);
      bias.fill(random, -1, 1);
      table.layer_norm_f32({input.data(), input.stride(), weight.data(), bias.data(), output.data(), output.stride(), pixels,
                            channels, eps});
      for (int64_t p = 0; p < pixels; ++p) {
        double mean = 0, variance = 0;
        for (int64_t c = 0; c < channels; ++c) mean += double{input.at(p, c)} / static_cast<double>(channels);
        for (int64_t c = 0; c < channels; ++c) variance += std::pow(input.at(p, c) - mean, 2) / static_cast<double>(channels);
        const double deviation = std::sqrt(variance + eps);
        for (int64_t c = 0; c < channels; ++c) {
          const size_t i = static_cast<size_t>(c);
          const double expected = (input.at(p, c) - mean) / deviation * weight[i] + bias[i];
          // The mean is off by its rounding errors, which are the same for all channels, and nothing cancels behind it.
          const double magnitude = (std::fabs(mean) + std::fabs(input.at(p, c) - mean)) / deviation + 1;
          CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(channels + 6, magnitude),
                "%d channels around %g: [%d][%d] = %.9g, expected %.9g", static_cast<int>(channels), offset, static_cast<int>(p),
                static_cast<int>(c), output.at(p, c), expected);
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

KERNEL_TEST(log_softmax_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (float range : {1.0f, 100.0f, 1e30f}) {
      const int64_t pixels = 2;
      Rows input(pixels, channels, channels + 1), output(pixels, channels, channels + 2);
      input.fill(random, -range, range);
      table.log_softmax_f32({input.data(), input.stride(), output.data(), output.stride(), pixels, channels});
      for (int64_t p = 0; p < pixels; ++p) {
        double largest = -HUGE_VAL, sum = 0;
        for (int64_t c = 0; c < channels; ++c) largest = std::max(largest, double{input.at(p, c)});
        for (int64_t c = 0; c < channels; ++c) sum += std::exp(input.at(p, c) - largest);
        for (int64_t c = 0; c < channels; ++c) {
          const double expected = input.at(p, c) - largest - std::log(sum);
          // An exponential is off by the rounding of its argument times itself, of which the sum is at least 1.
          CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(2 * channels + 8, 1 + std::fabs(expected)),
                "%d channels: [%d][%d] = %.9g, expected %.9g", static_cast<int>(channels), static_cast<int>(p),
                static_cast<int>(c), output.at(p, c), expected);
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

KERNEL_TEST(softmax_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (float range : {1.0f, 100.0f, 3e38f}) {
      const int64_t pixels = 2;
      Rows input(pixels, channels, channels + 1), output(pixels, channels, channels + 2);
      input.fill(random, -range, range);
      if (channels > 2) input.at(1, 1) = -HUGE_VALF;
      table.softmax_f32({input.data(), input.stride(), output.data(), output.stride(), pixels, channels});
      for (int64_t p = 0; p < pixels; ++p) {
        double largest = -HUGE_VAL, sum = 0;
        for (int64_t c = 0; c < channels; ++c) largest = std::max(largest, double{input.at(p, c)});
        for (int64_t c = 0; c < channels; ++c) sum += std::exp(input.at(p, c) - largest);
        for (int64_t c = 0; c < channels; ++c) {
          // The difference to the largest is rounded once, relative to itself, which the exponential turns into an
          // error relative to the result.
          const double difference = input.at(p, c) - largest, expected = std::exp(difference) / sum;
          const double bound = (1 + std::min(110.0, std::fabs(difference))) * expected;
          CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(channels + 8, bound), "%d channels: [%d][%d] = %.9g, expected %.9g",
                static_cast<int>(channels), static_cast<int>(p), static_cast<int>(c), output.at(p, c), expected);
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

KERNEL_TEST(softmax_f32_special_values) {
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (float special : {NAN, HUGE_VALF}) {
      for (int64_t at : {int64_t{0}, channels / 2, channels - 1}) {
        Guarded value(static_cast<size_t>(channels));
        std::fill_n(value.data(), channels, 1.0f);
        value[static_cast<size_t>(at)] = special;
        table.softmax_f32({value.data(), 0, value.data(), 0, 1, channels});
        CHECK(std::isnan(value[static_cast<size_t>(at)]), "%g at %d of %d", special, static_cast<int>(at), static_cast<int>(channels));
        if (std::isnan(special)) {
          CHECK(std::all_of(value.data(), value.data() + channels, [](float y) { return std::isnan(y); }), "not all are NaN");
        }
      }
    }
    Guarded nothing(static_cast<size_t>(channels));
    std::fill_n(nothing.data(), channels, -HUGE_VALF);
    table.softmax_f32({nothing.data(), 0, nothing.data(), 0, 1, channels});
    for (size_t c = 0; c < nothing.size(); ++c) CHECK(std::isnan(nothing[c]), "softmax of nothing but -infinity");
  }
}

KERNEL_TEST(local_response_norm_f32) {
  Random random;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t size : {1, 2, 5, 40}) {
      const int64_t pixels = 2;
      Rows input(pixels, channels, channels + 1), output(pixels, channels, channels + 2);
      input.fill(random, -10, 10);
      LocalResponseNormRow row{input.data(), input.stride(), output.data(), output.stride(), pixels, channels, size,
                               size % 2 ? 1e-4f : 2.0f, size == 1 ? 0.5f : 0.75f, size % 2 ? 2.0f : 1.0f};
      table.local_response_norm_f32(row);
      for (int64_t p = 0; p < pixels; ++p) {
        for (int64_t c = 0; c < channels; ++c) {
          double sum = 0;
          for (int64_t d = c - size / 2; d < c - size / 2 + size; ++d) {
            if (d >= 0 && d < channels) sum += double{input.at(p, d)} * input.at(p, d);
          }
          const double base = double{row.k} + double{row.alpha} / static_cast<double>(size) * sum;
          const double expected = input.at(p, c) / std::pow(base, double{row.beta});
          // Roundings of the base and its logarithm count beta times and beta |log base| times.
          const double roundings = static_cast<double>(2 * size) + 8 + 4 * std::fabs(std::log(base));
          CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(static_cast<int64_t>(std::ceil(roundings)), std::fabs(expected)),
                "%d channels, size %d: [%d][%d] = %.9g, expected %.9g", static_cast<int>(channels), static_cast<int>(size),
                static_cast<int>(p), static_cast<int>(c), output.at(p, c), expected);
        }
      }
      CHECK(output.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(channels));
    }
  }
}

}  // namespace
}  // namespace im2col::test
