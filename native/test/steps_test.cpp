// The steps that are neither convolution nor pooling: values, halos, foreign channels, threads.
#include <cmath>

#include "reference.h"
#include "step_fixture.h"

namespace im2col::test {
namespace {

using Shape = std::array<int64_t, 5>;

// Large enough for several threads, small, one pixel, one channel, and a volume.
const Shape kShapes[] = {{1, 1, 40, 41, 48}, {2, 1, 3, 5, 7}, {3, 1, 1, 1, 70}, {2, 1, 6, 1, 1}, {1, 3, 2, 4, 5}};

// Runs a step of inputs shaped like its output in every placement of the views, on one thread and on three.
void check_elementwise(const KernelTable& table, const std::string& op, int inputs, const std::function<void(StepFixture&, int64_t)>& configure,
                       const std::function<double(const double*, int64_t channel)>& expected) {
  Random random;
  for (const Shape& shape : kShapes) {
    for (int placement = 0; placement < 4; ++placement) {
      StepFixture fixture(table, op);
      const bool halo = placement & 1;
      const int64_t foreign = placement & 2 ? 5 : 0;
      std::vector<int> views;
      for (int i = 0; i < inputs; ++i) views.push_back(fixture.add_view(shape, !halo, foreign));
      const int output = fixture.add_view(shape, halo, foreign);
      for (int v : views) fixture.add_input(v);
      fixture.set_output(output);
      configure(fixture, shape[kC]);
      EXPECT_OK(fixture.build(random));
      fixture.run(1);
      const std::vector<float> single = fixture.contents(output);
      fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
        double x[2] = {0, 0};
        double magnitude = 1;
        for (size_t i = 0; i < views.size(); ++i) {
          x[i] = fixture.at(views[i], n, d, h, w, c);
          magnitude += std::fabs(x[i]);
        }
        const double y = expected(x, c);
        CHECK(std::fabs(fixture.at(output, n, d, h, w, c) - y) <= tolerance(4, magnitude), "%s: %.9g, expected %.9g", op.c_str(),
              fixture.at(output, n, d, h, w, c), y);
      });
      fixture.run(3);
      CHECK(fixture.contents(output) == single, "%s depends on the number of threads", op.c_str());
    }
  }
}

ISA_TEST(step_activation) {
  check_elementwise(table, "activation", 1, [](StepFixture& f, int64_t) {
    f.set("activation", "elu");
    f.set("alpha", std::vector<double>{0.75});
  }, [](const double* x, int64_t) { return activation_reference({ActivationKind::kElu, 0.75f, 0}, x[0]); });
}

ISA_TEST(step_add) {
  check_elementwise(table, "add", 2, [](StepFixture& f, int64_t) { f.set("activation", "relu"); },
                    [](const double* x, int64_t) { return std::fmax(0, x[0] + x[1]); });
}

ISA_TEST(step_binary) {
  check_elementwise(table, "binary", 2, [](StepFixture& f, int64_t) { f.set("operator", "multiply"), f.set("activation", "relu"); },
                    [](const double* x, int64_t) { return std::fmax(0, x[0] * x[1]); });
}

ISA_TEST(step_binary_repeats_axes_of_size_1) {
  Random random;
  for (const Shape& shape : kShapes) {
    // Bit i: the operand has size 1 along axis kD + i.
    for (int mask = 0; mask < 16; ++mask) {
      for (bool is_first : {false, true}) {
        Shape small = shape;
        for (int axis = kD; axis <= kC; ++axis) {
          if (mask >> (axis - kD) & 1) small[static_cast<size_t>(axis)] = 1;
        }
        StepFixture fixture(table, "binary");
        fixture.set("operator", "multiply");
        const int whole = fixture.add_view(shape, true, 2), part = fixture.add_view(small, mask % 2 == 0, 3);
        const int residual = fixture.add_view(shape), output = fixture.add_view(shape, mask % 3 == 0, 1);
        fixture.add_input(is_first ? part : whole);
        fixture.add_input(is_first ? whole : part);
        fixture.add_input(residual);
        fixture.set_output(output);
        EXPECT_OK(fixture.build(random));
        fixture.run(1);
        const std::vector<float> single = fixture.contents(output);
        fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
          const auto at = [&](int axis, int64_t i) { return small[static_cast<size_t>(axis)] == 1 ? 0 : i; };
          const float product = fixture.at(whole, n, d, h, w, c) * fixture.at(part, n, at(kD, d), at(kH, h), at(kW, w), at(kC, c));
          CHECK(fixture.at(output, n, d, h, w, c) == product + fixture.at(residual, n, d, h, w, c), "mask %d", mask);
        });
        fixture.run(3);
        CHECK(fixture.contents(output) == single, "multiply depends on the number of threads");
      }
    }
  }
}

ISA_TEST(step_binary_repeats_either_operand) {
  Random random;
  StepFixture fixture(table, "binary");
  fixture.set("operator", "multiply");
  const int column = fixture.add_view({2, 1, 3, 1, 8}), row = fixture.add_view({2, 1, 1, 5, 1}), output = fixture.add_view({2, 1, 3, 5, 8});
  fixture.add_input(row);
  fixture.add_input(column);
  fixture.set_output(output);
  EXPECT_OK(fixture.build(random));
  fixture.run(1);
  fixture.for_each(output, [&](int64_t n, int64_t, int64_t h, int64_t w, int64_t c) {
    CHECK(fixture.at(output, n, 0, h, w, c) == fixture.at(column, n, 0, h, 0, c) * fixture.at(row, n, 0, 0, w, 0), "outer product");
  });
}

TEST(step_binary_refuses_sizes_that_cannot_repeat) {
  int count;
  const KernelTable& table = *runnable_kernels(count)[0];
  Random random;
  const auto message = [&](const Shape& a, const Shape& b, const Shape& y) {
    StepFixture fixture(table, "binary");
    fixture.set("operator", "multiply");
    fixture.add_input(fixture.add_view(a));
    fixture.add_input(fixture.add_view(b));
    fixture.set_output(fixture.add_view(y));
    return fixture.build(random).message;
  };
  const std::string sizes = message({2, 1, 3, 4, 8}, {2, 1, 2, 1, 8}, {2, 1, 3, 4, 8});
  CHECK(sizes == "binary step 'tested': expected the sizes of input 1 to be 1 or those of the output but received 2x1x2x1x8 and 2x1x3x4x8", "%s", sizes.c_str());
  const std::string batch = message({2, 1, 3, 4, 8}, {1, 1, 3, 4, 8}, {2, 1, 3, 4, 8});
  CHECK(batch.find("input 1 to be 1 or those of the output") != std::string::npos, "%s", batch.c_str());
  const std::string channels = message({2, 1, 3, 4, 1}, {2, 1, 3, 4, 1}, {2, 1, 3, 4, 8});
  CHECK(channels == "binary step 'tested': expected an input to have the 8 channels of the output", "%s", channels.c_str());
}

ISA_TEST(step_prelu) {
  check_elementwise(table, "prelu", 1, [](StepFixture& f, int64_t channels) {
    static std::vector<float> slope;
    slope.clear();
    for (int64_t c = 0; c < channels; ++c) slope.push_back(static_cast<float>(c % 7) / 8);
    f.set_parameter("slope", slope);
  }, [](const double* x, int64_t c) { return x[0] > 0 ? x[0] : x[0] * static_cast<double>(c % 7) / 8; });
}

ISA_TEST(step_affine_without_shift) {
  check_elementwise(table, "affine", 2, [](StepFixture& f, int64_t channels) {
    static std::vector<float> scale;
    scale.clear();
    for (int64_t c = 0; c < channels; ++c) scale.push_back(static_cast<float>(c % 7) / 8 - 0.25f);
    f.set_parameter("scale", scale);
  }, [](const double* x, int64_t c) { return x[0] * (static_cast<double>(c % 7) / 8 - 0.25) + x[1]; });
}

ISA_TEST(step_channel_shuffle) {
  Random random;
  for (const Shape& shape : kShapes) {
    for (int64_t groups = 1; groups <= shape[kC]; ++groups) {
      if (shape[kC] % groups != 0) continue;
      StepFixture fixture(table, "channelShuffle");
      const int input = fixture.add_view(shape, groups % 2 == 0, 3), output = fixture.add_view(shape, true, 1);
      fixture.add_input(input);
      fixture.set_output(output);
      fixture.set("groups", std::vector<double>{static_cast<double>(groups)});
      EXPECT_OK(fixture.build(random));
      fixture.run(3);
      const int64_t per_group = shape[kC] / groups;
      fixture.for_each(input, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
        const int64_t to = c % per_group * groups + c / per_group;
        CHECK(fixture.at(output, n, d, h, w, to) == fixture.at(input, n, d, h, w, c), "%d groups", static_cast<int>(groups));
      });
    }
  }
}

ISA_TEST(step_channel_shuffle_of_several_inputs) {
  Random random;
  for (int64_t groups : {3, 4, 5, 8}) {
    const int64_t per_group = 5;
    StepFixture fixture(table, "channelShuffle");
    const int first = fixture.add_view({2, 1, 3, 2, per_group}, true, 3), rest = fixture.add_view({2, 1, 3, 2, (groups - 1) * per_group});
    const int output = fixture.add_view({2, 1, 3, 2, groups * per_group}, true, 1);
    fixture.add_input(first);
    fixture.add_input(rest);
    fixture.set_output(output);
    fixture.set("groups", std::vector<double>{static_cast<double>(groups)});
    EXPECT_OK(fixture.build(random));
    fixture.run(2);
    fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      const int64_t group = c % groups, channel = c / groups;
      const float expected = group == 0 ? fixture.at(first, n, d, h, w, channel) : fixture.at(rest, n, d, h, w, (group - 1) * per_group + channel);
      CHECK(fixture.at(output, n, d, h, w, c) == expected, "%d groups", static_cast<int>(groups));
    });
  }
}

ISA_TEST(step_layer_norm) {
  Random random;
  for (const Shape& shape : kShapes) {
    StepFixture fixture(table, "layerNorm");
    const int input = fixture.add_view(shape, true, 3), output = fixture.add_view(shape, true, 1);
    fixture.add_input(input);
    fixture.set_output(output);
    const std::vector<float> weight(static_cast<size_t>(shape[kC]), 0.5f), bias(static_cast<size_t>(shape[kC]), 0.25f);
    fixture.set_parameter("weight", weight);
    fixture.set_parameter("bias", bias);
    fixture.set("eps", std::vector<double>{1e-3});
    EXPECT_OK(fixture.build(random));
    fixture.run(1);
    const std::vector<float> single = fixture.contents(output);
    const double count = static_cast<double>(shape[kC]);
    fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < shape[kC]; ++i) mean += fixture.at(input, n, d, h, w, i) / count;
      for (int64_t i = 0; i < shape[kC]; ++i) variance += std::pow(fixture.at(input, n, d, h, w, i) - mean, 2) / count;
      const double distance = fixture.at(input, n, d, h, w, c) - mean, deviation = std::sqrt(variance + 1e-3);
      const double magnitude = (std::fabs(mean) + std::fabs(distance)) / deviation + 1;
      CHECK(std::fabs(fixture.at(output, n, d, h, w, c) - (distance / deviation * 0.5 + 0.25)) <= tolerance(shape[kC] + 6, magnitude),
            "layerNorm");
    });
    fixture.run(3);
    CHECK(fixture.contents(output) == single, "layerNorm depends on the number of threads");
  }
}

ISA_TEST(step_affine) {
  std::vector<float> scale, shift;
  for (int c = 0; c < 128; ++c) {
    scale.push_back(static_cast<float>(c % 7) / 8 - 0.25f);
    shift.push_back(static_cast<float>(c % 5) / 16);
  }
  for (int inputs : {1, 2}) {
    std::vector<float> own_scale, own_shift;
    check_elementwise(table, "affine", inputs, [&](StepFixture& f, int64_t channels) {
      own_scale.assign(scale.begin(), scale.begin() + channels);
      own_shift.assign(shift.begin(), shift.begin() + channels);
      f.set_parameter("scale", own_scale);
      f.set_parameter("shift", own_shift);
    }, [&](const double* x, int64_t c) { return x[0] * scale[static_cast<size_t>(c)] + shift[static_cast<size_t>(c)] + x[1]; });
  }
}

ISA_TEST(step_copy) {
  check_elementwise(table, "copy", 1, [](StepFixture&, int64_t) {}, [](const double* x, int64_t) { return x[0]; });
}

ISA_TEST(step_softmax) {
  Random random;
  for (const Shape& shape : kShapes) {
    StepFixture fixture(table, "softmax");
    const int input = fixture.add_view(shape, true, 3), output = fixture.add_view(shape, true, 1);
    fixture.add_input(input);
    fixture.set_output(output);
    EXPECT_OK(fixture.build(random));
    fixture.run(1);
    const std::vector<float> single = fixture.contents(output);
    fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      double sum = 0;
      for (int64_t i = 0; i < shape[kC]; ++i) sum += std::exp(double{fixture.at(input, n, d, h, w, i)});
      const double expected = std::exp(double{fixture.at(input, n, d, h, w, c)}) / sum;
      CHECK(std::fabs(fixture.at(output, n, d, h, w, c) - expected) <= tolerance(shape[kC] + 8, 3 * expected), "softmax");
    });
    fixture.run(3);
    CHECK(fixture.contents(output) == single, "softmax depends on the number of threads");
  }
}

ISA_TEST(step_local_response_norm) {
  Random random;
  for (const Shape& shape : kShapes) {
    StepFixture fixture(table, "localResponseNorm");
    const int input = fixture.add_view(shape, false, 3), output = fixture.add_view(shape, true, 1);
    fixture.add_input(input);
    fixture.set_output(output);
    fixture.set("size", std::vector<double>{5});
    fixture.set("alpha", std::vector<double>{0.5});
    fixture.set("beta", std::vector<double>{0.75});
    fixture.set("k", std::vector<double>{2});
    EXPECT_OK(fixture.build(random));
    fixture.run(1);
    const std::vector<float> single = fixture.contents(output);
    fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      double sum = 0;
      for (int64_t i = std::max<int64_t>(0, c - 2); i <= std::min(c + 2, shape[kC] - 1); ++i) {
        sum += std::pow(double{fixture.at(input, n, d, h, w, i)}, 2);
      }
      const double expected = fixture.at(input, n, d, h, w, c) / std::pow(2 + 0.1 * sum, 0.75);
      CHECK(std::fabs(fixture.at(output, n, d, h, w, c) - expected) <= tolerance(24, 1), "localResponseNorm");
    });
    fixture.run(3);
    CHECK(fixture.contents(output) == single, "localResponseNorm depends on the number of threads");
  }
}

// Position of an element in N, C, D, H, W order.
size_t planar(const Shape& s, int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
  return static_cast<size_t>((((n * s[kC] + c) * s[kD] + d) * s[kH] + h) * s[kW] + w);
}
size_t channels_last(const Shape& s, int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
  return static_cast<size_t>((((n * s[kD] + d) * s[kH] + h) * s[kW] + w) * s[kC] + c);
}

ISA_TEST(step_flatten) {
  Random random;
  for (const Shape& shape : kShapes) {
    for (bool halo : {false, true}) {
      const int64_t features = shape[kD] * shape[kH] * shape[kW] * shape[kC];
      StepFixture fixture(table, "flatten");
      const int input = fixture.add_view(shape, halo, halo ? 2 : 0), output = fixture.add_view({shape[kN], 1, 1, 1, features}, false, 4);
      fixture.add_input(input);
      fixture.set_output(output);
      EXPECT_OK(fixture.build(random));
      for (int threads : {1, 3}) {
        fixture.run(threads);
        fixture.for_each(input, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
          const int64_t feature = static_cast<int64_t>(planar(shape, 0, d, h, w, c));
          CHECK(fixture.at(output, n, 0, 0, 0, feature) == fixture.at(input, n, d, h, w, c), "feature %d", static_cast<int>(feature));
        });
      }
    }
  }
}

ISA_TEST(step_constant) {
  Random random;
  for (const Shape& shape : kShapes) {
    std::vector<float> data(static_cast<size_t>(shape[kD] * shape[kH] * shape[kW] * shape[kC]));
    for (float& x : data) x = random.uniform(-1, 1);
    StepFixture fixture(table, "constant");
    const int output = fixture.add_view(shape, true, 3);
    fixture.set_output(output);
    fixture.set_parameter("data", data);
    EXPECT_OK(fixture.build(random));
    fixture.run(2);
    fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
      CHECK(fixture.at(output, n, d, h, w, c) == data[channels_last(shape, 0, d, h, w, c)], "constant");
    });
  }
}

ISA_TEST(step_input_and_output) {
  Random random;
  for (const Shape& shape : kShapes) {
    for (const char* layout : {"nhwc", "nchw"}) {
      for (int threads : {1, 3}) {
        const auto index = std::string(layout) == "nchw" ? planar : channels_last;
        std::vector<float> buffer(static_cast<size_t>(shape[kN] * shape[kD] * shape[kH] * shape[kW] * shape[kC]));
        for (float& x : buffer) x = random.uniform(-1, 1);
        const float* user_inputs[] = {nullptr, buffer.data()};

        StepFixture in(table, "input");
        const int view = in.add_view(shape, true, 3);
        in.set_output(view);
        in.plan().input_sizes = {1, static_cast<int64_t>(buffer.size())};
        in.set("index", std::vector<double>{1});
        in.set("layout", layout);
        EXPECT_OK(in.build(random));
        in.run(threads, user_inputs);
        in.for_each(view, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
          CHECK(in.at(view, n, d, h, w, c) == buffer[index(shape, n, d, h, w, c)], "input as %s", layout);
        });

        StepFixture out(table, "output");
        const int source = out.add_view(shape, true, 3);
        out.add_input(source);
        out.plan().output_sizes = {static_cast<int64_t>(buffer.size())};
        out.set("index", std::vector<double>{0});
        out.set("layout", layout);
        EXPECT_OK(out.build(random));
        Guarded result(buffer.size());
        float* user_outputs[] = {result.data()};
        out.run(threads, nullptr, user_outputs);
        out.for_each(source, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
          CHECK(out.at(source, n, d, h, w, c) == result[index(shape, n, d, h, w, c)], "output as %s", layout);
        });
      }
    }
  }
}

TEST(steps_refuse_views_that_do_not_fit) {
  int count;
  const KernelTable& table = *runnable_kernels(count)[0];
  Random random;
  for (const char* op : {"activation", "add", "copy", "softmax", "logSoftmax", "layerNorm", "prelu", "channelShuffle"}) {
    StepFixture fixture(table, op);
    const int a = fixture.add_view({1, 1, 2, 3, 4}), b = fixture.add_view({1, 1, 3, 2, 4});
    fixture.add_input(a);
    fixture.add_input(a);
    fixture.set_output(b);
    fixture.set("groups", std::vector<double>{1});
    const Status status = fixture.build(random);
    CHECK(status.code == Code::kInvalidArgument, "%s", op);
    CHECK(status.message.find("of the same shape but received 1x1x2x3x4 and 1x1x3x2x4") != std::string::npos, "%s", status.message.c_str());
  }
  StepFixture output(table, "output");
  output.add_input(output.add_view({1, 1, 2, 3, 4}));
  output.plan().output_sizes = {23};
  output.set("index", std::vector<double>{0});
  output.set("layout", "nhwc");
  const Status status = output.build(random);
  CHECK(status.message == "output step 'tested': expected a buffer of 24 elements for 1x1x2x3x4 but the plan says 23", "%s", status.message.c_str());
}

}  // namespace
}  // namespace im2col::test
