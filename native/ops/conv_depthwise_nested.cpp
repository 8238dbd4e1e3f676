// Depthwise convolution with a large kernel by a nested form of Winograd's filtering: the kernel is cut into blocks of r x r taps,
// each of which is an F(m x m, r x r). With m = r a tile of inputs that one block reads lies m pixels from that of the next block,
// which is where the next tile of outputs lies, too, so every tile of inputs is transformed once, for all blocks:
//
//   V(g) = B^T d(g) B                             tile g of the inputs, t x t pixels from m g on, t = m + r - 1
//   M(o) = sum over blocks b of U(b) * V(o + b)   U(b) = G k(b) G^T, k(b) the taps of block b
//   y(o) = A^T M(o) A                             tile o of the outputs, m x m pixels from m o on
//
// The sum is, for each of the t x t values of a tile, a depthwise convolution of an image whose pixels are the tiles, with the blocks as
// the taps of its kernel: depthwise_f32 does it. A group of channels goes down the image, some rows of tiles at a time; the rows
// of V that the next ones read again stay in a ring.
#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "conv_weights.h"
#include "depthwise_planes.h"
#include "winograd_kernel.h"
#include "winograd_tiles.h"

namespace im2col {

namespace {

constexpr int kForm = 4;
constexpr WinogradForm kTile = kWinogradForms[kForm];
static_assert(kTile.outputs == kTile.taps && kTile.axes == 2, "tiles and blocks have to keep step");

// With fewer taps on an axis the transforms cost what they save, and their errors stand out.
constexpr int64_t kFewestTaps = 17;
// The channels of a group: a line of the cache, whole vectors of every instruction set.
constexpr int64_t kGroupChannels = 16;
// What the rows of tiles that are computed together may take of the second-level cache.
constexpr int64_t kCachedElements = 160 * 1024;
// A pair of rows shares its inputs.
constexpr int64_t kFewestRows = 2;
constexpr int64_t kTasksPerThread = 4;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Elements of `cells` pixels of a group. An odd number of lines keeps the values of a tile off the same places of the caches.
int64_t row_of(int64_t cells) { return (cells | 1) * kGroupChannels; }

// How tiles of outputs and of inputs, and blocks of taps, follow one another along an axis.
struct NestedAxis {
  int64_t outputs;  // tiles
  int64_t blocks;
  // Tiles of inputs that are not all padding; at least one counts as such.
  int64_t first;
  int64_t last;

  NestedAxis(const ConvGeometry& p, int axis) : outputs(ceil_div(p.output.shape[1 + axis], kTile.outputs)), blocks(ceil_div(p.kernel[axis], kTile.taps)) {
    const int64_t pad = p.pad_start[axis], reach = pad - kTile.inputs();
    last = std::min(inputs(), ceil_div(p.input.shape[1 + axis] + pad, kTile.outputs));
    first = std::min(last - 1, reach < 0 ? 0 : reach / kTile.outputs + 1);
  }

  int64_t inputs() const { return outputs + blocks - 1; }  // tiles
};

// The same convolution with a tile of outputs for every tile of inputs, and one block of taps.
ConvGeometry geometry_of_inputs(ConvGeometry p, const NestedAxis& y, const NestedAxis& x) {
  p.kernel = {1, kTile.taps, kTile.taps};
  p.output.shape[kH] = y.inputs() * kTile.outputs;
  p.output.shape[kW] = x.inputs() * kTile.outputs;
  return p;
}

// U as [group of channels][value][vector of channels][1 + blocks][lane], as depthwise_f32 reads it for each value, with biases of zero;
// then the biases of all channels.
struct PackedNested {
  int64_t blocks;
  int64_t padded_channels;  // whole vectors
  WeightStore::Packed data;

  int64_t group_channels(int64_t first) const { return std::min(kGroupChannels, padded_channels - first); }
  // Where the weights of a value lie for the group whose first channel is `first`.
  int64_t position(int64_t first, int value) const { return (first * kTile.values() + group_channels(first) * value) * (1 + blocks); }
  int64_t biases() const { return padded_channels * kTile.values() * (1 + blocks); }
  int64_t size() const { return biases() + padded_channels; }
};

// Block (by, bx) of a channel's kernel.
void read_block(const ConvProblem& p, const float* source, const WeightForm& use, int64_t by, int64_t bx, double* block) {
  const int64_t height = p.kernel[1], width = p.kernel[2];
  for (int64_t i = 0; i < kTile.taps; ++i) {
    for (int64_t j = 0; j < kTile.taps; ++j) {
      const int64_t y = by * kTile.taps + i, x = bx * kTile.taps + j, tap = y * width + x;
      *block++ = y < height && x < width ? use(source[p.flip ? height * width - 1 - tap : tap]) : 0;
    }
  }
}

Status pack_nested(const ConvProblem& p, const NestedAxis& y, const NestedAxis& x, const BuildContext& context, PackedNested& packed) {
  const int64_t lanes = context.kernels.lanes, channels = p.out_channels();
  packed.blocks = y.blocks * x.blocks;
  packed.padded_channels = ceil_div(channels, lanes) * lanes;
  const WinogradKernelTransform transform(kTile);
  const auto pack = [&](float* destination) {
    std::fill_n(destination, packed.size(), 0.0f);
    context.parallel.run(channels, [&](int64_t c, int) {
      const int64_t group = c / kGroupChannels * kGroupChannels;
      const float* source = p.weight->data() + c * p.taps();
      const int64_t place = (c - group) / lanes * (1 + packed.blocks) * lanes + c % lanes;
      for (int64_t block = 0; block < packed.blocks; ++block) {
        double taps[kTile.taps * kTile.taps], u[kTile.values()];
        read_block(p, source, p.weight_form(c), block / x.blocks, block % x.blocks, taps);
        transform.apply(taps, u);
        for (int value = 0; value < kTile.values(); ++value) {
          destination[packed.position(group, value) + place + (1 + block) * lanes] = static_cast<float>(u[value]);
        }
      }
      if (p.bias) destination[packed.biases() + c] = p.bias->data()[c];
    });
  };
  const std::string kind = "nested " + std::to_string(p.kernel[1]) + " x " + std::to_string(p.kernel[2]) + " lanes " + std::to_string(lanes) +
                           (p.flip ? " flipped" : "");
  return context.weights.get(*p.weight, kind, static_cast<size_t>(packed.size()), pack, packed.data);
}

class DepthwiseNested final : public Step {
 public:
  DepthwiseNested(const ConvProblem& p, const NestedAxis& y, const NestedAxis& x, const BuildContext& context, PackedNested packed)
      : kernels_(context.kernels),
        geometry_(p),
        packed_(std::move(packed)),
        y_(y),
        x_(x),
        inputs_(geometry_of_inputs(p, y, x), kTile),
        outputs_(p, kTile),
        columns_(x.last - x.first, x.outputs, x.blocks, 1, x.first) {
    const int64_t value_row = row_of(columns_.count), product_row = row_of(x_.outputs);
    const int64_t cached = kCachedElements / kTile.values() - (y_.blocks - 1) * value_row;
    rows_ = std::clamp(cached / (value_row + product_row), std::min(kFewestRows, y_.outputs), y_.outputs);
    ring_ = rows_ + y_.blocks - 1;
    value_stride_ = value_row;
    product_stride_ = product_row;
    for (int64_t g = 0; g < y_.inputs(); ++g) {
      const bool inside = g >= y_.first && g < y_.last;
      row_offsets_.push_back(inside ? g % ring_ * kTile.values() * value_stride_ + (columns_.before - x_.first) * kGroupChannels : kRowOfZeros);
    }
  }

  size_t scratch_size() const override { return static_cast<size_t>(kTile.values() * (ring_ * value_stride_ + rows_ * product_stride_)); }

  // A task is a group of channels of some rows of tiles of one image.
  void run(const RunContext& context) const override {
    const ConvGeometry& p = geometry_;
    zero_halo(p.output, context.arena);
    const int64_t groups = ceil_div(p.out_channels(), kGroupChannels), planes = p.output.shape[kN] * p.output.shape[kD] * groups;
    const int64_t threads = context.parallel.max_threads(), wanted = threads > 1 ? kTasksPerThread * threads : 1;
    const int64_t cuts = std::min(ceil_div(y_.outputs, rows_), ceil_div(wanted, planes));
    context.parallel.run(planes * cuts, [&](int64_t task, int thread) {
      const int64_t plane = task / cuts, cut = task % cuts, image = plane / groups, channel = plane % groups * kGroupChannels;
      float* values = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
      const Group group = {image / p.output.shape[kD], image % p.output.shape[kD], channel, std::min(kGroupChannels, p.out_channels() - channel),
                           values, values + kTile.values() * ring_ * value_stride_};
      run_rows(context.arena, group, y_.outputs * cut / cuts, y_.outputs * (cut + 1) / cuts);
    });
  }

  std::string algorithm() const override { return "nested"; }
  double flops() const override { return geometry_.flops(); }

 private:
  // Some channels of an image, and where a thread computes them.
  struct Group {
    int64_t n, d, channel, channels;
    float* values;    // [row of the ring][value][cell][channel]
    float* products;  // [row][value][tile][channel]
  };

  // Rows [first, last) of the tiles of outputs.
  void run_rows(float* arena, const Group& group, int64_t first, int64_t last) const {
    clear_columns(group);
    int64_t next = std::max(y_.first, first);
    for (int64_t row = first; row < last; row += rows_) {
      const int64_t rows = std::min(rows_, last - row);
      for (const int64_t end = std::min(y_.last, row + rows + y_.blocks - 1); next < end; ++next) transform_row(arena, group, next);
      multiply(group, row, rows);
      for (int64_t i = 0; i < rows; ++i) finish_row(arena, group, row + i, i);
    }
  }

  // The cells of zeros before and behind every row of the ring.
  void clear_columns(const Group& group) const {
    const int64_t inside = columns_.before + columns_.width;
    for (int64_t i = 0; i < ring_ * kTile.values(); ++i) {
      float* row = group.values + i * value_stride_;
      std::fill_n(row, columns_.before * kGroupChannels, 0.0f);
      std::fill_n(row + inside * kGroupChannels, (columns_.count - inside) * kGroupChannels, 0.0f);
    }
  }

  void transform_row(const float* arena, const Group& group, int64_t row) const {
    float* to = group.values + row % ring_ * kTile.values() * value_stride_ + columns_.before * kGroupChannels;
    const float* pixels[kTile.values()];
    for (int64_t column = x_.first; column < x_.last; ++column, to += kGroupChannels) {
      inputs_.pixels({group.n, group.d, row * kTile.outputs, column * kTile.outputs}, 0, arena + group.channel, nullptr, pixels);
      kernels_.winograd_input_f32({kForm, pixels, to, value_stride_, group.channels, nullptr, 0});
    }
  }

  void multiply(const Group& group, int64_t row, int64_t rows) const {
    for (int value = 0; value < kTile.values(); ++value) {
      kernels_.depthwise_f32({group.values + value * value_stride_, row_offsets_.data() + row, 1, kGroupChannels, kGroupChannels, y_.blocks,
                              x_.blocks, x_.first, x_.first + columns_.width, packed_.data->data() + packed_.position(group.channel, value),
                              group.products + value * product_stride_, kTile.values() * product_stride_, kGroupChannels, nullptr, 0, 0, rows,
                              x_.outputs, group.channels, {}});
    }
  }

  void finish_row(float* arena, const Group& group, int64_t row, int64_t index) const {
    const ViewSpec& output = geometry_.output;
    const ViewSpec& residual = geometry_.residual;
    const float* products = group.products + index * kTile.values() * product_stride_;
    for (int64_t column = 0; column < x_.outputs; ++column, products += kGroupChannels) {
      const WinogradTiles::Tile at = {group.n, group.d, row * kTile.outputs, column * kTile.outputs};
      kernels_.winograd_output_f32(
          {kForm, products, product_stride_, packed_.data->data() + packed_.biases() + group.channel,
           arena + cell_offset(output, at.n, at.d, at.h, at.w) + group.channel, output.strides[kH], output.strides[kW],
           geometry_.has_residual ? arena + cell_offset(residual, at.n, at.d, at.h, at.w) + group.channel : nullptr, residual.strides[kH],
           residual.strides[kW], outputs_.rows_inside(at), outputs_.columns_inside(at), group.channels, geometry_.activation});
    }
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  PackedNested packed_;
  NestedAxis y_, x_;
  WinogradTiles inputs_;
  WinogradTiles outputs_;
  PlaneColumns columns_;
  int64_t rows_;  // of tiles that are computed together
  int64_t ring_;  // rows of V that are kept
  int64_t value_stride_;
  int64_t product_stride_;
  std::vector<ptrdiff_t> row_offsets_;  // of the rows of V, as if each began with the first of all columns
};

bool applies(const ConvProblem& p) {
  return is_flat_depthwise(p) && p.stride[1] == 1 && p.stride[2] == 1 && p.kernel[1] >= kFewestTaps && p.kernel[2] >= kFewestTaps;
}

// The taps of the middle stage, somewhat more along the rows, where a tile skips for all of its pixels; the transforms; and the
// arrival of the weights, each of which is used for few pixels.
double cost(const ConvProblem& p, const KernelTable& kernels) {
  constexpr double kTransformCost = 32;  // operations for each element of a transformed tile
  constexpr double kTapEfficiency = 0.5;
  const NestedAxis y(p, 1), x(p, 2);
  const auto taps = [](const NestedAxis& a) { return valid_taps(a.outputs, a.blocks, 1, a.first, a.last - a.first); };
  const double along_rows = 0.5 * (taps(x) + static_cast<double>(x.outputs * x.blocks));
  const double tiles = static_cast<double>((y.last - y.first) * (x.last - x.first) + y.outputs * x.outputs);
  const double channels = static_cast<double>(p.out_channels()), images = static_cast<double>(p.output.shape[kN] * p.output.shape[kD]);
  const double weights = static_cast<double>(y.blocks * x.blocks * static_cast<int64_t>(sizeof(float))) * operations_per_byte(kernels);
  return channels * kTile.values() * (images * (2 * taps(y) * along_rows / kTapEfficiency + kTransformCost * tiles) + weights);
}

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  const NestedAxis y(problem, 1), x(problem, 2);
  PackedNested packed;
  if (Status status = pack_nested(problem, y, x, context, packed); !status.ok()) return status;
  step = std::make_unique<DepthwiseNested>(problem, y, x, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvDepthwiseNested = {"nested", applies, cost, make};

}  // namespace im2col
