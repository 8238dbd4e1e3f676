#include <algorithm>
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

struct Shape {
  int panels;
  int panel_vectors;
  int pixels;
  int channels;
  std::vector<ptrdiff_t> run_offsets;
  int64_t run_length;
  bool residual;
  Activation activation;
};

void check_tile(const KernelTable& table, const Shape& shape, Random& random) {
  const int64_t width = int64_t{shape.panel_vectors} * table.lanes;
  const int64_t runs = static_cast<int64_t>(shape.run_offsets.size()), depth = runs * shape.run_length;

  // Pixels an irregular stride apart. Only what the runs cover is a number; the last run of the last pixel ends at the
  // guard page.
  std::vector<ptrdiff_t> input_offsets;
  for (ptrdiff_t m = 0; m < shape.pixels; ++m) input_offsets.push_back(13 * m + m * m % 5);
  Guarded input(static_cast<size_t>(input_offsets.back() + shape.run_offsets.back() + shape.run_length));
  const auto x = [&](int64_t m, int64_t r, int64_t k) -> float& {
    return input[static_cast<size_t>(input_offsets[static_cast<size_t>(m)] + shape.run_offsets[static_cast<size_t>(r)] + k)];
  };
  for (int64_t m = 0; m < shape.pixels; ++m) {
    for (int64_t r = 0; r < runs; ++r) {
      for (int64_t k = 0; k < shape.run_length; ++k) x(m, r, k) = random.uniform(-1, 1);
    }
  }
  // Packed as panels one behind the other, with zeros for channels that do not exist.
  Guarded weights(static_cast<size_t>(shape.panels * depth * width)), bias(static_cast<size_t>(shape.panels * width));
  const auto weight = [&](int64_t k, int64_t j) -> float& {
    return weights[static_cast<size_t>((j / width * depth + k) * width + j % width)];
  };
  for (int64_t j = 0; j < shape.panels * width; ++j) {
    const auto value = [&] { return j < shape.channels ? random.uniform(-1, 1) : 0.0f; };
    for (int64_t k = 0; k < depth; ++k) weight(k, j) = value();
    bias[static_cast<size_t>(j)] = value();
  }

  const int64_t stride = shape.channels + 3;
  Rows output(shape.pixels, shape.channels, stride), residual(shape.pixels, shape.channels, stride);
  residual.fill(random, -1, 1);
  std::vector<ptrdiff_t> rows;
  for (ptrdiff_t m = 0; m < shape.pixels; ++m) rows.push_back(m * stride);

  GemmTile tile{};
  tile.input = input.data();
  tile.input_offsets = input_offsets.data();
  tile.run_offsets = shape.run_offsets.data();
  tile.run_count = runs;
  tile.run_length = shape.run_length;
  tile.weights = weights.data();
  tile.bias = bias.data();
  tile.output = output.data();
  tile.output_offsets = rows.data();
  tile.residual = shape.residual ? residual.data() : nullptr;
  tile.residual_offsets = rows.data();
  tile.pixels = shape.pixels;
  tile.panel_vectors = shape.panel_vectors;
  tile.channels = shape.channels;
  tile.activation = shape.activation;
  tile.prefetch = weights.data();
  tile.prefetch_step = width;
  tile.panels = shape.panels;
  table.gemm_f32(tile);

  for (int m = 0; m < shape.pixels; ++m) {
    for (int j = 0; j < shape.channels; ++j) {
      double sum = bias[static_cast<size_t>(j)], magnitude = std::fabs(sum);
      for (int64_t r = 0; r < runs; ++r) {
        for (int64_t k = 0; k < shape.run_length; ++k) {
          const double product = double{x(m, r, k)} * weight(r * shape.run_length + k, j);
          sum += product;
          magnitude += std::fabs(product);
        }
      }
      if (shape.residual) {
        sum += residual.at(m, j);
        magnitude += std::fabs(residual.at(m, j));
      }
      const double expected = activation_reference(shape.activation, sum);
      CHECK(std::fabs(output.at(m, j) - expected) <= tolerance(2 * depth + 2, magnitude),
            "%d pixels x %d panels of %d vectors, %d channels, depth %lld, activation %d: [%d][%d] = %.9g, expected %.9g",
            shape.pixels, shape.panels, shape.panel_vectors, shape.channels, static_cast<long long>(depth), static_cast<int>(shape.activation.kind), m, j,
            output.at(m, j), expected);
    }
  }
  CHECK(output.gaps_untouched(), "%d pixels x %d panels of %d vectors, %d channels: wrote beyond the channels", shape.pixels,
        shape.panels, shape.panel_vectors, shape.channels);
}

KERNEL_TEST(gemm_f32) {
  Random random;
  int64_t round = 0;
  const auto check_tiles = [&](int panels, int vectors, int pixels) {
    const int lanes = table.lanes, width = panels * vectors * lanes;
    for (int channels : {width - lanes + 1, width - 1, width}) {
      for (bool residual : {false, true}) {
        for (const auto& runs : {std::vector<ptrdiff_t>{0}, {0, 11, 40}, {0, 1, 5, 6}}) {
          check_tile(table, {panels, vectors, pixels, channels, runs, round % 4 == 0 ? 1 : 7, residual, some_activation(round)}, random);
          ++round;
        }
      }
    }
  };
  for (int vectors = 1; vectors <= kMaxPanelVectors; ++vectors) {
    const int largest = table.max_pixels[vectors - 1];
    for (int pixels = 1; pixels <= largest; ++pixels) check_tiles(1, vectors, pixels);
    for (int panels = 2; panels <= std::min(kMaxTilePanels, largest); ++panels) check_tiles(panels, vectors, 1);
  }
  check_tile(table, {1, 1, 1, table.lanes, {0, 600}, 500, true, {}}, random);
}

KERNEL_TEST(gemm_f32_passes_nan_and_infinity) {
  const int width = table.lanes;
  constexpr float kInfinity = HUGE_VALF;
  Guarded weights(static_cast<size_t>(width)), bias(static_cast<size_t>(width)), output(static_cast<size_t>(width));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 1, bias[i] = 0;
  for (int64_t i = 0; i < 7; ++i) {
    for (float x : {NAN, kInfinity, -kInfinity}) {
      const ptrdiff_t zero = 0;
      GemmTile tile{&x, &zero, &zero, 1, 1, weights.data(), bias.data(), output.data(), &zero, nullptr, nullptr, 1, 1, width,
                    some_activation(i), nullptr, 0};
      table.gemm_f32(tile);
      const double expected = activation_reference(tile.activation, x);
      CHECK(std::isnan(expected) ? std::isnan(output[0]) : output[0] == static_cast<float>(expected),
            "activation %d of %g is %g, expected %g", static_cast<int>(tile.activation.kind), x, output[0], expected);
    }
  }
}

}  // namespace
}  // namespace im2col::test
