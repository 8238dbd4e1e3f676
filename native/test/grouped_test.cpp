#include <algorithm>
#include <cmath>
#include <vector>

#include "reference.h"
#include "test.h"

namespace im2col::test {
namespace {

constexpr int64_t kCell = 3;  // spare elements between the pixels of inputs, and of outputs and residuals two more

// One vector of output channels: whole groups of `group` channels each, or a part of a wider one.
struct Shape {
  int64_t group;
  int64_t channels;
  int64_t pixels;
  int64_t taps;
  int64_t stride;  // in pixels
  bool residual;
  Activation activation;
};

class Case {
 public:
  Case(const KernelTable& table, const Shape& shape, Random& random)
      : table_(table),
        shape_(shape),
        in_channels_(std::max(shape.group, shape.channels)),
        input_((shape.pixels - 1) * shape.stride + shape.taps, in_channels_, in_channels_ + kCell),
        weight_(shape.taps * shape.channels, shape.group, shape.group),
        packed_(static_cast<size_t>(shape.taps * shape.group * table.lanes)),
        bias_(static_cast<size_t>(table.lanes)),
        output_(shape.pixels, shape.channels, shape.channels + kCell + 2),
        residual_(shape.pixels, shape.channels, shape.channels + kCell + 2) {
    input_.fill(random, -1, 1);
    weight_.fill(random, -1, 1);
    bias_.fill(random, -1, 1);
    residual_.fill(random, -1, 1);
    for (int64_t t = 0; t < shape.taps; ++t) tap_offsets_.push_back(t * input_.stride());
    for (int64_t p = 0; p < shape.pixels; ++p) {
      input_offsets_.push_back(p * shape.stride * input_.stride());
      output_offsets_.push_back(p * output_.stride());
    }
    pack();
  }

  void run(int64_t first, int64_t pixels) {
    table_.grouped_f32({input_.data(), input_offsets_.data() + first, tap_offsets_.data(), shape_.taps, shape_.group, packed_.data(),
                        bias_.data(), output_.data(), output_offsets_.data() + first, shape_.residual ? residual_.data() : nullptr,
                        shape_.residual ? output_offsets_.data() + first : nullptr, pixels, static_cast<int>(shape_.channels),
                        shape_.activation});
  }

  void check() {
    run(0, shape_.pixels);
    for (int64_t p = 0; p < shape_.pixels; ++p) {
      for (int64_t c = 0; c < shape_.channels; ++c) {
        double magnitude;
        const double expected = reference(p, c, magnitude), actual = output_.at(p, c);
        CHECK(std::fabs(actual - expected) <= tolerance(shape_.taps * shape_.group + shape_.group + 2, magnitude),
              "groups of %d, %d channels, %d pixels, %d taps: [%d][%d] = %.9g, expected %.9g", static_cast<int>(shape_.group),
              static_cast<int>(shape_.channels), static_cast<int>(shape_.pixels), static_cast<int>(shape_.taps), static_cast<int>(p),
              static_cast<int>(c), actual, expected);
      }
    }
    CHECK(output_.gaps_untouched(), "%d channels: wrote between the pixels", static_cast<int>(shape_.channels));
  }

  float output(int64_t pixel, int64_t channel) const { return output_.at(pixel, channel); }

 private:
  // The weight of output channel c of the vector for input channel j of its group.
  float& weight(int64_t tap, int64_t c, int64_t j) { return weight_.at(tap * shape_.channels + c, j); }

  void pack() {
    const int64_t lanes = table_.lanes;
    for (int64_t tap = 0; tap < shape_.taps; ++tap) {
      for (int64_t d = 0; d < shape_.group; ++d) {
        for (int64_t lane = 0; lane < lanes; ++lane) {
          const int64_t c = lane ^ d % lanes, j = (d / lanes * lanes + lane) % shape_.group;
          packed_[static_cast<size_t>((tap * shape_.group + d) * lanes + lane)] = c < shape_.channels ? weight(tap, c, j) : 0.0f;
        }
      }
    }
  }

  double reference(int64_t p, int64_t c, double& magnitude) {
    double sum = bias_[static_cast<size_t>(c)];
    magnitude = std::fabs(sum);
    const auto add = [&](double term) {
      sum += term;
      magnitude += std::fabs(term);
    };
    for (int64_t t = 0; t < shape_.taps; ++t) {
      for (int64_t j = 0; j < shape_.group; ++j) {
        add(double{input_.at(p * shape_.stride + t, c / shape_.group * shape_.group + j)} * weight(t, c, j));
      }
    }
    if (shape_.residual) add(residual_.at(p, c));
    return activation_reference(shape_.activation, sum);
  }

  const KernelTable& table_;
  Shape shape_;
  int64_t in_channels_;
  Rows input_, weight_;
  Guarded packed_, bias_;
  Rows output_, residual_;
  std::vector<ptrdiff_t> tap_offsets_, input_offsets_, output_offsets_;
};

KERNEL_TEST(grouped_f32) {
  Random random;
  int64_t round = 0;
  for (int64_t group : {2, 4, 8, 16}) {
    for (int64_t channels = std::min<int64_t>(group, table.lanes); channels <= table.lanes; channels += group) {
      for (int64_t pixels = 1; pixels <= 23; ++pixels) {
        for (int64_t taps : {1, 9}) {
          Case(table, {group, channels, pixels, taps, 1 + round % 2, round % 3 == 0, some_activation(round)}, random).check();
          ++round;
        }
      }
    }
  }
}

// A result must not depend on the tile that its pixel is in.
KERNEL_TEST(grouped_f32_is_independent_of_the_tile) {
  for (int64_t group : {2, 4, 8, 16}) {
    const Shape shape{group, table.lanes, 23, 5, 1, true, {ActivationKind::kTanh, 0, 0}};
    Random random, same;
    Case whole(table, shape, random), single(table, shape, same);
    whole.run(0, shape.pixels);
    for (int64_t p = 0; p < shape.pixels; ++p) single.run(p, 1);
    for (int64_t p = 0; p < shape.pixels; ++p) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        CHECK(same_bits(whole.output(p, c), single.output(p, c)), "groups of %d, pixel %d", static_cast<int>(group), static_cast<int>(p));
      }
    }
  }
}

}  // namespace
}  // namespace im2col::test
