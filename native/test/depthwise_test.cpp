#include <algorithm>
#include <cmath>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

struct Shape {
  int64_t rows = 1;
  int64_t pixels = 1;
  int64_t channels = 1;
  int64_t kernel_rows = 1;
  int64_t kernel_columns = 1;
  int64_t row_step = 1;
  int64_t pixel_step = 1;   // in input pixels
  int64_t column_step = 1;  // in input pixels
  bool zeros = false;       // the first and the last row and column are zeros and left out
  bool residual = false;
  Activation activation = {};
};

// Memory of one call: the input's rows lie in an order of their own, weights in the packing of the kernel.
class Problem {
 public:
  Problem(const KernelTable& table, const Shape& shape, Random& random)
      : shape_(shape),
        lanes_(table.lanes),
        vectors_((shape.channels + lanes_ - 1) / lanes_),
        input_columns_((shape.pixels - 1) * shape.pixel_step + (shape.kernel_columns - 1) * shape.column_step + 1),
        input_rows_((shape.rows - 1) * shape.row_step + shape.kernel_rows),
        input_(input_rows_ * input_columns_, shape.channels, shape.channels + 1),
        weights_(static_cast<size_t>(vectors_ * lanes_ * (1 + shape.kernel_rows * shape.kernel_columns))),
        output_(shape.rows * shape.pixels, shape.channels, shape.channels + 2),
        residual_(shape.rows * shape.pixels, shape.channels, shape.channels + 5) {
    input_.fill(random, -1, 1);
    weights_.fill(random, -1, 1);
    residual_.fill(random, -1, 1);
    for (int64_t i = 0; i < input_rows_; ++i) {
      const bool left_out = shape.zeros && is_edge(i, input_rows_);
      row_offsets_.push_back(left_out ? kRowOfZeros : input_row(i) * input_columns_ * input_.stride());
      for (int64_t x = 0; x < input_columns_; ++x) {
        if (!shape.zeros || !(is_edge(i, input_rows_) || is_edge(x, input_columns_))) continue;
        for (int64_t c = 0; c < shape.channels; ++c) input_.at(input_row(i) * input_columns_ + x, c) = 0;
      }
    }
  }

  DepthwiseRows rows() const {
    DepthwiseRows d{};
    d.input = input_.data();
    d.row_offsets = row_offsets_.data();
    d.row_step = shape_.row_step;
    d.pixel_stride = shape_.pixel_step * input_.stride();
    d.column_stride = shape_.column_step * input_.stride();
    d.kernel_rows = shape_.kernel_rows;
    d.kernel_columns = shape_.kernel_columns;
    if (shape_.zeros) d.first_column = 1, d.last_column = input_columns_ - 1;
    d.weights = weights_.data();
    d.output = output_.data();
    d.output_row = shape_.pixels * output_.stride();
    d.output_pixel = output_.stride();
    d.residual = shape_.residual ? residual_.data() : nullptr;
    d.residual_row = shape_.pixels * residual_.stride();
    d.residual_pixel = residual_.stride();
    d.rows = shape_.rows;
    d.pixels = shape_.pixels;
    d.channels = shape_.channels;
    d.activation = shape_.activation;
    return d;
  }

  float& output(int64_t r, int64_t p, int64_t c) const { return output_.at(r * shape_.pixels + p, c); }

  void check() const {
    for (int64_t r = 0; r < shape_.rows; ++r) {
      for (int64_t p = 0; p < shape_.pixels; ++p) {
        for (int64_t c = 0; c < shape_.channels; ++c) check_output(r, p, c);
      }
    }
    CHECK(output_.gaps_untouched(), "%s: wrote between the pixels", describe().c_str());
  }

 private:
  static bool is_edge(int64_t i, int64_t size) { return i == 0 || i == size - 1; }
  int64_t input_row(int64_t i) const { return (i + 1) % input_rows_; }
  float weight(int64_t c, int64_t index) const {
    const int64_t vector = (1 + shape_.kernel_rows * shape_.kernel_columns) * lanes_;
    return weights_[static_cast<size_t>(c / lanes_ * vector + index * lanes_ + c % lanes_)];
  }

  void check_output(int64_t r, int64_t p, int64_t c) const {
    double sum = weight(c, 0), magnitude = std::fabs(sum);
    for (int64_t i = 0; i < shape_.kernel_rows; ++i) {
      for (int64_t j = 0; j < shape_.kernel_columns; ++j) {
        const int64_t column = p * shape_.pixel_step + j * shape_.column_step;
        const double x = input_.at(input_row(r * shape_.row_step + i) * input_columns_ + column, c);
        const double product = x * weight(c, 1 + i * shape_.kernel_columns + j);
        sum += product;
        magnitude += std::fabs(product);
      }
    }
    if (shape_.residual) {
      sum += residual_.at(r * shape_.pixels + p, c);
      magnitude += std::fabs(residual_.at(r * shape_.pixels + p, c));
    }
    const double expected = activation_reference(shape_.activation, sum);
    CHECK(std::fabs(output(r, p, c) - expected) <= tolerance(2 * shape_.kernel_rows * shape_.kernel_columns + 2, magnitude),
          "%s: [%d][%d][%d] = %.9g, expected %.9g", describe().c_str(), static_cast<int>(r), static_cast<int>(p), static_cast<int>(c),
          output(r, p, c), expected);
  }

  std::string describe() const {
    return format("%d x %d x %d, kernel %d x %d, steps %d, %d and %d", static_cast<int>(shape_.rows), static_cast<int>(shape_.pixels),
                  static_cast<int>(shape_.channels), static_cast<int>(shape_.kernel_rows), static_cast<int>(shape_.kernel_columns),
                  static_cast<int>(shape_.row_step), static_cast<int>(shape_.pixel_step), static_cast<int>(shape_.column_step));
  }

  Shape shape_;
  int64_t lanes_, vectors_, input_columns_, input_rows_;
  Rows input_;
  Guarded weights_;
  Rows output_, residual_;
  std::vector<ptrdiff_t> row_offsets_;
};

KERNEL_TEST(depthwise_f32) {
  Random random;
  int64_t round = 0;
  const auto check = [&](Shape shape) {
    shape.residual = round % 3 == 0;
    shape.activation = some_activation(round++);
    Problem problem(table, shape, random);
    table.depthwise_f32(problem.rows());
    problem.check();
  };
  for (int64_t channels : interesting_sizes(table.lanes)) {
    for (int64_t pixels = 1; pixels <= 16; ++pixels) {
      for (int64_t kernel : {1, 3}) check({1 + round % 4, pixels, channels, kernel, kernel, 1 + round % 2, 1 + round / 2 % 2, 1});
    }
  }
  // Every width of kernel, with the steps that share inputs between outputs and those that do not.
  for (int64_t kernel = 1; kernel <= 17; ++kernel) {
    for (int64_t step = 1; step <= 3; ++step) {
      for (int64_t column_step : {1, 2}) {
        for (int64_t rows : {1, 2, 5}) {
          const int64_t kernel_rows = 1 + (kernel + round) % 7;
          const bool zeros = column_step == 1 && kernel > 3 && round % 2 == 0;
          check({rows, 1 + round % 9, 2 * table.lanes + 1, kernel_rows, kernel, std::min(step, kernel_rows), step, column_step, zeros});
        }
      }
    }
  }
  check({3, 15, 2 * 64 + table.lanes + 3, 3, 3, 1, 1, 1});
}

// A result must not depend on the tile that its pixel is in.
KERNEL_TEST(depthwise_f32_is_independent_of_the_tile) {
  Random random;
  for (int64_t kernel : {1, 3, 4, 5, 7, 13}) {
    const Shape shape = {5, 9, 3 * table.lanes + 1, kernel, kernel, 1, 1, 1, false, false, {ActivationKind::kTanh, 0, 0}};
    const Problem problem(table, shape, random);
    DepthwiseRows all = problem.rows();
    table.depthwise_f32(all);
    Rows single(1, shape.channels, shape.channels);
    for (int64_t r = 0; r < shape.rows; ++r) {
      for (int64_t p = 0; p < shape.pixels; ++p) {
        DepthwiseRows one = all;
        one.rows = one.pixels = 1;
        one.input += p * all.pixel_stride;
        one.row_offsets += r;
        one.output = single.data();
        table.depthwise_f32(one);
        for (int64_t c = 0; c < shape.channels; ++c) {
          CHECK(same_bits(problem.output(r, p, c), single.at(0, c)), "row %d, pixel %d", static_cast<int>(r), static_cast<int>(p));
        }
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
