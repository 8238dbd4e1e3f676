#include <algorithm>
#include <cmath>

#include "../ops/view.h"
#include "reference.h"
#include "step_fixture.h"
#include "test.h"

namespace im2col::test {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Gates and states of one step in guarded memory.
struct CellData {
  CellData(Random& random, size_t gates, size_t size) : x(gates * size), h_gates(gates * size), h_previous(size), c_previous(size), h(size), c(size) {
    for (Guarded* values : {&x, &h_gates, &h_previous, &c_previous}) values->fill(random, -2, 2);
  }
  RecurrentCell cell(int64_t size) const {
    return {x.data(), h_gates.data(), h_previous.data(), c_previous.data(), h.data(), c.data(), size};
  }
  double gate(size_t i) const { return double{x[i]} + h_gates[i]; }
  Guarded x, h_gates, h_previous, c_previous, h, c;
};

KERNEL_TEST(lstm_cell_f32) {
  Random random;
  for (int64_t count : interesting_sizes(table.lanes)) {
    const auto size = static_cast<size_t>(count);
    const CellData data(random, 4, size);
    table.lstm_cell_f32(data.cell(count));
    for (size_t i = 0; i < size; ++i) {
      const double c = sigmoid(data.gate(size + i)) * data.c_previous[i] + sigmoid(data.gate(i)) * std::tanh(data.gate(2 * size + i));
      CHECK(std::fabs(data.c[i] - c) <= tolerance(16, 4), "cell state %zu of %zu", i, size);
      CHECK(std::fabs(data.h[i] - sigmoid(data.gate(3 * size + i)) * std::tanh(c)) <= tolerance(32, 4), "hidden state %zu of %zu", i, size);
    }
  }
}

KERNEL_TEST(gru_cell_f32) {
  Random random;
  for (int64_t count : interesting_sizes(table.lanes)) {
    const auto size = static_cast<size_t>(count);
    const CellData data(random, 3, size);
    table.gru_cell_f32(data.cell(count));
    for (size_t i = 0; i < size; ++i) {
      const double r = sigmoid(data.gate(i)), z = sigmoid(data.gate(size + i));
      const double n = std::tanh(data.x[2 * size + i] + r * data.h_gates[2 * size + i]);
      CHECK(std::fabs(data.h[i] - ((1 - z) * n + z * data.h_previous[i])) <= tolerance(32, 4), "hidden state %zu of %zu", i, size);
    }
  }
}

ISA_TEST(step_matmul) {
  Random random;
  for (const bool transposed : {false, true}) {
    for (int64_t rows : {1, 13, 300}) {
      for (int64_t columns : {1, 17, 70}) {
        const int64_t depth = 9;
        StepFixture fixture(table, "matmul");
        const int a = fixture.add_view({2, 1, 3, rows, depth}, true, 1);
        const int b = fixture.add_view({2, 1, 1, transposed ? columns : depth, transposed ? depth : columns}, false, 2);
        const int output = fixture.add_view({2, 1, 3, rows, columns}, true, 3);
        fixture.add_input(a);
        fixture.add_input(b);
        fixture.set_output(output);
        fixture.set("transposed", std::vector<double>{transposed ? 1.0 : 0.0});
        EXPECT_OK(fixture.build(random));
        fixture.run(1);
        const std::vector<float> single = fixture.contents(output);
        fixture.run(3);
        CHECK(fixture.contents(output) == single, "matmul depends on the number of threads");
        fixture.for_each(output, [&](int64_t n, int64_t, int64_t h, int64_t w, int64_t c) {
          double sum = 0;
          for (int64_t k = 0; k < depth; ++k) {
            sum += double{fixture.at(a, n, 0, h, w, k)} * (transposed ? fixture.at(b, n, 0, 0, c, k) : fixture.at(b, n, 0, 0, k, c));
          }
          CHECK(std::fabs(fixture.at(output, n, 0, h, w, c) - sum) <= tolerance(depth, static_cast<double>(depth)), "%d x %d",
                static_cast<int>(rows), static_cast<int>(columns));
        });
      }
    }
  }
}

TEST(sequence_steps_refuse_what_does_not_fit) {
  int count;
  const KernelTable& table = *runnable_kernels(count)[0];
  Random random;
  StepFixture matmul(table, "matmul");
  matmul.add_input(matmul.add_view({1, 1, 1, 2, 3}));
  matmul.add_input(matmul.add_view({1, 1, 1, 2, 3}));
  matmul.set_output(matmul.add_view({1, 1, 1, 2, 3}));
  matmul.set("transposed", std::vector<double>{0});
  const std::string product = matmul.build(random).message;
  CHECK(product.find("expected matrices that fit but received 1x1x1x2x3 and 1x1x1x2x3") != std::string::npos, "%s", product.c_str());

  StepFixture lstm(table, "lstm");
  lstm.add_input(lstm.add_view({1, 1, 1, 5, 8}));
  lstm.set_output(lstm.add_view({1, 1, 1, 5, 2}));
  lstm.set("reverse", std::vector<double>{0});
  const std::string gates = lstm.build(random).message;
  CHECK(gates.find("expected gates for 1x1x1x5x2 but received 1x1x1x5x8") != std::string::npos, "%s", gates.c_str());
}

}  // namespace
}  // namespace im2col::test
