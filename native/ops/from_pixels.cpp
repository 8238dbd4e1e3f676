#include "from_pixels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "../runtime/aligned.h"

namespace im2col {
namespace {

constexpr int64_t kMaxExtent = INT32_MAX;

// Source elements that a tile reads from one row: a tile of all lanes stays in the second-level cache.
constexpr int64_t kTileElements = 2048;

// The source positions and weights of outputs [begin, begin + count) of an axis that is resampled to `resized`.
struct Taps {
  std::vector<int32_t> first;
  std::vector<int32_t> count;
  std::vector<float> weights;  // [output][stride]
  int64_t stride = 0;
};

// A filter over distances in source elements; 0 from `radius` on.
struct Filter {
  double radius;
  double (*weight)(double distance);
};

constexpr Filter kTriangle = {1, [](double x) { return std::max(0.0, 1.0 - x); }};

// Keys' cubic convolution with a = -0.5.
constexpr Filter kCubic = {2, [](double x) {
                             constexpr double kA = -0.5;
                             if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
                             return x < 2 ? (((x - 5) * x + 8) * x - 4) * kA : 0.0;
                           }};

// Pillow's definition: the filter grows with the ratio when the axis shrinks, weights beyond the picture's edge are
// dropped and the rest adds up to one.
Taps make_taps(const Filter& filter, int64_t source, int64_t resized, int64_t begin, int64_t count) {
  const double ratio = static_cast<double>(source) / static_cast<double>(resized);
  const double growth = std::max(ratio, 1.0);
  const double support = filter.radius * growth;
  Taps taps;
  taps.first.resize(count);
  taps.count.resize(count);
  taps.stride = std::min(source, 2 * static_cast<int64_t>(std::ceil(support)) + 1);
  taps.weights.assign(count * taps.stride, 0.0f);
  std::vector<double> exact(taps.stride);
  for (int64_t i = 0; i < count; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * ratio;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const int64_t end = std::min(source, static_cast<int64_t>(center + support + 0.5));
    double sum = 0;
    for (int64_t x = first; x < end; ++x) {
      sum += exact[x - first] = filter.weight(std::abs((static_cast<double>(x) - center + 0.5) / growth));
    }
    taps.first[i] = static_cast<int32_t>(first);
    taps.count[i] = static_cast<int32_t>(end - first);
    for (int64_t x = first; x < end; ++x) {
      taps.weights[i * taps.stride + x - first] = static_cast<float>(exact[x - first] / sum);
    }
  }
  return taps;
}

// The part of an output axis that shows the picture.
struct Span {
  int64_t begin;
  int64_t count;
};

Span shown(int64_t offset, int64_t output, int64_t resized) {
  const int64_t begin = std::max<int64_t>(0, -offset);
  return {begin, std::max<int64_t>(0, std::min(output, resized - offset) - begin)};
}

class Resampler {
 public:
  Resampler(const PixelSource& source, const PixelTransform& transform, const KernelTable& kernels, float* output)
      : source_(source),
        transform_(transform),
        kernels_(kernels),
        output_(output),
        x_(shown(transform.left, transform.width, transform.resized_width)),
        y_(shown(transform.top, transform.height, transform.resized_height)) {}

  Status run(const Parallel& parallel) {
    const int64_t area = transform_.width * transform_.height;
    if (x_.count * y_.count < area) fill_padding(area);
    if (x_.count * y_.count == 0) return Status::Ok();

    const Filter& filter = transform_.bicubic ? kCubic : kTriangle;
    if (transform_.bicubic) {
      least_ = 0;
      most_ = 255;
    }
    columns_ = make_taps(filter, source_.width, transform_.resized_width, transform_.left + x_.begin, x_.count);
    rows_ = make_taps(filter, source_.height, transform_.resized_height, transform_.top + y_.begin, y_.count);
    choose_tile();

    const int lanes = kernels_.lanes;
    row_stride_ = (tile_source_size_ + 15) / 16 * 16;
    const int64_t scratch = 2 * lanes * row_stride_ + lanes * tile_width_ * transform_.channels;
    AlignedBuffer buffer(scratch * parallel.max_threads());
    if (!buffer) return {Code::kOutOfMemory, "fromPixels: no memory for " + std::to_string(scratch) + " elements"};
    const int64_t blocks = (y_.count + lanes - 1) / lanes;
    parallel.run(blocks, [&](int64_t block, int thread) { run_block(block * lanes, buffer.data() + thread * scratch); });
    return Status::Ok();
  }

 private:
  void fill_padding(int64_t area) {
    const std::vector<float>& pad = transform_.pad;
    float* output = output_;
    if (transform_.channels_first) {
      for (float value : pad) output = std::fill_n(output, area, value);
    } else {
      for (int64_t i = 0; i < area; ++i) output = std::copy(pad.begin(), pad.end(), output);
    }
  }

  // Outputs per tile, and the largest number of source elements that one of those tiles reads from a row.
  void choose_tile() {
    const int64_t taps = columns_.stride * source_.channels;
    const double step = static_cast<double>(source_.width) / static_cast<double>(transform_.resized_width);
    const double fitting = static_cast<double>(kTileElements - taps) / (step * static_cast<double>(source_.channels));
    tile_width_ = static_cast<int64_t>(std::clamp(fitting, 1.0, static_cast<double>(x_.count)));
    tile_source_size_ = 0;
    for (int64_t x = 0; x < x_.count; x += tile_width_) {
      tile_source_size_ = std::max(tile_source_size_, source_span(x, std::min(tile_width_, x_.count - x)));
    }
  }

  int64_t source_span(int64_t x, int64_t width) const {
    const int64_t last = x + width - 1;
    return (columns_.first[last] + columns_.count[last] - columns_.first[x]) * source_.channels;
  }

  // Rows [y, y + lanes) of the shown part, tile by tile: rows of sums over source rows, transposed so that a vector holds
  // one element of every row, sums along them, and back into the output's layout. Lanes without a row hold anything.
  void run_block(int64_t y, float* scratch) const {
    const int lanes = kernels_.lanes;
    const int64_t height = std::min<int64_t>(lanes, y_.count - y);
    float* const sums = scratch;
    float* const by_row = sums + lanes * row_stride_;
    float* const tile = by_row + lanes * row_stride_;
    std::vector<int32_t> first(tile_width_);
    for (int64_t x = 0; x < x_.count; x += tile_width_) {
      const int64_t width = std::min(tile_width_, x_.count - x);
      const int64_t span = source_span(x, width);
      const int64_t source_x = columns_.first[x];
      for (int64_t r = 0; r < height; ++r) {
        const uint8_t* row = source_.data + (rows_.first[y + r] * source_.width + source_x) * source_.channels;
        kernels_.resample_rows_u8({row, static_cast<ptrdiff_t>(source_.width * source_.channels),
                                   &rows_.weights[(y + r) * rows_.stride], rows_.count[y + r], sums + r * row_stride_, span});
      }
      kernels_.transpose_f32({sums, static_cast<ptrdiff_t>(row_stride_), by_row, lanes, height, span});
      for (int64_t i = 0; i < width; ++i) first[i] = static_cast<int32_t>(columns_.first[x + i] - source_x);
      kernels_.resample_columns_f32({by_row, first.data(), &columns_.count[x], &columns_.weights[x * columns_.stride],
                                     columns_.stride, least_, most_, width, static_cast<int>(source_.channels),
                                     static_cast<int>(transform_.channels), transform_.matrix.data(),
                                     transform_.shift.data(), tile});
      write_tile(tile, x_.begin + x, y_.begin + y, width, height);
    }
  }

  void write_tile(const float* tile, int64_t x, int64_t y, int64_t width, int64_t height) const {
    const ptrdiff_t lanes = kernels_.lanes;
    const int64_t channels = transform_.channels;
    const int64_t pixel = y * transform_.width + x;
    if (!transform_.channels_first) {
      kernels_.transpose_f32({tile, lanes, output_ + pixel * channels, static_cast<ptrdiff_t>(transform_.width * channels),
                              width * channels, height});
      return;
    }
    for (int64_t c = 0; c < channels; ++c) {
      float* plane = output_ + c * transform_.width * transform_.height;
      kernels_.transpose_f32({tile + c * lanes, static_cast<ptrdiff_t>(channels * lanes), plane + pixel,
                              static_cast<ptrdiff_t>(transform_.width), width, height});
    }
  }

  const PixelSource& source_;
  const PixelTransform& transform_;
  const KernelTable& kernels_;
  float* output_;
  Span x_;
  Span y_;
  Taps columns_;
  Taps rows_;
  // Negative weights overshoot at edges; bytes do not.
  float least_ = -std::numeric_limits<float>::infinity();
  float most_ = std::numeric_limits<float>::infinity();
  int64_t tile_width_ = 0;
  int64_t tile_source_size_ = 0;
  int64_t row_stride_ = 0;
};

bool in_range(int64_t value, int64_t maximum) { return value >= 1 && value <= maximum; }

}  // namespace

Status check_pixels(const PixelSource& source, const PixelTransform& transform) {
  if (!in_range(source.channels, kMaxPictureChannels) || !in_range(transform.channels, kMaxPictureChannels)) {
    return Status::Invalid("fromPixels: expected 1 to 4 channels");
  }
  for (int64_t extent : {source.width, source.height, transform.resized_width, transform.resized_height, transform.width,
                         transform.height}) {
    if (!in_range(extent, kMaxExtent)) return Status::Invalid("fromPixels: expected every width and height to be 1 to 2^31 - 1");
  }
  for (int64_t offset : {transform.left, transform.top}) {
    if (offset < -kMaxExtent || offset > kMaxExtent) return Status::Invalid("fromPixels: expected an offset within 2^31 - 1");
  }
  if (source.size / source.channels / source.width < source.height) {
    return Status::Invalid("fromPixels: " + std::to_string(source.size) + " bytes are too few for " +
                           std::to_string(source.width) + " x " + std::to_string(source.height) + " pixels of " +
                           std::to_string(source.channels) + " channels");
  }
  if (transform.width > kMaxExtent / transform.height / transform.channels) {
    return Status::Invalid("fromPixels: the output has more than 2^31 - 1 elements");
  }
  const size_t channels = static_cast<size_t>(transform.channels);
  if (transform.matrix.size() != channels * static_cast<size_t>(source.channels) || transform.shift.size() != channels ||
      transform.pad.size() != channels) {
    return Status::Invalid("fromPixels: the colour map does not fit the channels");
  }
  return Status::Ok();
}

Status from_pixels(const PixelSource& source, const PixelTransform& transform, const KernelTable& kernels,
                   const Parallel& parallel, float* output) {
  return Resampler(source, transform, kernels, output).run(parallel);
}

}  // namespace im2col
