#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

struct Shape {
  int64_t pixels;
  int64_t channels;
  int64_t taps;
  int64_t stride;  // in pixels
  bool residual;
  Activation activation;
};

void check_row(const KernelTable& table, const Shape& shape, Random& random) {
  // A row of pixels with gaps between them; tap t of output pixel p is input pixel p * stride + t.
  const int64_t cell = shape.channels + 1;
  Rows input((shape.pixels - 1) * shape.stride + shape.taps, shape.channels, cell);
  Rows weights(shape.taps, shape.channels, shape.channels);
  Guarded bias(static_cast<size_t>(shape.channels));
  Rows output(shape.pixels, shape.channels, shape.channels + 2), residual(shape.pixels, shape.channels, shape.channels + 5);
  input.fill(random, -1, 1);
  weights.fill(random, -1, 1);
  bias.fill(random, -1, 1);
  residual.fill(random, -1, 1);
  std::vector<ptrdiff_t> taps;
  for (int64_t t = 0; t < shape.taps; ++t) taps.push_back(t * cell);

  DepthwiseRow row{};
  row.input = input.data();
  row.pixel_stride = shape.stride * cell;
  row.tap_offsets = taps.data();
  row.tap_count = shape.taps;
  row.weights = weights.data();
  row.bias = bias.data();
  row.output = output.data();
  row.output_stride = output.stride();
  row.residual = shape.residual ? residual.data() : nullptr;
  row.residual_stride = residual.stride();
  row.pixels = shape.pixels;
  row.channels = shape.channels;
  row.activation = shape.activation;
  table.depthwise_f32(row);

  for (int64_t p = 0; p < shape.pixels; ++p) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      double sum = bias[static_cast<size_t>(c)], magnitude = std::fabs(sum);
      for (int64_t t = 0; t < shape.taps; ++t) {
        const double product = double{input.at(p * shape.stride + t, c)} * weights.at(t, c);
        sum += product;
        magnitude += std::fabs(product);
      }
      if (shape.residual) {
        sum += residual.at(p, c);
        magnitude += std::fabs(residual.at(p, c));
      }
      const double expected = activation_reference(shape.activation, sum);
      CHECK(std::fabs(output.at(p, c) - expected) <= tolerance(2 * shape.taps + 2, magnitude),
            "%lld pixels, %lld channels, %lld taps: [%lld][%lld] = %.9g, expected %.9g", static_cast<long long>(shape.pixels),
            static_cast<long long>(shape.channels), static_cast<long long>(shape.taps), static_cast<long long>(p),
            static_cast<long long>(c), output.at(p, c), expected);
    }
  }
  CHECK(output.gaps_untouched(), "%lld channels: wrote between the pixels", static_cast<long long>(shape.channels));
}

KERNEL_TEST(depthwise_f32) {
  Random random;
  int64_t round = 0;
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t pixels = 1; pixels <= 16; ++pixels) {
      for (int64_t taps : {1, 9}) {
        check_row(table, {pixels, channels, taps, 1 + round % 2, round % 3 == 0, some_activation(round)}, random);
        ++round;
      }
    }
  }
}

// A result must not depend on the tile that its pixel is in.
KERNEL_TEST(depthwise_f32_is_independent_of_the_tile) {
  Random random;
  const int64_t pixels = 23, channels = 3 * table.lanes + 1, taps = 5;
  Rows input(pixels + taps, channels, channels), weights(taps, channels, channels), whole(pixels, channels, channels),
      single(pixels, channels, channels);
  Guarded bias(static_cast<size_t>(channels));
  input.fill(random, -1, 1);
  weights.fill(random, -1, 1);
  bias.fill(random, -1, 1);
  std::vector<ptrdiff_t> offsets;
  for (int64_t t = 0; t < taps; ++t) offsets.push_back(t * channels);
  DepthwiseRow row{input.data(), channels, offsets.data(), taps, weights.data(), bias.data(), whole.data(),
                   channels, nullptr, 0, pixels, channels, {ActivationKind::kTanh, 0, 0}};
  table.depthwise_f32(row);
  row.pixels = 1;
  for (int64_t p = 0; p < pixels; ++p) {
    row.input = &input.at(p, 0);
    row.output = &single.at(p, 0);
    table.depthwise_f32(row);
    for (int64_t c = 0; c < channels; ++c) CHECK(same_bits(whole.at(p, c), single.at(p, c)), "pixel %d", static_cast<int>(p));
  }
}

}  // namespace
}  // namespace im2col::test
