// The transforms against their definition: interpolation at the points 0, +-a, +-b, infinity.
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

std::vector<double> points(int outputs) {
  return outputs == 2 ? std::vector<double>{0, 1, -1} : std::vector<double>{0, 0.625, -0.625, 1.5, -1.5};
}

// Row i of B^T: the coefficients of the product of (x - p) over all finite points p but the i-th.
double input_coefficient(int outputs, int i, int power) {
  std::vector<double> polynomial{1};
  const std::vector<double> all = points(outputs);
  for (size_t p = 0; p < all.size(); ++p) {
    if (static_cast<int>(p) == i) continue;
    polynomial.insert(polynomial.begin(), 0);
    for (size_t k = 0; k + 1 < polynomial.size(); ++k) polynomial[k] -= all[p] * polynomial[k + 1];
  }
  return static_cast<size_t>(power) < polynomial.size() ? polynomial[static_cast<size_t>(power)] : 0;
}

// A^T: output y sums the values at the points times their y-th power; infinity counts in the highest power only.
double output_coefficient(int outputs, int y, int i) {
  const std::vector<double> all = points(outputs);
  if (static_cast<size_t>(i) == all.size()) return y == outputs - 1;
  return std::pow(all[static_cast<size_t>(i)], y);
}

KERNEL_TEST(winograd_input_f32) {
  Random random;
  for (int outputs : {2, 4}) {
    const int t = outputs + 2;
    for (int64_t channels : interesting_sizes(table.lanes)) {
      Rows pixels(t * t, channels, channels + 1), transformed(t * t, channels, channels + 2);
      pixels.fill(random, -1, 1);
      std::vector<const float*> pointers;
      for (int i = 0; i < t * t; ++i) pointers.push_back(&pixels.at(i, 0));
      table.winograd_input_f32({outputs, pointers.data(), transformed.data(), transformed.stride(), channels});
      for (int i = 0; i < t; ++i) {
        for (int j = 0; j < t; ++j) {
          for (int64_t c = 0; c < channels; ++c) {
            double sum = 0, magnitude = 0;
            for (int y = 0; y < t; ++y) {
              for (int x = 0; x < t; ++x) {
                const double term = input_coefficient(outputs, i, y) * input_coefficient(outputs, j, x) * pixels.at(y * t + x, c);
                sum += term;
                magnitude += std::fabs(term);
              }
            }
            CHECK(std::fabs(transformed.at(i * t + j, c) - sum) <= tolerance(4 * t, magnitude),
                  "F%d, %d channels: (%d, %d)[%d] = %.9g, expected %.9g", outputs, static_cast<int>(channels), i, j,
                  static_cast<int>(c), transformed.at(i * t + j, c), sum);
          }
        }
      }
      CHECK(transformed.gaps_untouched(), "F%d: wrote between the pixels", outputs);
    }
  }
}

struct OutputShape {
  int outputs, rows, columns;
  int64_t channels;
  bool residual;
  Activation activation;
};

void check_output(const KernelTable& table, const OutputShape& shape, Random& random) {
  const int t = shape.outputs + 2;
  const int64_t padded = (shape.channels + table.lanes - 1) / table.lanes * table.lanes;
  Rows products(t * t, padded, padded + table.lanes);
  Guarded bias(static_cast<size_t>(padded));
  products.fill(random, -1, 1);
  bias.fill(random, -1, 1);
  // Pixels lie `columns` to a row without gaps but for the channels' own.
  Rows output(shape.rows * shape.columns, shape.channels, shape.channels + 2), residual(shape.rows * shape.columns, shape.channels, shape.channels + 3);
  residual.fill(random, -1, 1);

  WinogradOutput w{};
  w.outputs = shape.outputs;
  w.products = products.data();
  w.products_stride = products.stride();
  w.bias = bias.data();
  w.output = output.data();
  w.output_row = shape.columns * output.stride();
  w.output_pixel = output.stride();
  w.residual = shape.residual ? residual.data() : nullptr;
  w.residual_row = shape.columns * residual.stride();
  w.residual_pixel = residual.stride();
  w.rows = shape.rows;
  w.columns = shape.columns;
  w.channels = shape.channels;
  w.activation = shape.activation;
  table.winograd_output_f32(w);

  for (int y = 0; y < shape.rows; ++y) {
    for (int x = 0; x < shape.columns; ++x) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        double sum = bias[static_cast<size_t>(c)], magnitude = std::fabs(sum);
        for (int i = 0; i < t; ++i) {
          for (int j = 0; j < t; ++j) {
            const double term = output_coefficient(shape.outputs, y, i) * output_coefficient(shape.outputs, x, j) * products.at(i * t + j, c);
            sum += term;
            magnitude += std::fabs(term);
          }
        }
        if (shape.residual) {
          sum += residual.at(y * shape.columns + x, c);
          magnitude += std::fabs(residual.at(y * shape.columns + x, c));
        }
        const float result = output.at(y * shape.columns + x, c);
        const double expected = activation_reference(shape.activation, sum);
        CHECK(std::fabs(result - expected) <= tolerance(4 * t + 2, magnitude), "F%d, %d channels: (%d, %d)[%d] = %.9g, expected %.9g",
              shape.outputs, static_cast<int>(shape.channels), y, x, static_cast<int>(c), result, expected);
      }
    }
  }
  CHECK(output.gaps_untouched(), "F%d: wrote between the pixels", shape.outputs);
}

KERNEL_TEST(winograd_output_f32) {
  Random random;
  int64_t round = 0;
  for (int outputs : {2, 4}) {
    for (int rows = 1; rows <= outputs; ++rows) {
      for (int columns = 1; columns <= outputs; ++columns) {
        for (int64_t channels : interesting_sizes(table.lanes)) {
          check_output(table, {outputs, rows, columns, channels, round % 2 == 0, some_activation(round)}, random);
          ++round;
        }
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
