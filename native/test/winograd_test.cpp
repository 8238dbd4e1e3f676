// The transforms against their definition: interpolation at the points 0, +-a, +-b, infinity.
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

std::vector<double> points(int inputs) {
  switch (inputs) {
    case 4: return {0, 1, -1};
    case 6: return {0, 0.625, -0.625, 1.5, -1.5};
    case 7: return {0.25, -0.25, 0.875, -0.875, 1.75, -1.75};
    case 8: return {0, 0.5, -0.5, 1, -1, 2, -2};
    default: return {0.25, -0.25, 0.6875, -0.6875, 1.125, -1.125, 2.25, -2.25};
  }
}

// Row i of B^T: the coefficients of the product of (x - p) over all finite points p but the i-th.
double input_coefficient(int inputs, int i, int power) {
  std::vector<double> polynomial{1};
  const std::vector<double> all = points(inputs);
  for (size_t p = 0; p < all.size(); ++p) {
    if (static_cast<int>(p) == i) continue;
    polynomial.insert(polynomial.begin(), 0);
    for (size_t k = 0; k + 1 < polynomial.size(); ++k) polynomial[k] -= all[p] * polynomial[k + 1];
  }
  return static_cast<size_t>(power) < polynomial.size() ? polynomial[static_cast<size_t>(power)] : 0;
}

// A^T: output y sums the values at the points times their y-th power; infinity counts in the highest power only.
double output_coefficient(const WinogradForm& form, int y, int i) {
  const std::vector<double> all = points(form.inputs());
  if (static_cast<size_t>(i) == all.size()) return y == form.outputs - 1;
  return std::pow(all[static_cast<size_t>(i)], y);
}

KERNEL_TEST(winograd_input_f32) {
  Random random;
  for (int index = 0; index < kWinogradFormCount; ++index) {
    const WinogradForm& form = kWinogradForms[index];
    const int t = form.inputs(), columns = form.axes == 2 ? t : 1;
    for (int64_t channels : interesting_sizes(table.lanes)) {
      Rows pixels(t * columns, channels, channels + 1), transformed(t * columns, channels, channels + 2);
      pixels.fill(random, -1, 1);
      std::vector<const float*> pointers;
      for (int i = 0; i < t * columns; ++i) pointers.push_back(&pixels.at(i, 0));
      table.winograd_input_f32({index, pointers.data(), transformed.data(), transformed.stride(), channels, pointers.data(), t});
      for (int i = 0; i < t; ++i) {
        for (int j = 0; j < columns; ++j) {
          for (int64_t c = 0; c < channels; ++c) {
            double sum = 0, magnitude = 0;
            for (int y = 0; y < t; ++y) {
              for (int x = 0; x < columns; ++x) {
                const double along = columns == 1 ? 1 : input_coefficient(t, j, x);
                const double term = input_coefficient(t, i, y) * along * pixels.at(x * t + y, c);
                sum += term;
                magnitude += std::fabs(term);
              }
            }
            CHECK(std::fabs(transformed.at(i * columns + j, c) - sum) <= tolerance(4 * t, magnitude),
                  "form %d, %d channels: (%d, %d)[%d] = %.9g, expected %.9g", index, static_cast<int>(channels), i, j,
                  static_cast<int>(c), transformed.at(i * columns + j, c), sum);
          }
        }
      }
      CHECK(transformed.gaps_untouched(), "form %d: wrote between the pixels", index);
    }
  }
}

KERNEL_TEST(winograd_products_f32) {
  Random random;
  for (int vectors = 1; vectors <= kMaxPanelVectors; ++vectors) {
    if (table.max_pixels[vectors - 1] == 0) continue;
    const int64_t width = vectors * table.lanes;
    for (int64_t tiles : {1, 2, 7, 14, 15, 29, 40}) {
      for (int64_t channels : {1, 12, 33}) {
        Rows values(tiles, channels, channels + 3), products(tiles, width, width + 5);
        Guarded weights(static_cast<size_t>(channels * width));
        values.fill(random, -1, 1);
        weights.fill(random, -1, 1);
        table.winograd_products_f32({values.data(), values.stride(), tiles, channels, weights.data(), vectors, products.data(),
                                     products.stride(), weights.data(), tiles % 2 == 0 ? channels * width : 0, tiles % 3 == 1});
        for (int64_t m = 0; m < tiles; ++m) {
          for (int64_t j = 0; j < width; ++j) {
            double sum = 0, magnitude = 0;
            for (int64_t c = 0; c < channels; ++c) {
              const double term = static_cast<double>(values.at(m, c)) * weights[static_cast<size_t>(c * width + j)];
              sum += term;
              magnitude += std::fabs(term);
            }
            CHECK(std::fabs(products.at(m, j) - sum) <= tolerance(static_cast<int>(channels), magnitude),
                  "%d tiles, %d channels: (%d)[%d] = %.9g, expected %.9g", static_cast<int>(tiles), static_cast<int>(channels),
                  static_cast<int>(m), static_cast<int>(j), products.at(m, j), sum);
          }
        }
        CHECK(products.gaps_untouched(), "%d tiles: wrote between the products", static_cast<int>(tiles));
      }
    }
  }
}

struct OutputShape {
  int form, rows, columns;
  int64_t channels;
  bool residual;
  Activation activation;
};

void check_output(const KernelTable& table, const OutputShape& shape, Random& random) {
  const WinogradForm& form = kWinogradForms[shape.form];
  const int t = form.inputs(), lines = form.axes == 2 ? t : 1;
  const int64_t padded = (shape.channels + table.lanes - 1) / table.lanes * table.lanes;
  Rows products(t * lines, padded, padded + table.lanes);
  Guarded bias(static_cast<size_t>(padded));
  products.fill(random, -1, 1);
  bias.fill(random, -1, 1);
  // Pixels lie `columns` to a row without gaps but for the channels' own.
  Rows output(shape.rows * shape.columns, shape.channels, shape.channels + 2), residual(shape.rows * shape.columns, shape.channels, shape.channels + 3);
  residual.fill(random, -1, 1);

  WinogradOutput w{};
  w.form = shape.form;
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
        for (int i = 0; i < lines; ++i) {
          for (int j = 0; j < t; ++j) {
            const double along = lines == 1 ? 1 : output_coefficient(form, y, i);
            const double term = along * output_coefficient(form, x, j) * products.at(i * t + j, c);
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
        CHECK(std::fabs(result - expected) <= tolerance(4 * t + 2, magnitude), "form %d, %d channels: (%d, %d)[%d] = %.9g, expected %.9g",
              shape.form, static_cast<int>(shape.channels), y, x, static_cast<int>(c), result, expected);
      }
    }
  }
  CHECK(output.gaps_untouched(), "form %d: wrote between the pixels", shape.form);
}

KERNEL_TEST(winograd_output_f32) {
  Random random;
  int64_t round = 0;
  for (int form = 0; form < kWinogradFormCount; ++form) {
    const int outputs = kWinogradForms[form].outputs;
    for (int rows = 1; rows <= (kWinogradForms[form].axes == 2 ? outputs : 1); ++rows) {
      for (int columns = 1; columns <= outputs; ++columns) {
        for (int64_t channels : interesting_sizes(table.lanes)) {
          check_output(table, {form, rows, columns, channels, round % 2 == 0, some_activation(round)}, random);
          ++round;
        }
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
