#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

struct Shape {
  int outputs;
  int64_t pixels;
  std::vector<ptrdiff_t> run_offsets;
  int64_t run_length;
  bool residual;
  Activation activation;
};

void check_products(const KernelTable& table, const Shape& shape, Random& random) {
  const int64_t lanes = table.lanes, runs = static_cast<int64_t>(shape.run_offsets.size());
  const int64_t vectors = (shape.run_length + lanes - 1) / lanes;

  // Pixels an irregular stride apart; the last run of the last pixel ends at the guard page.
  std::vector<ptrdiff_t> input_offsets;
  for (ptrdiff_t m = 0; m < shape.pixels; ++m) input_offsets.push_back(13 * m + m * m % 5);
  Guarded input(static_cast<size_t>(input_offsets.back() + shape.run_offsets.back() + shape.run_length));
  input.fill(random, -1, 1);
  Guarded weights(static_cast<size_t>(runs * vectors * shape.outputs * lanes)), bias(static_cast<size_t>(shape.outputs));
  const auto weight = [&](int64_t r, int64_t k, int n) -> float& {
    return weights[static_cast<size_t>(((r * vectors + k / lanes) * shape.outputs + n) * lanes + k % lanes)];
  };
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0;
  for (int64_t r = 0; r < runs; ++r) {
    for (int64_t k = 0; k < shape.run_length; ++k) {
      for (int n = 0; n < shape.outputs; ++n) weight(r, k, n) = random.uniform(-1, 1);
    }
  }
  bias.fill(random, -1, 1);

  const int64_t stride = shape.outputs + 3;
  Rows output(shape.pixels, shape.outputs, stride), residual(shape.pixels, shape.outputs, stride);
  residual.fill(random, -1, 1);
  std::vector<ptrdiff_t> rows;
  for (ptrdiff_t m = 0; m < shape.pixels; ++m) rows.push_back(m * stride);

  table.dot_products_f32({input.data(), input_offsets.data(), shape.run_offsets.data(), runs, shape.run_length, weights.data(),
                          bias.data(), output.data(), rows.data(), shape.residual ? residual.data() : nullptr, rows.data(),
                          shape.pixels, shape.outputs, shape.activation});

  for (int64_t m = 0; m < shape.pixels; ++m) {
    for (int n = 0; n < shape.outputs; ++n) {
      double sum = bias[static_cast<size_t>(n)], magnitude = std::fabs(sum);
      const auto add = [&](double term) {
        sum += term;
        magnitude += std::fabs(term);
      };
      for (int64_t r = 0; r < runs; ++r) {
        const float* x = input.data() + input_offsets[static_cast<size_t>(m)] + shape.run_offsets[static_cast<size_t>(r)];
        for (int64_t k = 0; k < shape.run_length; ++k) add(double{x[k]} * weight(r, k, n));
      }
      if (shape.residual) add(residual.at(m, n));
      const double expected = activation_reference(shape.activation, sum);
      CHECK(std::fabs(output.at(m, n) - expected) <= tolerance(2 * runs * shape.run_length + 2, magnitude),
            "%lld pixels, %d outputs, runs of %lld: [%lld][%d] = %.9g, expected %.9g", static_cast<long long>(shape.pixels),
            shape.outputs, static_cast<long long>(shape.run_length), static_cast<long long>(m), n, output.at(m, n), expected);
    }
  }
  CHECK(output.gaps_untouched(), "%lld pixels, %d outputs: wrote beyond the outputs", static_cast<long long>(shape.pixels), shape.outputs);
}

KERNEL_TEST(dot_products_f32) {
  Random random;
  int64_t round = 0;
  for (int outputs = 1; outputs <= kMaxDotOutputs; ++outputs) {
    for (int64_t pixels : {1, 2, 3, 5, 7, 11, 12, 13, 31}) {
      for (int64_t run_length : interesting_sizes(table.lanes)) {
        for (const auto& runs : {std::vector<ptrdiff_t>{0}, {0, 11, 40}}) {
          check_products(table, {outputs, pixels, runs, run_length, round % 2 == 1, some_activation(round)}, random);
          ++round;
        }
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
