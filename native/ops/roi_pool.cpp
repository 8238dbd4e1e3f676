// Pooling of regions of interest: every box of an image is cut into a grid of bins. Boxes lie in the second input, one a pixel,
// as x1, y1, x2, y2; the output has one image of bins for each box, along the axis d.
//
// RoI pool (Girshick, Fast R-CNN): the maximum of the pixels of a bin, whose edges are whole pixels. RoI align (He et al., Mask
// R-CNN): the mean of bilinear samples of a bin. Both as torchvision has them; a coordinate that is no number makes empty bins.
#include <algorithm>
#include <cmath>
#include <vector>

#include "factories.h"
#include "partition.h"
#include "pool_windows.h"

namespace im2col {
namespace {

struct RoiGeometry {
  ViewSpec input;
  ViewSpec boxes;
  ViewSpec output;
  float spatial_scale = 1;  // from the coordinates of the boxes to pixels
  int64_t sampling_ratio = 0;  // samples of a bin along one axis; 0: as many as it has pixels
  bool aligned = false;
};

// Calls bin(box, n, d, h, w) for every cell of the output.
template <typename Bin>
void for_bins(const RoiGeometry& g, const RunContext& context, int64_t cost, const Bin& bin) {
  zero_halo(g.output, context.arena);
  for_ranges(context.parallel, pixel_count(g.output), cost, [&](int64_t begin, int64_t end, int thread) {
    float* scratch = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t w = i % g.output.shape[kW], h = i / g.output.shape[kW] % g.output.shape[kH];
      const int64_t plane = i / g.output.shape[kW] / g.output.shape[kH];
      const int64_t d = plane % g.output.shape[kD], n = plane / g.output.shape[kD];
      bin(context.arena + cell_offset(g.boxes, n, 0, 0, d), n, d, h, w, scratch);
    }
  });
}

class RoiPool final : public Step {
 public:
  RoiPool(const KernelTable& kernels, const RoiGeometry& geometry) : kernels_(kernels), g_(geometry) {}

  // Pointers to a row of pixels and to the maximum of the rows before it.
  size_t scratch_size() const override { return static_cast<size_t>(g_.input.shape[kW] + 1) * kFloatsPerPointer; }

  void run(const RunContext& context) const override {
    for_bins(g_, context, kTypicalTaps * g_.output.shape[kC], [&](const float* box, int64_t n, int64_t d, int64_t h, int64_t w, float* scratch) {
      const Range rows = bin_range(box[1], box[3], h, g_.output.shape[kH], g_.input.shape[kH]);
      const Range columns = bin_range(box[0], box[2], w, g_.output.shape[kW], g_.input.shape[kW]);
      const float** taps = reinterpret_cast<const float**>(scratch);
      float* output = context.arena + cell_offset(g_.output, n, d, h, w);
      if (rows.begin >= rows.end || columns.begin >= columns.end) {
        std::fill_n(output, g_.output.shape[kC], 0.0f);
        return;
      }
      for (int64_t y = rows.begin; y < rows.end; ++y) {
        int64_t count = 0;
        for (int64_t x = columns.begin; x < columns.end; ++x) taps[count++] = context.arena + cell_offset(g_.input, n, 0, y, x);
        if (y > rows.begin) taps[count++] = output;
        kernels_.max_pool_f32({taps, count, 0, 0, output, 0, 1, g_.output.shape[kC]});
      }
    });
  }

 private:
  static constexpr int64_t kTypicalTaps = 8;

  struct Range {
    int64_t begin, end;
  };

  // The pixels of bin i of n along one axis; float32 arithmetic, so that edges are torchvision's.
  Range bin_range(float first, float last, int64_t i, int64_t n, int64_t size) const {
    const float begin = std::round(first * g_.spatial_scale), end = std::round(last * g_.spatial_scale);
    const float bin = std::max(end - begin + 1, 1.0f) / static_cast<float>(n);
    if (!std::isfinite(begin) || !std::isfinite(bin)) return {0, 0};
    const auto clipped = [size](float position) {
      return static_cast<int64_t>(std::clamp(position, 0.0f, static_cast<float>(size)));
    };
    return {clipped(std::floor(static_cast<float>(i) * bin) + begin), clipped(std::ceil(static_cast<float>(i + 1) * bin) + begin)};
  }

  const KernelTable& kernels_;
  RoiGeometry g_;
};

// The pixels along one axis that the bilinear samples of a bin read.
struct AxisWeights {
  int64_t begin = 0;
  int64_t end = 0;
};

class RoiAlign final : public Step {
 public:
  RoiAlign(const KernelTable& kernels, const RoiGeometry& geometry) : kernels_(kernels), g_(geometry), channels_(geometry.output.shape[kC]) {}

  // Pointers to a row of pixels, their weights, the weights of all columns and rows, and the sum of a row.
  size_t scratch_size() const override {
    const size_t columns = static_cast<size_t>(g_.input.shape[kW]), rows = static_cast<size_t>(g_.input.shape[kH]);
    return columns * (kFloatsPerPointer + 2) + rows + static_cast<size_t>(channels_);
  }

  void run(const RunContext& context) const override {
    for_bins(g_, context, kTypicalTaps * channels_, [&](const float* box, int64_t n, int64_t d, int64_t h, int64_t w, float* scratch) {
      const float** taps = reinterpret_cast<const float**>(scratch);
      float* tap_weights = scratch + static_cast<size_t>(g_.input.shape[kW]) * kFloatsPerPointer;
      float* column_weights = tap_weights + g_.input.shape[kW];
      float* row_weights = column_weights + g_.input.shape[kW];
      float* row_sum = row_weights + g_.input.shape[kH];
      const AxisWeights rows = bin_weights(box[1], box[3], h, g_.output.shape[kH], g_.input.shape[kH], row_weights);
      const AxisWeights columns = bin_weights(box[0], box[2], w, g_.output.shape[kW], g_.input.shape[kW], column_weights);
      float* output = context.arena + cell_offset(g_.output, n, d, h, w);
      std::fill_n(output, channels_, 0.0f);
      for (int64_t y = rows.begin; y < rows.end; ++y) {
        if (row_weights[y] == 0) continue;
        int64_t count = 0;
        for (int64_t x = columns.begin; x < columns.end; ++x) {
          if (column_weights[x] == 0) continue;
          taps[count] = context.arena + cell_offset(g_.input, n, 0, y, x);
          tap_weights[count++] = column_weights[x];
        }
        if (count == 0) return;
        kernels_.weighted_sum_f32({taps, tap_weights, count, row_sum, channels_});
        const float* parts[] = {output, row_sum};
        const float weights[] = {1, row_weights[y]};
        kernels_.weighted_sum_f32({parts, weights, 2, output, channels_});
      }
    });
  }

 private:
  static constexpr int64_t kTypicalTaps = 16;

  // Writes the weights of the pixels of one axis, which sum to at most 1, for bin i of n.
  AxisWeights bin_weights(float first, float last, int64_t i, int64_t n, int64_t size, float* weights) const {
    const double offset = g_.aligned ? 0.5 : 0;
    const double begin = double{first} * g_.spatial_scale - offset;
    double length = double{last} * g_.spatial_scale - offset - begin;
    if (!g_.aligned) length = std::max(length, 1.0);
    const double bin = length / static_cast<double>(n);
    const double samples = g_.sampling_ratio > 0 ? static_cast<double>(g_.sampling_ratio) : std::ceil(bin);
    if (!std::isfinite(begin) || !std::isfinite(bin) || samples < 1) return {};
    // Samples lie at origin + (s + 0.5) spacing; those outside [-1, size] count as 0.
    const double origin = begin + static_cast<double>(i) * bin, spacing = bin / samples;
    const double extent = static_cast<double>(size);
    const double lowest = spacing > 0 ? std::floor((-1 - origin) / spacing) - 1 : 0;
    const double highest = spacing > 0 ? std::ceil((extent - origin) / spacing) + 1 : samples;
    const double from = std::clamp(lowest, 0.0, samples), to = std::clamp(highest, from, samples);
    AxisWeights used;
    std::fill_n(weights, size, 0.0f);
    for (double s = from; s < to; ++s) {
      double position = origin + (s + 0.5) * spacing;
      if (!(position >= -1 && position <= extent)) continue;
      position = std::clamp(position, 0.0, extent - 1);
      const int64_t low = static_cast<int64_t>(position), high = std::min(low + 1, size - 1);
      const double fraction = position - static_cast<double>(low);
      if (used.begin == used.end) used = {low, low};
      used = {std::min(used.begin, low), std::max(used.end, high + 1)};
      weights[low] += static_cast<float>((1 - fraction) / samples);
      weights[high] += static_cast<float>(fraction / samples);
    }
    return used;
  }

  const KernelTable& kernels_;
  RoiGeometry g_;
  int64_t channels_;
};

Status read_geometry(SpecReader& reader, RoiGeometry& g) {
  g.input = reader.input(0);
  g.boxes = reader.input(1);
  g.output = reader.output(0);
  g.spatial_scale = reader.number("spatialScale");
  reader.expect(g.boxes.shape[kC] == 4 && g.boxes.shape[kD] == 1 && g.boxes.shape[kH] == 1, "expected boxes of four coordinates");
  reader.expect(g.boxes.shape[kW] == g.output.shape[kD], "expected an output for every box");
  reader.expect(g.boxes.shape[kN] == g.input.shape[kN], "expected input and boxes of the same batch");
  reader.expect(g.input.shape[kD] == 1, "expected an image without depth");
  expect_same_batch_and_channels(reader, g.input, g.output);
  return reader.status();
}

}  // namespace

Status make_roi_pool_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  RoiGeometry geometry;
  if (Status status = read_geometry(reader, geometry); !status.ok()) return status;

  step = std::make_unique<RoiPool>(context.kernels, geometry);
  return Status::Ok();
}

Status make_roi_align_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  constexpr int64_t kMostSamples = 4096;
  RoiGeometry geometry;
  geometry.sampling_ratio = reader.integer("samplingRatio", 0, kMostSamples);
  geometry.aligned = reader.integer("aligned", 0, 1) == 1;
  if (Status status = read_geometry(reader, geometry); !status.ok()) return status;

  step = std::make_unique<RoiAlign>(context.kernels, geometry);
  return Status::Ok();
}

}  // namespace im2col
