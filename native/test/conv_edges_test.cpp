// Every algorithm of a convolution at the edges: inputs, weights, residuals, outputs, packed weights and scratch that end, or
// start, at pages that must not be touched, over shapes where tiles, panels and vectors have little or nothing to do.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../kernels/kernel_types.h"
#include "reference.h"
#include "step_fixture.h"

namespace im2col::test {
namespace {

// An image axis of a convolution.
struct Axis {
  int64_t size, kernel = 1, stride = 1, dilation = 1, pad_start = 0, pad_end = 0;

  int64_t output() const { return (size + pad_start + pad_end - dilation * (kernel - 1) - 1) / stride + 1; }
  int64_t halo_end() const { return std::max<int64_t>(0, (output() - 1) * stride + dilation * (kernel - 1) - pad_start - (size - 1)); }
};

struct EdgeCase {
  int64_t batch;
  Axis y, x;
  int64_t in, out, groups = 1;
  bool residual = false;
};

Axis same(int64_t size, int64_t kernel, int64_t stride = 1) { return {size, kernel, stride, 1, kernel / 2, kernel / 2}; }

std::vector<EdgeCase> edge_cases(int lanes) {
  std::vector<EdgeCase> cases = {
      // One pixel, one channel.
      {1, {1}, {1}, 1, 1},
      {1, same(1, 3), same(1, 3), 1, 1},
      {1, same(1, 5), same(1, 7), 1, 1, 1, true},
      {3, {1}, {1}, lanes + 1, 2 * lanes + 3},
      {1, same(1, 3), same(1, 3), 3, lanes - 1},
      // Images of one row or column.
      {1, {1}, same(9, 3), 2, 3},
      {2, same(9, 3), {1}, 3, 2, 1, true},
      // One tile, exactly and barely; tiles that hang over every edge.
      {1, same(2, 3), same(2, 3), lanes, lanes},
      {1, same(4, 3), same(4, 3), lanes, lanes + 1, 1, true},
      {1, same(5, 3), same(7, 3), 1, lanes},
      {2, same(5, 3), same(6, 3), lanes + 3, 1},
      {3, {7, 3}, {6, 3}, 5, 7},
      {1, {3, 3}, {3, 3}, 2 * lanes + 1, 3},
      {1, {6, 3, 1, 1, 2, 0}, {5, 3, 1, 1, 0, 2}, 3, 5},
      // Windows as large as the image.
      {2, {4, 4}, {5, 5}, 3, lanes + 1},
      // Strides beyond the kernel and beyond the image; dilation.
      {1, {15, 1, 7}, {15, 1, 7}, 3, 5, 1, true},
      {2, {3, 2, 100}, {4, 3, 1000}, lanes, 3},
      {1, same(9, 3, 2), same(8, 3, 2), 3, lanes + 2},
      {1, {9, 3, 2, 2, 2, 2}, {8, 2, 1, 3, 1, 2}, 4, 3},
      // Groups of a few channels.
      {1, same(5, 3), same(4, 3), 4, 8, 2, true},
      {2, same(3, 3, 2), same(5, 3, 2), 8, 8, 2},
      {1, {1}, {3}, 3 * lanes, 3 * lanes, 3},
      {1, same(6, 3), same(3, 3), 4 * lanes, 4 * lanes, lanes},
      {1, same(4, 3), same(5, 3), 2 * lanes + 4, 2 * lanes + 4, 2},
  };
  // As many vectors of channels as make panels of every width, with every rest.
  for (int64_t vectors : {3, 4, 5, 7, 10, 13}) {
    cases.push_back({1, same(5, 3), same(4, 3), 13, vectors * lanes - (lanes > 1), 1, true});
    cases.push_back({2, {3}, {5}, 3, vectors * lanes});
  }
  for (int64_t channels : {2, lanes - 1, lanes, lanes + 1, 2 * lanes + 3}) {
    if (channels < 2) continue;
    for (int64_t kernel : {3, 5, 7}) {
      for (int64_t stride : {1, 2, 9}) cases.push_back({1, same(1, kernel, stride), same(1, kernel, stride), channels, channels, channels});
      cases.push_back({2, same(5, kernel), same(8, kernel), channels, channels, channels, true});
      cases.push_back({1, same(8, kernel, 2), same(7, kernel, 2), channels, channels, channels});
    }
    // Large kernels: tiles that are all padding, windows that are mostly padding, a ring of rows that goes round.
    cases.push_back({1, same(1, 17), same(1, 17), channels, channels, channels});
    cases.push_back({2, same(5, 19), same(8, 17), channels, channels, channels, true});
    cases.push_back({1, {17, 17}, {18, 17}, channels, channels, channels});
    cases.push_back({1, {3, 20, 1, 1, 20, 20}, {2, 17, 1, 1, 17, 17}, channels, channels, channels});
    cases.push_back({1, same(45, 17), same(5, 18), channels, channels, channels, true});
  }
  return cases;
}

struct Weights {
  Weights(const EdgeCase& c, Guarded::Side side, Random& random)
      : kernel(static_cast<size_t>(c.out * (c.in / c.groups) * c.y.kernel * c.x.kernel), side), bias(static_cast<size_t>(c.out), side) {
    kernel.fill(random, -1, 1);
    bias.fill(random, -1, 1);
  }

  Guarded kernel;  // (O, I / groups, kh, kw)
  Guarded bias;
};

struct Views {
  int input, residual, output;
};

Views configure(StepFixture& fixture, const EdgeCase& c, const Weights& weights, int64_t foreign) {
  const auto triple = [](int64_t d, int64_t h, int64_t w) {
    return std::vector<double>{static_cast<double>(d), static_cast<double>(h), static_cast<double>(w)};
  };
  fixture.set("kernel", triple(1, c.y.kernel, c.x.kernel));
  fixture.set("stride", triple(1, c.y.stride, c.x.stride));
  fixture.set("dilation", triple(1, c.y.dilation, c.x.dilation));
  fixture.set("padStart", triple(0, c.y.pad_start, c.x.pad_start));
  fixture.set("groups", std::vector<double>{static_cast<double>(c.groups)});
  fixture.set("flip", std::vector<double>{0});
  fixture.set_parameter("weight", weights.kernel.data(), weights.kernel.size());
  fixture.set_parameter("bias", weights.bias.data(), weights.bias.size());

  const std::array<int64_t, 5> output = {c.batch, 1, c.y.output(), c.x.output(), c.out};
  const std::array<int64_t, 6> halo = {0, 0, c.y.pad_start, c.y.halo_end(), c.x.pad_start, c.x.halo_end()}, none = {};
  Views views{};
  views.input = fixture.add_view({c.batch, 1, c.y.size, c.x.size, c.in}, halo, foreign);
  fixture.add_input(views.input);
  if (c.residual) {
    views.residual = fixture.add_view(output, none, foreign);
    fixture.add_input(views.residual);
  }
  views.output = fixture.add_view(output, none, foreign);
  fixture.set_output(views.output);
  return views;
}

// Winograd's transforms enlarge errors.
double error_factor(const std::string& algorithm) { return algorithm == "nested" || algorithm.rfind("winograd", 0) == 0 ? 64 : 1; }

void check_values(StepFixture& fixture, const EdgeCase& c, const Views& views, const Weights& weights, const std::string& what, double factor) {
  const int64_t group_in = c.in / c.groups, group_out = c.out / c.groups;
  fixture.for_each(views.output, [&](int64_t n, int64_t, int64_t y, int64_t x, int64_t o) {
    double sum = weights.bias[static_cast<size_t>(o)], magnitude = std::fabs(sum);
    const auto add = [&](double term) {
      sum += term;
      magnitude += std::fabs(term);
    };
    for (int64_t ky = 0; ky < c.y.kernel; ++ky) {
      for (int64_t kx = 0; kx < c.x.kernel; ++kx) {
        const int64_t h = y * c.y.stride + ky * c.y.dilation - c.y.pad_start, w = x * c.x.stride + kx * c.x.dilation - c.x.pad_start;
        if (h < 0 || h >= c.y.size || w < 0 || w >= c.x.size) continue;
        for (int64_t i = 0; i < group_in; ++i) {
          const int64_t tap = ((o * group_in + i) * c.y.kernel + ky) * c.x.kernel + kx;
          add(static_cast<double>(weights.kernel[static_cast<size_t>(tap)]) * fixture.at(views.input, n, 0, h, w, o / group_out * group_in + i));
        }
      }
    }
    if (c.residual) add(fixture.at(views.residual, n, 0, y, x, o));
    const float result = fixture.at(views.output, n, 0, y, x, o);
    CHECK(std::fabs(result - sum) <= factor * tolerance(c.y.kernel * c.x.kernel * group_in + 2, magnitude), "%s: (%d, %d, %d)[%d] = %.9g, expected %.9g",
          what.c_str(), static_cast<int>(n), static_cast<int>(y), static_cast<int>(x), static_cast<int>(o), result, sum);
  });
}

void check_algorithm(const KernelTable& table, const EdgeCase& c, const std::string& algorithm, Placement placement, int64_t foreign, Random& random) {
  const GuardedBuffers guarded(placement);
  const Weights weights(c, placement == Placement::kPageEnd ? Guarded::kEnd : Guarded::kStart, random);
  StepFixture fixture(table, "conv", placement);
  const Views views = configure(fixture, c, weights, foreign);
  fixture.set("algorithm", algorithm);
  EXPECT_OK(fixture.build(random));
  fixture.clear_halo(views.input);
  fixture.run(1);
  const std::string what = algorithm + " " + std::to_string(c.batch) + "x" + std::to_string(c.y.size) + "x" + std::to_string(c.x.size) + "x" +
                           std::to_string(c.in) + " to " + std::to_string(c.out) + " by " + std::to_string(c.y.kernel) + "x" +
                           std::to_string(c.x.kernel) + ", groups " + std::to_string(c.groups);
  check_values(fixture, c, views, weights, what, error_factor(algorithm));
  const std::vector<float> single = fixture.contents(views.output);
  fixture.run(3);
  CHECK(fixture.contents(views.output) == single, "%s depends on the number of threads", what.c_str());
}

TEST(step_memory_meets_forbidden_pages) {
  const auto at_page = [](const float* address) { return reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)) == 0; };
  for (const int64_t size : {1, 1000, 5000}) {
    StepMemory end(Placement::kPageEnd), start(Placement::kPageStart);
    const int64_t last = end.add(size) + size, first = start.add(size);
    end.allocate();
    start.allocate();
    CHECK(at_page(end.data() + last), "%d elements end within a page", static_cast<int>(size));
    CHECK(at_page(start.data() + first), "%d elements start within a page", static_cast<int>(size));
  }
#ifdef __linux__
  for (const size_t size : {16, 4096}) {
    const GuardedBuffers guarded(Placement::kPageEnd);
    const AlignedBuffer buffer(size);
    CHECK(at_page(buffer.data() + size), "a buffer of %d elements ends within a page", static_cast<int>(size));
  }
#endif
}

ISA_TEST(conv_algorithms_at_page_ends) {
  Random random;
  for (const EdgeCase& c : edge_cases(table.lanes)) {
    std::vector<std::string> algorithms;
    {
      const Weights weights(c, Guarded::kEnd, random);
      StepFixture fixture(table, "conv");
      configure(fixture, c, weights, 0);
      fixture.set("algorithm", "fast");  // so that the coarse ones are among them
      EXPECT_OK(fixture.algorithms(algorithms));
    }
    CHECK(algorithms.size() >= 2, "only %d algorithms", static_cast<int>(algorithms.size()));
    for (const std::string& algorithm : algorithms) {
      for (const Placement placement : {Placement::kPageEnd, Placement::kPageStart}) {
        for (const int64_t foreign : {0, 3}) check_algorithm(table, c, algorithm, placement, foreign, random);
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
