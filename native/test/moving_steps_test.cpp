// Steps that move or resample elements: what they write, and what they refuse.
#include <cmath>

#include "../ops/view.h"
#include "reference.h"
#include "step_fixture.h"
#include "test.h"

namespace im2col::test {
namespace {

// Axes of a view become axes of another in the order of `axes`.
void set_permutation(StepFixture& fixture, const std::array<int64_t, 5>& shape, const std::array<int, 4>& axes) {
  std::vector<double> sizes, from, to, ones(4, 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    sizes.push_back(static_cast<double>(shape[static_cast<size_t>(1 + axes[i])]));
    from.push_back(axes[i]);
    to.push_back(static_cast<double>(i));
  }
  fixture.set("sizes", sizes);
  fixture.set("inputAxes", from);
  fixture.set("outputAxes", to);
  fixture.set("inputSteps", ones);
  fixture.set("outputSteps", ones);
}

ISA_TEST(step_rearrange) {
  Random random;
  for (const std::array<int, 4>& axes : {std::array<int, 4>{0, 1, 2, 3}, {3, 0, 1, 2}, {0, 3, 2, 1}, {1, 0, 2, 3}, {0, 1, 3, 2}, {2, 3, 1, 0}}) {
    for (int64_t channels : {1, 5, 33}) {
      const std::array<int64_t, 5> shape{2, 2, 3, 17, channels};
      std::array<int64_t, 5> permuted{2};
      for (size_t i = 0; i < axes.size(); ++i) permuted[1 + i] = shape[static_cast<size_t>(1 + axes[i])];
      StepFixture fixture(table, "rearrange");
      const int input = fixture.add_view(shape, true, 3), output = fixture.add_view(permuted, true, 1);
      fixture.add_input(input);
      fixture.set_output(output);
      set_permutation(fixture, shape, axes);
      EXPECT_OK(fixture.build(random));
      fixture.run(3);
      fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
        const std::array<int64_t, 4> to{d, h, w, c};
        std::array<int64_t, 4> from{};
        for (size_t i = 0; i < axes.size(); ++i) from[static_cast<size_t>(axes[i])] = to[i];
        CHECK(fixture.at(output, n, d, h, w, c) == fixture.at(input, n, from[0], from[1], from[2], from[3]), "%d channels", static_cast<int>(channels));
      });
    }
  }
}

ISA_TEST(step_gather) {
  Random random;
  StepFixture fixture(table, "gather");
  const int input = fixture.add_view({2, 1, 3, 4, 5}, true, 3), output = fixture.add_view({2, 1, 4, 6, 3}, true, 1);
  fixture.add_input(input);
  fixture.set_output(output);
  const std::vector<double> rows{2, -1, 0, 0}, columns{0, 1, 2, -1, -1, 3}, channels{4, -1, 0};
  fixture.set("indicesH", rows);
  fixture.set("indicesW", columns);
  fixture.set("indicesC", channels);
  fixture.set("value", std::vector<double>{7});
  EXPECT_OK(fixture.build(random));
  fixture.run(2);
  fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
    const auto y = static_cast<int64_t>(rows[static_cast<size_t>(h)]), x = static_cast<int64_t>(columns[static_cast<size_t>(w)]);
    const auto k = static_cast<int64_t>(channels[static_cast<size_t>(c)]);
    const float expected = y < 0 || x < 0 || k < 0 ? 7.0f : fixture.at(input, n, d, y, x, k);
    CHECK(fixture.at(output, n, d, h, w, c) == expected, "[%d][%d][%d]", static_cast<int>(h), static_cast<int>(w), static_cast<int>(c));
  });
}

ISA_TEST(step_resample) {
  Random random;
  for (int axes = 1; axes < 4; ++axes) {  // bit 0: along h, bit 1: along w
    StepFixture fixture(table, "resample");
    const int input = fixture.add_view({2, 1, 3, 4, 17}, true, axes), output = fixture.add_view({2, 1, 3, 4, 17}, true, 1);
    fixture.add_input(input);
    fixture.set_output(output);
    const std::vector<double> indices{0, 1, 2, 0, 1, 1, 3, 2}, weights{0.5, 0.25, -1, 2, 1, 0, 0.125, 1};
    const std::vector<double> row_indices{0, 1, 2, 0, 1, 1}, row_weights{0.5, 0.25, -1, 2, 1, 0};
    fixture.set("tapsD", std::vector<double>{0});
    fixture.set("tapsH", std::vector<double>{axes & 1 ? 2.0 : 0.0});
    fixture.set("tapsW", std::vector<double>{axes & 2 ? 2.0 : 0.0});
    if (axes & 1) fixture.set("indicesH", row_indices), fixture.set("weightsH", row_weights);
    if (axes & 2) fixture.set("indicesW", indices), fixture.set("weightsW", weights);
    EXPECT_OK(fixture.build(random));
    fixture.run(2);
    fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      double expected = 0;
      for (int64_t i = 0; i < (axes & 1 ? 2 : 1); ++i) {
        for (int64_t j = 0; j < (axes & 2 ? 2 : 1); ++j) {
          const size_t y = static_cast<size_t>(h * 2 + i), x = static_cast<size_t>(w * 2 + j);
          const double weight = (axes & 1 ? row_weights[y] : 1) * (axes & 2 ? weights[x] : 1);
          expected += weight * fixture.at(input, n, d, axes & 1 ? static_cast<int64_t>(row_indices[y]) : h,
                                          axes & 2 ? static_cast<int64_t>(indices[x]) : w, c);
        }
      }
      CHECK(std::fabs(fixture.at(output, n, d, h, w, c) - expected) <= tolerance(6, 9), "axes %d", axes);
    });
  }
}

ISA_TEST(step_grid_sample_at_the_centres_is_a_copy) {
  Random random;
  for (const char* mode : {"nearest", "bilinear", "bicubic"}) {
    for (const char* padding : {"zeros", "border", "reflection"}) {
      StepFixture fixture(table, "gridSample");
      const int input = fixture.add_view({2, 1, 3, 5, 17}, true, 3), grid = fixture.add_view({2, 1, 3, 5, 2}, false, 1);
      const int output = fixture.add_view({2, 1, 3, 5, 17}, true, 1);
      fixture.add_input(input);
      fixture.add_input(grid);
      fixture.set_output(output);
      fixture.set("mode", mode);
      fixture.set("padding", padding);
      fixture.set("alignCorners", std::vector<double>{1});
      EXPECT_OK(fixture.build(random));
      fixture.for_each(grid, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
        fixture.at(grid, n, d, h, w, c) = c == 0 ? static_cast<float>(w) / 2 - 1 : static_cast<float>(h) - 1;
      });
      fixture.run(2);
      fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
        CHECK(fixture.at(output, n, d, h, w, c) == fixture.at(input, n, d, h, w, c), "%s, %s", mode, padding);
      });
    }
  }
}

void expect_refused(StepFixture& fixture, const char* message) {
  Random random;
  const Status status = fixture.build(random);
  CHECK(status.code == Code::kInvalidArgument && status.message.find(message) != std::string::npos, "expected '%s' but received '%s'",
        message, status.message.c_str());
}

TEST(moving_steps_refuse_what_does_not_fit) {
  int count;
  const KernelTable& table = *runnable_kernels(count)[0];
  const std::vector<double> zero{0}, one{1};
  const auto add_views = [](StepFixture& fixture) {
    fixture.add_input(fixture.add_view({1, 1, 2, 3, 4}));
    fixture.set_output(fixture.add_view({1, 1, 2, 3, 4}));
  };
  {
    StepFixture fixture(table, "rearrange");
    add_views(fixture);
    set_permutation(fixture, {1, 1, 2, 3, 4}, {0, 2, 1, 3});
    expect_refused(fixture, "expected loops over all elements of 1x1x2x3x4 and of 1x1x2x3x4");
    fixture.set("sizes", one);
    expect_refused(fixture, "expected an axis and a step for each of the 1 loops but received 4");
  }
  {
    StepFixture fixture(table, "gather");
    add_views(fixture);
    fixture.set("value", zero);
    fixture.set("indicesW", std::vector<double>{0, 1, 3});
    expect_refused(fixture, "attribute 'indicesW' must be a list of integers from -1 to 2 but has 3");
    fixture.set("indicesW", std::vector<double>{0, 1});
    expect_refused(fixture, "to have an index for each of the 3 cells but it has 2");
  }
  {
    StepFixture fixture(table, "resample");
    add_views(fixture);
    fixture.set("tapsD", zero);
    fixture.set("tapsH", one);
    fixture.set("tapsW", zero);
    expect_refused(fixture, "to have 1 entries for each of the 2 cells but they have 0 and 0");
    fixture.set("tapsH", zero);
    expect_refused(fixture, "expected an axis with taps");
  }
  {
    StepFixture fixture(table, "gridSample");
    add_views(fixture);
    fixture.add_input(fixture.add_view({1, 1, 2, 3, 3}));
    fixture.set("mode", "bicubic");
    fixture.set("padding", "zeros");
    fixture.set("alignCorners", zero);
    expect_refused(fixture, "expected a grid of 2 coordinates, or of 3 and not bicubic");
    fixture.set("mode", "cubic");
    expect_refused(fixture, "attribute 'mode' is 'cubic', which it cannot be");
  }
}

}  // namespace
}  // namespace im2col::test
