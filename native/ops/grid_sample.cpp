// The input read at the places that a grid names: PyTorch's grid_sample. The grid has one pixel for each of the output, with the
// coordinates x, y (and z when it has three) from -1 to 1 over the input; between pixels it is interpolated by `mode`:
// nearest, bilinear (trilinear) or bicubic (two axes only). Places outside are zero, the nearest of the border or mirrored
// into the input, as `padding` says. Without alignCorners -1 and 1 are the outer edges of the first and last pixel, with it
// their centres.
#include <algorithm>
#include <cmath>

#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

enum class Mode { kNearest, kLinear, kCubic };
enum class Padding { kZeros, kBorder, kReflection };

constexpr int kMostAxisTaps = 4;
constexpr int kMostTaps = 16;

// The pixels along one axis that a coordinate is interpolated from; -1: outside, where there are zeros.
struct AxisTaps {
  int count = 0;
  int64_t index[kMostAxisTaps];
  float weight[kMostAxisTaps];
};

struct Sampling {
  Mode mode;
  Padding padding;
  bool align_corners;

  float unnormalise(float coordinate, int64_t size) const {
    const float last = static_cast<float>(size - 1);
    if (align_corners) return (coordinate + 1) / 2 * last;
    return ((coordinate + 1) * static_cast<float>(size) - 1) / 2;
  }

  // The coordinate mirrored at both ends of the input, which are the centres or the outer edges of its last pixels.
  float reflect(float coordinate, int64_t size) const {
    const float low = align_corners ? 0.0f : -0.5f, span = static_cast<float>(align_corners ? size - 1 : size);
    if (span == 0) return 0;
    const float distance = std::fabs(coordinate - low), extra = std::fmod(distance, span);
    const bool turned = std::fmod(std::floor(distance / span), 2.0f) != 0;
    return turned ? span - extra + low : extra + low;
  }

  // Into the input under border and reflection; what is not a number becomes 0.
  float inside(float coordinate, int64_t size) const {
    if (padding == Padding::kZeros) return coordinate;
    if (padding == Padding::kReflection) coordinate = reflect(coordinate, size);
    return std::min(std::max(0.0f, coordinate), static_cast<float>(size - 1));
  }

  int64_t pixel(float coordinate, int64_t size) const {
    return coordinate >= 0 && coordinate <= static_cast<float>(size - 1) ? static_cast<int64_t>(coordinate) : -1;
  }

  AxisTaps taps(float coordinate, int64_t size) const {
    AxisTaps taps;
    const float place = unnormalise(coordinate, size);
    const auto add = [&](float at, float weight) {
      taps.index[taps.count] = pixel(at, size);
      taps.weight[taps.count++] = weight;
    };
    switch (mode) {
      case Mode::kNearest: add(std::nearbyint(inside(place, size)), 1); break;
      case Mode::kLinear: {
        const float x = inside(place, size), first = std::floor(x);
        add(first, first + 1 - x);
        add(first + 1, x - first);
        break;
      }
      case Mode::kCubic: {
        const float first = std::floor(place), t = place - first;
        for (int i = -1; i <= 2; ++i) add(inside(first + static_cast<float>(i), size), cubic_weight(t - static_cast<float>(i)));
        break;
      }
    }
    return taps;
  }

  // Keys' kernel with a = -0.75.
  static float cubic_weight(float distance) {
    constexpr float a = -0.75f;
    const float x = std::fabs(distance);
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }
};

class GridSample final : public Step {
 public:
  GridSample(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& grid, const ViewSpec& output, const Sampling& sampling)
      : kernels_(kernels), input_(input), grid_(grid), output_(output), sampling_(sampling) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = output_.shape[kC], image = output_.shape[kD] * output_.shape[kH] * output_.shape[kW];
    for_ranges(context.parallel, pixel_count(output_), 8 * channels + kCostOfTaps, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) {
        sample(context.arena, i / image, context.arena + pixel_offset(grid_, i), context.arena + pixel_offset(output_, i));
      }
    });
  }

 private:
  static constexpr int64_t kCostOfTaps = 64;

  void sample(const float* arena, int64_t n, const float* place, float* output) const {
    const float* taps[kMostTaps];
    float weights[kMostTaps];
    int64_t count = 0;
    const AxisTaps x = sampling_.taps(place[0], input_.shape[kW]), y = sampling_.taps(place[1], input_.shape[kH]);
    AxisTaps z;
    z.count = 1, z.index[0] = 0, z.weight[0] = 1;
    if (grid_.shape[kC] == 3) z = sampling_.taps(place[2], input_.shape[kD]);
    for (int k = 0; k < z.count; ++k) {
      for (int j = 0; j < y.count; ++j) {
        for (int i = 0; i < x.count; ++i) {
          if (x.index[i] < 0 || y.index[j] < 0 || z.index[k] < 0) continue;
          taps[count] = arena + cell_offset(input_, n, z.index[k], y.index[j], x.index[i]);
          weights[count++] = x.weight[i] * y.weight[j] * z.weight[k];
        }
      }
    }
    if (count == 0) {
      std::fill_n(output, output_.shape[kC], 0.0f);
    } else {
      kernels_.weighted_sum_f32({taps, weights, count, output, output_.shape[kC]});
    }
  }

  const KernelTable& kernels_;
  ViewSpec input_;
  ViewSpec grid_;
  ViewSpec output_;
  Sampling sampling_;
};

// The position of a word in a list.
template <size_t kCount>
int choice(SpecReader& reader, const char* name, const std::array<const char*, kCount>& words) {
  const std::string word = reader.word(name);
  for (size_t i = 0; i < kCount; ++i) {
    if (word == words[i]) return static_cast<int>(i);
  }
  reader.expect(false, std::string("attribute '") + name + "' is '" + word + "', which it cannot be");
  return 0;
}

}  // namespace

Status make_grid_sample_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& input = reader.input(0);
  const ViewSpec& grid = reader.input(1);
  const ViewSpec& output = reader.output(0);
  const auto mode = static_cast<Mode>(choice(reader, "mode", std::array<const char*, 3>{"nearest", "bilinear", "bicubic"}));
  const auto padding = static_cast<Padding>(choice(reader, "padding", std::array<const char*, 3>{"zeros", "border", "reflection"}));
  const bool align_corners = reader.integer("alignCorners", 0, 1) == 1;
  expect_same_batch_and_channels(reader, input, output);
  ViewSpec places = grid;
  places.shape[kC] = output.shape[kC];
  expect_same_shape(reader, "a grid of a pixel for each", places, "the output", output);
  const int64_t axes = grid.shape[kC];
  reader.expect(axes == 3 ? mode != Mode::kCubic : axes == 2 && input.shape[kD] == 1,
                "expected a grid of 2 coordinates, or of 3 and not bicubic, but received " + describe_shape(grid));
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<GridSample>(context.kernels, input, grid, output, Sampling{mode, padding, align_corners});
  return Status::Ok();
}

}  // namespace im2col
