// Winograd's convolution: fewer multiplications, for transforms of input and output and larger weights. See
// kernels/winograd.inl.h for the arithmetic, kernels/winograd_forms.h for the forms that there are and winograd_weights.h for
// strides.
//
// A block of tiles is transformed, then it meets the panels of weights, one or some at a time, value by value. With small weights
// the blocks are small enough for the second-level cache and each thread has its own. With large weights, which would be
// read again for every block, blocks are as large as memory allows and the threads share one: first its tiles, then the panels.
#include <algorithm>
#include <vector>

#include "winograd_tiles.h"
#include "winograd_weights.h"

namespace im2col {

namespace {

constexpr int64_t kResidentWeightsBytes = 1024 * 1024;
constexpr int64_t kOwnBlockBytes = 768 * 1024;
constexpr int64_t kSharedBlockBytes = 8 * 1024 * 1024;
// The weights of larger panels push the block's tiles out of that cache: then several panels meet each value of the tiles while
// it is there, as many as have room for their products.
constexpr int64_t kCachedPanelBytes = 768 * 1024;
constexpr int64_t kProductsBytes = 768 * 1024;
// Enough tasks for threads that finish unevenly.
constexpr int64_t kTasksPerThread = 4;
// Keeps neighbouring rows of tiles and of values off the same lines of the first-level cache.
constexpr int64_t kSkew = 16;
// Sums of fewer products are so exact that the errors of the transforms would be more than four times theirs.
constexpr int64_t kFewestChannels = 12;
// With fewer channels in a group the transforms cost more than what they save.
constexpr int64_t kFewestGroupChannels = 24;

int64_t round_up(int64_t size) { return (size + kSkew - 1) / kSkew * kSkew; }

class WinogradConv final : public Step {
 public:
  WinogradConv(const ConvProblem& p, int form, const BuildContext& context, PackedWinograd packed)
      : kernels_(context.kernels),
        geometry_(p),
        packed_(std::move(packed)),
        form_(form),
        tiles_(p, kWinogradForms[form]),
        tile_stride_(round_up(packed_.groups * packed_.channels) + kSkew) {
    const Panels& cuts = packed_.panels;
    for (int64_t i = 0; i < packed_.groups * cuts.count(); ++i) {
      const int64_t group = i / cuts.count(), panel = i % cuts.count();
      panels_.push_back({packed_.weights(group, panel, 0), packed_.channels * cuts.vectors(panel) * cuts.lanes(), cuts.vectors(panel),
                         packed_.bias(group, panel), group, group * p.group_out() + cuts.first_channel(panel), cuts.channels(panel)});
    }
    const int64_t weights_bytes = packed_.weights_size() * static_cast<int64_t>(sizeof(float));
    shared_ = weights_bytes > kResidentWeightsBytes;
    const int64_t tile_bytes = packed_.values * tile_stride_ * static_cast<int64_t>(sizeof(float));
    int64_t most = std::max<int64_t>(1, (shared_ ? kSharedBlockBytes : kOwnBlockBytes) / tile_bytes);
    const int64_t blocks = (tiles_.count() + most - 1) / most;
    block_ = (tiles_.count() + blocks - 1) / blocks;
    const int64_t panel_bytes = packed_.values * packed_.channels * panel_width() * static_cast<int64_t>(sizeof(float));
    const int64_t product_bytes = packed_.values * block_ * panel_width() * static_cast<int64_t>(sizeof(float));
    if (panel_bytes > kCachedPanelBytes) together_ = std::clamp<int64_t>(kProductsBytes / product_bytes, 1, panels());
    product_stride_ = together_ * panel_width();
  }

  // The block's transformed tiles, its products with some panels, and what a tile gathers, now and next.
  size_t scratch_size() const override {
    return static_cast<size_t>(packed_.values * (value_stride(block_) + product_value_stride(block_)) + 2 * round_up(tiles_.gather_size()));
  }

  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    const int64_t tiles = tiles_.count();
    if (shared_) {
      for (int64_t first = 0; first < tiles; first += block_) run_shared(context, first, std::min(block_, tiles - first));
      return;
    }
    // As many blocks for every thread, when there are enough tiles.
    const int64_t threads = context.parallel.max_threads();
    const int64_t fewest = (tiles + block_ - 1) / block_;
    const int64_t blocks = std::min(tiles, (fewest + threads - 1) / threads * threads);
    context.parallel.run(blocks, [&](int64_t i, int thread) {
      const int64_t first = tiles * i / blocks, count = tiles * (i + 1) / blocks - first;
      const Scratch scratch = scratch_of(context, thread);
      transform(context.arena, {first, count}, 0, count, scratch.values, scratch.gather);
      const int64_t parts = parts_for(1);
      for (int64_t part = 0; part < parts; ++part) run_panels(context, {first, count}, part, parts, scratch.values, scratch.products);
    });
  }

  std::string algorithm() const override { return "winograd" + std::to_string(kWinogradForms[form_].outputs); }
  double flops() const override { return geometry_.flops(); }
  UpcomingWeights first_weights() const override { return weights(panels_.front(), 0); }

 private:
  static constexpr int64_t kTilesPerTask = 8;

  // A panel of the panels of all groups.
  struct Panel {
    const float* weights;  // of the first value
    int64_t size;          // of the weights of one value
    int vectors;
    const float* bias;
    int64_t group;
    int64_t channel;       // of the output, the panel's first
    int channels;

  };
  static UpcomingWeights weights(const Panel& panel, int value) { return {panel.weights + value * panel.size, panel.size}; }

  struct Block {
    int64_t first;  // tile
    int64_t count;
  };

  struct Scratch {
    float* values;    // [value][tile][channel]
    float* products;  // [value][tile][channel of the panels]
    float* gather;
  };
  Scratch scratch_of(const RunContext& context, int thread) const {
    float* start = context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
    float* products = start + packed_.values * value_stride(block_);
    return {start, products, products + packed_.values * product_value_stride(block_)};
  }
  int64_t panel_width() const { return int64_t{packed_.panels.widest()} * packed_.panels.lanes(); }
  int64_t value_stride(int64_t count) const { return count * tile_stride_ + kSkew; }
  int64_t product_value_stride(int64_t count) const { return count * product_stride_ + kSkew; }

  int64_t panels() const { return static_cast<int64_t>(panels_.size()); }
  // How many parts the panels are cut into: at least `fewest`, if there are so many panels.
  int64_t parts_for(int64_t fewest) const { return std::min(panels(), std::max(fewest, (panels() + together_ - 1) / together_)); }

  void run_shared(const RunContext& context, int64_t first, int64_t count) const {
    float* values = scratch_of(context, 0).values;
    const int64_t tasks = (count + kTilesPerTask - 1) / kTilesPerTask;
    context.parallel.run(tasks, [&](int64_t i, int thread) {
      transform(context.arena, {first, count}, i * kTilesPerTask, std::min(count, (i + 1) * kTilesPerTask), values,
                scratch_of(context, thread).gather);
    });
    const int64_t threads = context.parallel.max_threads(), parts = parts_for(threads > 1 ? kTasksPerThread * threads : 1);
    context.parallel.run(parts, [&](int64_t part, int thread) {
      run_panels(context, {first, count}, part, parts, values, scratch_of(context, thread).products);
    });
  }

  // V of the tiles [begin, end) of a block. While one is transformed the next one's pixels are prefetched.
  void transform(const float* arena, const Block& block, int64_t begin, int64_t end, float* values, float* gather) const {
    const int64_t phases = tiles_.row_phases();
    const float* runs[2][kMaxWinogradValues];
    const auto locate = [&](int64_t step) {
      tiles_.pixels(tiles_.at(block.first + step / phases), step % phases, arena, gather + step % 2 * round_up(tiles_.gather_size()), runs[step % 2]);
    };
    locate(begin * phases);
    for (int64_t step = begin * phases; step < end * phases; ++step) {
      const bool more = step + 1 < end * phases;
      if (more) locate(step + 1);
      const float* const* fresh = runs[(step + 1) % 2] + tiles_.values() - tiles_.fresh();
      kernels_.winograd_input_f32({form_, runs[step % 2], values + step / phases * tile_stride_ + step % phases * tiles_.run(),
                                   value_stride(block.count), tiles_.run(), fresh, more ? tiles_.fresh() : 0});
    }
  }

  // A block against one of the parts of the panels.
  void run_panels(const RunContext& context, const Block& block, int64_t part, int64_t parts, const float* values, float* products) const {
    const Panel* const first = panels_.data() + panels() * part / parts;
    const Panel* const last = panels_.data() + panels() * (part + 1) / parts;
    for (int value = 0; value < packed_.values; ++value) {
      float* to = products + value * product_value_stride(block.count);
      for (const Panel* panel = first; panel < last; ++panel, to += panel_width()) {
        const UpcomingWeights next = panel + 1 < last             ? weights(panel[1], value)
                                     : value + 1 < packed_.values ? weights(*first, value + 1)
                                     : part + 1 < parts           ? weights(*last, 0)
                                                                  : context.upcoming;
        multiply(values + value * value_stride(block.count), *panel, value, block.count, next, to);
      }
    }
    for (int64_t tile = 0; tile < block.count; ++tile, products += product_stride_) {
      for (const Panel* panel = first; panel < last; ++panel) finish(context.arena, block, tile, *panel, products + (panel - first) * panel_width());
    }
  }

  // M of a block's tiles at one value, for one panel. The weights that come next are prefetched.
  void multiply(const float* values, const Panel& panel, int value, int64_t count, const UpcomingWeights& next, float* products) const {
    kernels_.winograd_products_f32({values + panel.group * packed_.channels, tile_stride_, count, packed_.channels, weights(panel, value).start,
                                    panel.vectors, products, product_stride_, next.start, std::min(next.size, panel.size), shared_});
  }

  // The outputs of a tile of a block, of the channels of one panel.
  void finish(float* arena, const Block& block, int64_t tile, const Panel& panel, const float* products) const {
    // A tile along the height alone is a row whose pixels lie a row of the image apart.
    const bool upright = geometry_.kernel[2] == 1;
    const ViewSpec& output = geometry_.output;
    const ViewSpec& residual = geometry_.residual;
    const WinogradTiles::Tile at = tiles_.at(block.first + tile);
    const int rows = tiles_.rows_inside(at), columns = tiles_.columns_inside(at);
    kernels_.winograd_output_f32(
        {form_, products, product_value_stride(block.count), panel.bias,
         arena + cell_offset(output, at.n, at.d, at.h, at.w) + panel.channel, output.strides[2], output.strides[upright ? 2 : 3],
         geometry_.has_residual ? arena + cell_offset(residual, at.n, at.d, at.h, at.w) + panel.channel : nullptr, residual.strides[2],
         residual.strides[upright ? 2 : 3], upright ? columns : rows, upright ? rows : columns, panel.channels, geometry_.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  PackedWinograd packed_;
  int form_;
  WinogradTiles tiles_;
  std::vector<Panel> panels_;
  int64_t tile_stride_;    // between the transformed tiles of one value
  int64_t product_stride_ = 0;  // and between their products
  int64_t together_ = 1;   // panels that meet a block value by value, at most
  bool shared_ = false;
  int64_t block_ = 1;      // tiles
};

// The form with tiles of `outputs` that computes a convolution, or -1.
int find_form(const ConvProblem& p, int outputs) {
  if (p.in_channels() * p.stride[1] * p.stride[2] < kFewestChannels) return -1;
  const bool flat = p.kernel[0] == 1 && p.stride[0] == 1 && p.pad_start[0] == 0 && p.input.shape[kD] == p.output.shape[kD];
  if ((p.groups > 1 && p.group_in() < kFewestGroupChannels) || p.dilation != std::array<int64_t, 3>{1, 1, 1} || !flat) return -1;
  const int axes = (p.kernel[1] > 1) + (p.kernel[2] > 1);
  const int64_t kernel = std::max(p.kernel[1], p.kernel[2]), stride = std::max(p.stride[1], p.stride[2]);
  if (axes == 2 && (p.kernel[1] != p.kernel[2] || p.stride[1] != p.stride[2])) return -1;
  // With a stride the pixels of a run have to be neighbours in memory.
  if (stride > 1 && (axes == 1 || p.groups > 1 || p.input.strides[3] != p.in_channels())) return -1;
  for (int i = 0; i < kWinogradFormCount; ++i) {
    const WinogradForm& form = kWinogradForms[i];
    if (form.outputs == outputs && form.axes == axes && form.taps == (kernel + stride - 1) / stride) return i;
  }
  return -1;
}

template <int kOutputs>
bool applies(const ConvProblem& p) {
  return find_form(p, kOutputs) >= 0;
}

// The products, of tiles that may hang over the edge, or the arrival of the transformed weights; and the transforms, which
// touch every element of a tile twice.
template <int kOutputs>
double cost(const ConvProblem& p, const KernelTable& kernels) {
  constexpr double kTransformCost = 11;  // operations for each element of a transformed tile
  constexpr double kTileChannels = 10;   // the start and the end of a GEMM tile, in input channels
  constexpr double kPanelChannels = 50;  // and of what arrives of a panel's weights for one value
  const WinogradForm& form = kWinogradForms[find_form(p, kOutputs)];
  const Panels panels = gemm_panels(p.group_out(), p.stride[1] * p.stride[2] * p.group_in(), kernels);
  const double values = form.values() * static_cast<double>(WinogradTiles(p, form).count());
  const double phases = static_cast<double>(p.stride[1] * p.stride[2]);
  const double in = phases * static_cast<double>(p.in_channels()), group_in = phases * static_cast<double>(p.group_in());
  const double out = static_cast<double>(p.groups * panels.padded_channels());
  const double products = std::max(2 * values * (group_in + kTileChannels) * out / (0.9 * gemm_efficiency(panels)),
                                   form.values() * (group_in + kPanelChannels) * out * sizeof(float) * operations_per_byte(kernels));
  return products + values * kTransformCost * (in + out);
}

template <int kOutputs>
Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  const int form = find_form(problem, kOutputs);
  PackedWinograd packed;
  if (Status status = pack_winograd(problem, kWinogradForms[form], context, packed); !status.ok()) return status;
  step = std::make_unique<WinogradConv>(problem, form, context, std::move(packed));
  return Status::Ok();
}

template <int kOutputs>
constexpr ConvAlgorithm algorithm(const char* name) {
  return {name, applies<kOutputs>, cost<kOutputs>, make<kOutputs>, kOutputs == 6};
}

}  // namespace

const ConvAlgorithm kConvWinograd2 = algorithm<2>("winograd2");
const ConvAlgorithm kConvWinograd3 = algorithm<3>("winograd3");
const ConvAlgorithm kConvWinograd4 = algorithm<4>("winograd4");
const ConvAlgorithm kConvWinograd6 = algorithm<6>("winograd6");

}  // namespace im2col
