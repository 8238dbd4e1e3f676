// Pooling steps against PyTorch's definition, written as loops over the padded input.
#include <algorithm>
#include <cmath>

#include "reference.h"
#include "step_fixture.h"

namespace im2col::test {
namespace {

struct Axis1 {
  int64_t input, kernel, stride, dilation, pad_start, pad_end, output;
};

// Number of outputs; in ceil mode a window may stick out of the padded input but must begin inside input or left padding.
int64_t output_size(const Axis1& a, bool ceil_mode) {
  const int64_t span = a.input + a.pad_start + a.pad_end - a.dilation * (a.kernel - 1) - 1;
  int64_t size = (span + (ceil_mode ? a.stride - 1 : 0)) / a.stride + 1;
  if (ceil_mode && (size - 1) * a.stride >= a.input + a.pad_start) --size;
  return size;
}

struct Problem {
  Axis1 d, h, w;
  int64_t batch, channels;
  bool average, count_padding, halo;
};

void check_pool(const KernelTable& table, const Problem& p, Random& random) {
  StepFixture fixture(table, p.average ? "avgPool" : "maxPool");
  const int input = fixture.add_view({p.batch, p.d.input, p.h.input, p.w.input, p.channels}, p.halo, 3);
  const int output = fixture.add_view({p.batch, p.d.output, p.h.output, p.w.output, p.channels}, p.halo, 1);
  fixture.add_input(input);
  fixture.set_output(output);
  const auto triple = [&](const char* name, int64_t Axis1::*member) {
    fixture.set(name, std::vector<double>{static_cast<double>(p.d.*member), static_cast<double>(p.h.*member), static_cast<double>(p.w.*member)});
  };
  triple("kernel", &Axis1::kernel);
  triple("stride", &Axis1::stride);
  triple("dilation", &Axis1::dilation);
  triple("padStart", &Axis1::pad_start);
  triple("padEnd", &Axis1::pad_end);
  if (p.average) fixture.set("countIncludePad", std::vector<double>{p.count_padding ? 1.0 : 0.0});
  const Status status = fixture.build(random);
  CHECK(status.ok(), "%s", status.message.c_str());
  if (!status.ok()) return;
  fixture.run(1);
  const std::vector<float> single = fixture.contents(output);

  fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
    double largest = -HUGE_VAL, sum = 0, magnitude = 0;
    int64_t inside = 0, padded = 0;
    for (int64_t z = 0; z < p.d.kernel; ++z) {
      for (int64_t y = 0; y < p.h.kernel; ++y) {
        for (int64_t x = 0; x < p.w.kernel; ++x) {
          const int64_t at[3] = {d * p.d.stride - p.d.pad_start + z * p.d.dilation, h * p.h.stride - p.h.pad_start + y * p.h.dilation,
                                 w * p.w.stride - p.w.pad_start + x * p.w.dilation};
          const Axis1* axes[3] = {&p.d, &p.h, &p.w};
          bool in_image = true, in_padding = true;
          for (int a = 0; a < 3; ++a) {
            in_image = in_image && at[a] >= 0 && at[a] < axes[a]->input;
            in_padding = in_padding && at[a] < axes[a]->input + axes[a]->pad_end;
          }
          padded += in_padding;
          if (!in_image) continue;
          const double value = fixture.at(input, n, at[0], at[1], at[2], c);
          ++inside;
          largest = std::max(largest, value);
          sum += value;
          magnitude += std::fabs(value);
        }
      }
    }
    const double divisor = static_cast<double>(p.count_padding ? padded : inside);
    const double expected = p.average ? (inside ? sum / divisor : 0) : largest;
    const double bound = p.average && inside ? tolerance(inside + 2, magnitude / divisor) : 0;
    const float y = fixture.at(output, n, d, h, w, c);
    CHECK(y == expected || std::fabs(y - expected) <= bound, "kernel %d stride %d pad %d+%d: (%d, %d)[%d] = %.9g, expected %.9g",
          static_cast<int>(p.w.kernel), static_cast<int>(p.w.stride), static_cast<int>(p.w.pad_start), static_cast<int>(p.w.pad_end),
          static_cast<int>(h), static_cast<int>(w), static_cast<int>(c), y, expected);
  });
  fixture.run(3);
  CHECK(fixture.contents(output) == single, "pooling depends on the number of threads");
}

Axis1 random_axis(Random& random, bool ceil_mode, int64_t largest) {
  for (;;) {
    Axis1 a{random.integer(1, largest), random.integer(1, 4), random.integer(1, 3), random.integer(1, 2), 0, 0, 0};
    a.pad_start = random.integer(0, a.kernel / 2);
    a.pad_end = random.integer(0, a.kernel / 2);
    if (a.input + a.pad_start + a.pad_end < a.dilation * (a.kernel - 1) + 1) continue;
    a.output = output_size(a, ceil_mode);
    if (a.output > 0) return a;
  }
}

ISA_TEST(step_pool) {
  Random random;
  for (int round = 0; round < 60; ++round) {
    const bool ceil_mode = round % 2;
    Problem p{{1, 1, 1, 1, 0, 0, 1}, random_axis(random, ceil_mode, 11), random_axis(random, ceil_mode, 11), random.integer(1, 2),
              random.integer(1, 70), round % 3 != 0, round % 3 == 1, round % 5 == 0};
    if (round % 7 == 0) p.d = random_axis(random, ceil_mode, 4);
    check_pool(table, p, random);
  }
  const Axis1 wide{57, 3, 2, 1, 1, 1, 29};
  check_pool(table, {{1, 1, 1, 1, 0, 0, 1}, wide, wide, 1, 64, false, false, true}, random);
}

void check_adaptive(const KernelTable& table, bool average, const std::array<int64_t, 5>& from, const std::array<int64_t, 3>& to, Random& random) {
  StepFixture fixture(table, average ? "adaptiveAvgPool" : "adaptiveMaxPool");
  const int input = fixture.add_view(from, true), output = fixture.add_view({from[kN], to[0], to[1], to[2], from[kC]}, false, 2);
  fixture.add_input(input);
  fixture.set_output(output);
  const Status status = fixture.build(random);
  CHECK(status.ok(), "%s", status.message.c_str());
  if (!status.ok()) return;
  fixture.run(1);
  const std::vector<float> single = fixture.contents(output);
  fixture.for_each(output, [&](int64_t n, int64_t d, int64_t h, int64_t w, int64_t c) {
    const int64_t at[3] = {d, h, w};
    int64_t start[3], end[3];
    for (size_t a = 0; a < 3; ++a) {
      const double bins = static_cast<double>(to[a]), size = static_cast<double>(from[1 + a]);
      start[a] = static_cast<int64_t>(std::floor(static_cast<double>(at[a]) * size / bins));
      end[a] = static_cast<int64_t>(std::ceil(static_cast<double>(at[a] + 1) * size / bins));
    }
    double largest = -HUGE_VAL, sum = 0, count = 0;
    for (int64_t z = start[0]; z < end[0]; ++z) {
      for (int64_t y = start[1]; y < end[1]; ++y) {
        for (int64_t x = start[2]; x < end[2]; ++x) {
          const double value = fixture.at(input, n, z, y, x, c);
          largest = std::max(largest, value);
          sum += value;
          ++count;
        }
      }
    }
    const double expected = average ? sum / count : largest;
    CHECK(std::fabs(fixture.at(output, n, d, h, w, c) - expected) <= (average ? tolerance(static_cast<int64_t>(count) + 2, 1) : 0),
          "(%d, %d)[%d] = %.9g, expected %.9g", static_cast<int>(h), static_cast<int>(w), static_cast<int>(c),
          fixture.at(output, n, d, h, w, c), expected);
  });
  fixture.run(3);
  CHECK(fixture.contents(output) == single, "adaptive pooling depends on the number of threads");
}

ISA_TEST(step_adaptive_pool) {
  Random random;
  for (bool average : {false, true}) {
    check_adaptive(table, average, {1, 1, 7, 7, 1030}, {1, 1, 1}, random);
    check_adaptive(table, average, {3, 1, 23, 40, 35}, {1, 1, 1}, random);
    check_adaptive(table, average, {2, 1, 1, 1, 3}, {1, 1, 1}, random);
    check_adaptive(table, average, {2, 3, 5, 9, 17}, {1, 1, 1}, random);
    check_adaptive(table, average, {2, 1, 7, 5, 19}, {1, 3, 2}, random);
    check_adaptive(table, average, {1, 1, 3, 4, 5}, {1, 7, 7}, random);
    check_adaptive(table, average, {1, 5, 3, 4, 5}, {2, 2, 3}, random);
  }
}

}  // namespace
}  // namespace im2col::test
