// The steps that are made of convolutions at the edges, as conv_edges_test.cpp does it for convolutions: memory that ends, or
// starts, at pages that must not be touched, over sizes where phases, strips and panels have little or nothing to do.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "reference.h"
#include "step_fixture.h"

namespace im2col::test {
namespace {

using Numbers = std::vector<double>;

Numbers triple(int64_t d, int64_t h, int64_t w) { return {static_cast<double>(d), static_cast<double>(h), static_cast<double>(w)}; }

// A parameter between forbidden pages.
struct Parameter : Guarded {
  Parameter(int64_t size, Placement placement, Random& random)
      : Guarded(static_cast<size_t>(size), placement == Placement::kPageEnd ? Guarded::kEnd : Guarded::kStart) {
    fill(random, -1, 1);
  }
};

struct Term {
  double sum;
  double magnitude;  // of all that were added

  void add(double value) {
    sum += value;
    magnitude += std::fabs(value);
  }
};

// Runs the step twice and compares it with `reference`, which gives the Term of an output.
template <typename Reference>
void check_step(StepFixture& fixture, int output, int64_t terms, double factor, const std::string& what, const Reference& reference) {
  fixture.run(1);
  fixture.for_each(output, [&](int64_t n, int64_t, int64_t y, int64_t x, int64_t c) {
    const Term expected = reference(n, y, x, c);
    const float result = fixture.at(output, n, 0, y, x, c);
    CHECK(std::fabs(result - expected.sum) <= factor * tolerance(terms, expected.magnitude), "%s: (%d, %d, %d)[%d] = %.9g, expected %.9g", what.c_str(),
          static_cast<int>(n), static_cast<int>(y), static_cast<int>(x), static_cast<int>(c), result, expected.sum);
  });
  const std::vector<float> single = fixture.contents(output);
  fixture.run(3);
  CHECK(fixture.contents(output) == single, "%s depends on the number of threads", what.c_str());
}

// An axis of a transposed convolution.
struct TransposedAxis {
  int64_t size, kernel, stride = 1, dilation = 1, pad = 0, output_pad = 0;

  int64_t output() const { return (size - 1) * stride - 2 * pad + dilation * (kernel - 1) + output_pad + 1; }
  // The input that kernel element k meets for output o, if there is one; it may lie outside.
  bool meets(int64_t o, int64_t k, int64_t& input) const {
    const int64_t position = o + pad - k * dilation;
    input = position / stride;
    return position % stride == 0;
  }
  // How far the inputs that outputs meet lie outside of the image.
  void halo(int64_t& before, int64_t& after) const {
    before = after = 0;
    for (int64_t o = 0; o < output(); ++o) {
      for (int64_t k = 0; k < kernel; ++k) {
        int64_t input;
        if (!meets(o, k, input)) continue;
        before = std::max(before, -input);
        after = std::max(after, input - (size - 1));
      }
    }
  }
};

struct TransposedCase {
  int64_t batch;
  TransposedAxis y, x;
  int64_t in, out, groups = 1;
  bool residual = false;
};

std::vector<TransposedCase> transposed_cases(int lanes) {
  return {
      {1, {1, 1}, {1, 1}, 1, 1},
      {1, {1, 3}, {1, 3}, 1, 1, 1, true},
      {1, {1, 4, 2, 1, 1}, {1, 4, 2, 1, 1}, 3, lanes + 1},
      {2, {3, 4, 2, 1, 1}, {4, 4, 2, 1, 1}, lanes, lanes - 1, 1, true},
      {1, {5, 3, 2, 1, 1, 1}, {4, 3, 2, 1, 1, 1}, lanes + 1, 2 * lanes + 3},
      // Phases that no element of the kernel reaches, and outputs that nothing reaches.
      {1, {3, 1, 3}, {2, 2, 3}, 5, 3, 1, true},
      {1, {2, 2, 2, 1, 0, 1}, {3, 2, 2, 1, 0, 1}, lanes, 2},
      // Dilation that shares factors with the stride.
      {1, {4, 3, 2, 2, 1}, {3, 3, 1, 2}, 4, lanes},
      {2, {3, 9, 3, 1, 4, 2}, {3, 9, 3, 1, 4, 2}, lanes, 1},
      {1, {4, 3, 2, 1, 1, 1}, {5, 3, 2, 1, 1, 1}, 4, 8, 2},
      {1, {3, 4, 2, 1, 1}, {3, 4, 2, 1, 1}, 2 * lanes, 2 * lanes, 2 * lanes},
  };
}

void check_transposed(const KernelTable& table, const TransposedCase& c, const std::string& algorithm, Placement placement, int64_t foreign, Random& random) {
  const GuardedBuffers guarded(placement);
  const int64_t group_in = c.in / c.groups, group_out = c.out / c.groups;
  const Parameter kernel(c.in * group_out * c.y.kernel * c.x.kernel, placement, random);
  const Parameter bias(c.out, placement, random);
  StepFixture fixture(table, "convTranspose", placement);
  fixture.set("kernel", triple(1, c.y.kernel, c.x.kernel));
  fixture.set("stride", triple(1, c.y.stride, c.x.stride));
  fixture.set("dilation", triple(1, c.y.dilation, c.x.dilation));
  fixture.set("padStart", triple(0, c.y.pad, c.x.pad));
  fixture.set("groups", Numbers{static_cast<double>(c.groups)});
  fixture.set("flip", Numbers{0});
  fixture.set("algorithm", algorithm);
  fixture.set_parameter("weight", kernel.data(), kernel.size());
  fixture.set_parameter("bias", bias.data(), bias.size());

  std::array<int64_t, 6> halo{};
  c.y.halo(halo[2], halo[3]);
  c.x.halo(halo[4], halo[5]);
  const std::array<int64_t, 5> shape = {c.batch, 1, c.y.output(), c.x.output(), c.out};
  const int input = fixture.add_view({c.batch, 1, c.y.size, c.x.size, c.in}, halo, foreign);
  fixture.add_input(input);
  const int residual = c.residual ? fixture.add_view(shape, false, foreign) : -1;
  if (c.residual) fixture.add_input(residual);
  const int output = fixture.add_view(shape, false, foreign);
  fixture.set_output(output);
  EXPECT_OK(fixture.build(random));
  fixture.clear_halo(input);

  const std::string what = "transposed, " + algorithm + ", " + std::to_string(c.y.size) + "x" + std::to_string(c.x.size) + "x" + std::to_string(c.in) + " to " +
                           std::to_string(c.out) + " by " + std::to_string(c.y.kernel) + "x" + std::to_string(c.x.kernel);
  // Winograd's transforms enlarge errors.
  const double factor = algorithm.rfind("winograd", 0) == 0 ? 64 : 1;
  check_step(fixture, output, c.y.kernel * c.x.kernel * group_in + 2, factor, what, [&](int64_t n, int64_t y, int64_t x, int64_t o) {
    Term term{bias[static_cast<size_t>(o)], std::fabs(bias[static_cast<size_t>(o)])};
    for (int64_t ky = 0; ky < c.y.kernel; ++ky) {
      for (int64_t kx = 0; kx < c.x.kernel; ++kx) {
        int64_t h, w;
        if (!c.y.meets(y, ky, h) || !c.x.meets(x, kx, w) || h < 0 || h >= c.y.size || w < 0 || w >= c.x.size) continue;
        for (int64_t i = 0; i < group_in; ++i) {
          const int64_t channel = o / group_out * group_in + i;
          const int64_t tap = ((channel * group_out + o % group_out) * c.y.kernel + ky) * c.x.kernel + kx;
          term.add(static_cast<double>(kernel[static_cast<size_t>(tap)]) * fixture.at(input, n, 0, h, w, channel));
        }
      }
    }
    if (c.residual) term.add(fixture.at(residual, n, 0, y, x, o));
    return term;
  });
}

ISA_TEST(transposed_convolutions_at_page_ends) {
  Random random;
  for (const TransposedCase& c : transposed_cases(table.lanes)) {
    for (const char* algorithm : {"auto", "direct", "im2col", "dot", "grouped", "depthwise", "winograd2", "winograd4"}) {
      for (const Placement placement : {Placement::kPageEnd, Placement::kPageStart}) {
        for (const int64_t foreign : {0, 3}) check_transposed(table, c, algorithm, placement, foreign, random);
      }
    }
  }
}

struct ScaledCase {
  int64_t batch, height, width, in, out;
  bool residual;
};

void check_scaled(const KernelTable& table, const ScaledCase& c, Placement placement, int64_t foreign, Random& random) {
  const GuardedBuffers guarded(placement);
  const Parameter kernel(c.out * c.in, placement, random);
  const Parameter bias(c.out, placement, random);
  StepFixture fixture(table, "scaledConv", placement);
  for (const char* name : {"kernel", "stride", "dilation"}) fixture.set(name, triple(1, 1, 1));
  fixture.set("padStart", triple(0, 0, 0));
  fixture.set("groups", Numbers{1});
  fixture.set("flip", Numbers{0});
  fixture.set_parameter("weight", kernel.data(), kernel.size());
  fixture.set_parameter("bias", bias.data(), bias.size());
  const int input = fixture.add_view({c.batch, 1, c.height, c.width, c.in}, false, foreign);
  const int scale = fixture.add_view({c.batch, 1, 1, 1, c.in}, false, foreign);
  fixture.add_input(input);
  fixture.add_input(scale);
  const int residual = c.residual ? fixture.add_view({c.batch, 1, c.height, c.width, c.out}, false, foreign) : -1;
  if (c.residual) fixture.add_input(residual);
  const int output = fixture.add_view({c.batch, 1, c.height, c.width, c.out}, false, foreign);
  fixture.set_output(output);
  EXPECT_OK(fixture.build(random));

  const std::string what = "scaled, " + std::to_string(c.height) + "x" + std::to_string(c.width) + "x" + std::to_string(c.in) + " to " + std::to_string(c.out);
  check_step(fixture, output, 2 * c.in + 2, 1, what, [&](int64_t n, int64_t y, int64_t x, int64_t o) {
    Term term{bias[static_cast<size_t>(o)], std::fabs(bias[static_cast<size_t>(o)])};
    for (int64_t i = 0; i < c.in; ++i) {
      const double weight = static_cast<double>(kernel[static_cast<size_t>(o * c.in + i)]) * fixture.at(scale, n, 0, 0, 0, i);
      term.add(weight * fixture.at(input, n, 0, y, x, i));
    }
    if (c.residual) term.add(fixture.at(residual, n, 0, y, x, o));
    return term;
  });
}

ISA_TEST(scaled_convolutions_at_page_ends) {
  Random random;
  const int64_t lanes = table.lanes;
  const ScaledCase cases[] = {
      {1, 1, 1, 1, 1, false},        {1, 1, 1, lanes + 1, 2 * lanes + 3, true},     {3, 1, 9, 3, lanes - 1, true},
      {2, 7, 5, lanes, lanes, true}, {1, 6, 29, 2 * lanes + 1, 4 * lanes + 1, false}, {2, 31, 1, 5, 3 * lanes, true},
      {1, 5, 4, 3, 5 * lanes, false}, {2, 3, 7, lanes, 10 * lanes - 1, true},
  };
  for (const ScaledCase& c : cases) {
    for (const Placement placement : {Placement::kPageEnd, Placement::kPageStart}) {
      for (const int64_t foreign : {0, 3}) check_scaled(table, c, placement, foreign, random);
    }
  }
}

void check_normed(const KernelTable& table, const ScaledCase& c, Placement placement, int64_t foreign, Random& random) {
  const GuardedBuffers guarded(placement);
  const Parameter kernel(c.out * c.in, placement, random), bias(c.out, placement, random);
  const Parameter scale(c.in, placement, random), shift(c.in, placement, random);
  StepFixture fixture(table, "normConv", placement);
  for (const char* name : {"kernel", "stride", "dilation"}) fixture.set(name, triple(1, 1, 1));
  fixture.set("padStart", triple(0, 0, 0));
  fixture.set("groups", Numbers{1});
  fixture.set("flip", Numbers{0});
  fixture.set("norm.activation", "relu");
  const std::pair<const char*, const Parameter*> parameters[] = {{"weight", &kernel}, {"bias", &bias}, {"norm.scale", &scale}, {"norm.shift", &shift}};
  for (const auto& [name, values] : parameters) fixture.set_parameter(name, values->data(), values->size());
  const int input = fixture.add_view({c.batch, 1, c.height, c.width, c.in}, false, foreign);
  fixture.add_input(input);
  const int residual = c.residual ? fixture.add_view({c.batch, 1, c.height, c.width, c.out}, false, foreign) : -1;
  if (c.residual) fixture.add_input(residual);
  const int output = fixture.add_view({c.batch, 1, c.height, c.width, c.out}, false, foreign);
  fixture.set_output(output);
  EXPECT_OK(fixture.build(random));

  const std::string what = "normed, " + std::to_string(c.height) + "x" + std::to_string(c.width) + "x" + std::to_string(c.in) + " to " + std::to_string(c.out);
  check_step(fixture, output, 2 * c.in + 2, 2, what, [&](int64_t n, int64_t y, int64_t x, int64_t o) {
    Term term{bias[static_cast<size_t>(o)], std::fabs(bias[static_cast<size_t>(o)])};
    for (int64_t i = 0; i < c.in; ++i) {
      const size_t channel = static_cast<size_t>(i);
      const double value = static_cast<double>(fixture.at(input, n, 0, y, x, i)) * scale[channel];
      const double weight = kernel[static_cast<size_t>(o * c.in + i)];
      term.sum += weight * std::max(0.0, value + shift[channel]);
      term.magnitude += std::fabs(weight) * (std::fabs(value) + std::fabs(shift[channel]));
    }
    if (c.residual) term.add(fixture.at(residual, n, 0, y, x, o));
    return term;
  });
}

ISA_TEST(normed_convolutions_at_page_ends) {
  Random random;
  const int64_t lanes = table.lanes;
  const ScaledCase cases[] = {
      {1, 1, 1, 1, 1, false},        {1, 1, 1, lanes + 1, 2 * lanes + 3, true},     {3, 1, 9, 3, lanes - 1, true},
      {2, 7, 5, lanes, lanes, true}, {1, 6, 29, 2 * lanes + 1, 4 * lanes + 1, false}, {2, 31, 1, 5, 3 * lanes, true},
      {1, 5, 4, 3, 5 * lanes, false}, {2, 3, 7, lanes, 10 * lanes - 1, true},
      {1, 3, 13, 1025, 2 * lanes, false},
  };
  for (const ScaledCase& c : cases) {
    for (const Placement placement : {Placement::kPageEnd, Placement::kPageStart}) {
      for (const int64_t foreign : {0, 3}) check_normed(table, c, placement, foreign, random);
    }
  }
}

// A convolution with stride 1 or 2 that keeps ceil(size / stride) places.
struct Stage {
  int64_t kernel, stride = 1;

  int64_t pad() const { return kernel / 2; }
  int64_t output(int64_t size) const { return (size + 2 * pad() - kernel) / stride + 1; }
};

struct ExpandCase {
  int64_t batch, height, width, in, channels;
  Stage expand, depthwise;
  int64_t projected = 0;  // channels of a projection; 0: there is none
  bool residual = false;  // of the projection
};

void add_product(Term& term, const Term& value, double weight) {
  term.sum += weight * value.sum;
  term.magnitude += std::fabs(weight) * value.magnitude;
}

void check_expand(const KernelTable& table, const ExpandCase& c, Placement placement, int64_t foreign, Random& random) {
  const GuardedBuffers guarded(placement);
  const int64_t expand_taps = c.expand.kernel * c.expand.kernel, depthwise_taps = c.depthwise.kernel * c.depthwise.kernel;
  const Parameter expand(c.channels * c.in * expand_taps, placement, random);
  const Parameter depthwise(c.channels * depthwise_taps, placement, random);
  const Parameter expand_bias(c.channels, placement, random), depthwise_bias(c.channels, placement, random);
  const int64_t rows = c.expand.output(c.height), columns = c.expand.output(c.width);
  const bool projects = c.projected > 0;
  const Parameter project(projects ? c.projected * c.channels : 1, placement, random), project_bias(projects ? c.projected : 1, placement, random);
  StepFixture fixture(table, projects ? "invertedResidual" : "expandDepthwise", placement);
  fixture.set("size", triple(1, rows, columns));
  const auto configure = [&](const std::string& prefix, const Stage& stage, int64_t groups, const Guarded& weight, const Guarded& bias) {
    fixture.set(prefix + "kernel", triple(1, stage.kernel, stage.kernel));
    fixture.set(prefix + "stride", triple(1, stage.stride, stage.stride));
    fixture.set(prefix + "dilation", triple(1, 1, 1));
    fixture.set(prefix + "padStart", triple(0, stage.pad(), stage.pad()));
    fixture.set(prefix + "groups", Numbers{static_cast<double>(groups)});
    fixture.set(prefix + "flip", Numbers{0});
    fixture.set_parameter(prefix + "weight", weight.data(), weight.size());
    fixture.set_parameter(prefix + "bias", bias.data(), bias.size());
  };
  configure("expand.", c.expand, 1, expand, expand_bias);
  configure("depthwise.", c.depthwise, c.channels, depthwise, depthwise_bias);
  if (projects) {
    configure("project.", {1}, 1, project, project_bias);
    fixture.set("channels", Numbers{static_cast<double>(c.channels)});
  }
  const auto halo_end = [&](int64_t size, int64_t outputs) {
    return std::max<int64_t>(0, (outputs - 1) * c.expand.stride + c.expand.kernel - 1 - c.expand.pad() - (size - 1));
  };
  const int64_t pad = c.expand.pad();
  const int input = fixture.add_view({c.batch, 1, c.height, c.width, c.in}, {0, 0, pad, halo_end(c.height, rows), pad, halo_end(c.width, columns)}, foreign);
  fixture.add_input(input);
  const std::array<int64_t, 5> size{c.batch, 1, c.depthwise.output(rows), c.depthwise.output(columns), projects ? c.projected : c.channels};
  const int residual = c.residual ? fixture.add_view(size, false, foreign) : -1;
  if (c.residual) fixture.add_input(residual);
  const int output = fixture.add_view(size, false, foreign);
  fixture.set_output(output);
  EXPECT_OK(fixture.build(random));
  fixture.clear_halo(input);

  const auto expanded = [&](int64_t n, int64_t y, int64_t x, int64_t o) {
    Term term{expand_bias[static_cast<size_t>(o)], std::fabs(expand_bias[static_cast<size_t>(o)])};
    for (int64_t tap = 0; tap < expand_taps; ++tap) {
      const int64_t h = y * c.expand.stride + tap / c.expand.kernel - pad, w = x * c.expand.stride + tap % c.expand.kernel - pad;
      if (h < 0 || h >= c.height || w < 0 || w >= c.width) continue;
      for (int64_t i = 0; i < c.in; ++i) {
        term.add(static_cast<double>(expand[static_cast<size_t>((o * c.in + i) * expand_taps + tap)]) * fixture.at(input, n, 0, h, w, i));
      }
    }
    return term;
  };
  const std::string what = "expanded, " + std::to_string(c.height) + "x" + std::to_string(c.width) + "x" + std::to_string(c.in) + " to " + std::to_string(c.channels) +
                           " by " + std::to_string(c.expand.kernel) + " and " + std::to_string(c.depthwise.kernel) +
                           ", projected to " + std::to_string(c.projected);
  const auto filtered = [&](int64_t n, int64_t y, int64_t x, int64_t o) {
    Term term{depthwise_bias[static_cast<size_t>(o)], std::fabs(depthwise_bias[static_cast<size_t>(o)])};
    for (int64_t tap = 0; tap < depthwise_taps; ++tap) {
      const int64_t h = y * c.depthwise.stride + tap / c.depthwise.kernel - c.depthwise.pad();
      const int64_t w = x * c.depthwise.stride + tap % c.depthwise.kernel - c.depthwise.pad();
      if (h < 0 || h >= rows || w < 0 || w >= columns) continue;
      add_product(term, expanded(n, h, w, o), depthwise[static_cast<size_t>(o * depthwise_taps + tap)]);
    }
    return term;
  };
  const int64_t depth = expand_taps * c.in + depthwise_taps + (projects ? c.channels : 0) + 4;
  check_step(fixture, output, depth, 1, what, [&](int64_t n, int64_t y, int64_t x, int64_t o) {
    if (!projects) return filtered(n, y, x, o);
    Term term{project_bias[static_cast<size_t>(o)], std::fabs(project_bias[static_cast<size_t>(o)])};
    for (int64_t i = 0; i < c.channels; ++i) add_product(term, filtered(n, y, x, i), project[static_cast<size_t>(o * c.channels + i)]);
    if (c.residual) term.add(fixture.at(residual, n, 0, y, x, o));
    return term;
  });
}

ISA_TEST(expanded_depthwise_convolutions_at_page_ends) {
  Random random;
  const int64_t lanes = table.lanes;
  const ExpandCase cases[] = {
      {1, 1, 1, 1, 1, {1}, {3}},
      {1, 1, 1, 3, lanes + 1, {1}, {5, 2}},
      {2, 1, 9, lanes, 2 * lanes + 3, {1}, {3}},
      {1, 9, 1, 4, lanes - 1, {1}, {3, 2}},
      {1, 2, 3, 5, lanes, {1}, {7}},
      {2, 8, 7, lanes + 1, 3 * lanes + 1, {1}, {3, 2}},
      {1, 7, 8, 3, lanes, {3, 2}, {3}},
      {1, 5, 6, 2, 2 * lanes, {3}, {5}},
      {1, 5, 4, 3, 5 * lanes, {1}, {3}},
      {2, 4, 7, 2, 10 * lanes - 1, {1}, {5, 2}},
      // Several windows of rows.
      {1, 60, 40, 2, lanes + 1, {1}, {3}},
      {1, 90, 33, 3, lanes, {3, 2}, {3, 2}},
      // With a projection.
      {1, 1, 1, 1, 1, {1}, {3}, 1},
      {2, 4, 9, lanes, 2 * lanes + 3, {1}, {3}, lanes, true},
      {2, 8, 7, 3, 3 * lanes + 1, {1}, {3, 2}, 2 * lanes + 1},
      {1, 7, 8, 3, lanes, {3, 2}, {3}, 2, true},
      {1, 6, 5, 2, 7 * lanes, {1}, {3}, 5 * lanes + 1, true},
      {1, 50, 30, 2, 2 * lanes + 1, {1}, {5}, 3, true},
  };
  for (const ExpandCase& c : cases) {
    for (const Placement placement : {Placement::kPageEnd, Placement::kPageStart}) {
      for (const int64_t foreign : {0, 3}) check_expand(table, c, placement, foreign, random);
    }
  }
}

}  // namespace
}  // namespace im2col::test
