// Winograd's convolution for 3 x 3 kernels with stride 1: fewer multiplications, for transforms of input and output and
// larger weights. See kernels/winograd.inl.h for the arithmetic.
//
// A block of tiles is transformed, then every panel of weights meets it, tap by tap. With small weights the blocks are
// small enough for the second-level cache and each thread has its own. With large weights, which would be read
// again for every block, blocks are as large as memory allows and the threads share one: first its tiles, then the panels.
#include <algorithm>
#include <new>
#include <vector>

#include "view.h"
#include "winograd_weights.h"

namespace im2col {

namespace {

constexpr int64_t kResidentWeightsBytes = 1024 * 1024;
constexpr int64_t kOwnBlockBytes = 768 * 1024;
constexpr int64_t kSharedBlockBytes = 8 * 1024 * 1024;
// Keeps the rows of one tap of neighbouring tiles off the same lines of the first-level cache.
constexpr int64_t kSkew = 16;
constexpr int64_t kPrefetchParts = 16;
alignas(64) constexpr float kNoBias[kMaxPanelVectors * 16] = {};

class WinogradConv final : public Step {
 public:
  WinogradConv(const ConvProblem& p, int outputs, const BuildContext& context, PackedWinograd packed)
      : kernels_(context.kernels),
        geometry_(p),
        packed_(std::move(packed)),
        outputs_(outputs),
        side_(outputs + 2),
        rows_((p.output.shape[kH] + outputs - 1) / outputs),
        columns_((p.output.shape[kW] + outputs - 1) / outputs),
        tiles_(p.output.shape[kN] * p.output.shape[kD] * rows_ * columns_),
        tile_stride_((p.in_channels() + kSkew - 1) / kSkew * kSkew + kSkew),
        product_stride_(packed_.panels.widest() * packed_.panels.lanes()),
        zeros_(static_cast<size_t>(p.in_channels()), 0.0f) {
    const int64_t weights_bytes = packed_.panels.padded_channels() * packed_.taps * p.in_channels() * static_cast<int64_t>(sizeof(float));
    shared_ = weights_bytes > kResidentWeightsBytes;
    const int64_t tile_bytes = packed_.taps * tile_stride_ * static_cast<int64_t>(sizeof(float));
    const int64_t most = std::max<int64_t>(1, (shared_ ? kSharedBlockBytes : kOwnBlockBytes) / tile_bytes);
    const int64_t blocks = (tiles_ + most - 1) / most;
    block_ = (tiles_ + blocks - 1) / blocks;
    for (int64_t i = 0; i < block_; ++i) {
      tile_offsets_.push_back(i * tile_stride_);
      product_offsets_.push_back(i * product_stride_);
    }
  }

  size_t scratch_size() const override { return static_cast<size_t>(packed_.taps * block_ * (tile_stride_ + product_stride_)); }

  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    if (shared_) {
      for (int64_t first = 0; first < tiles_; first += block_) {
        run_shared(context, first, std::min(block_, tiles_ - first));
      }
      return;
    }
    // As many blocks for every thread, when there are enough tiles.
    const int64_t threads = context.parallel.max_threads();
    const int64_t fewest = (tiles_ + block_ - 1) / block_;
    const int64_t blocks = std::min(tiles_, (fewest + threads - 1) / threads * threads);
    context.parallel.run(blocks, [&](int64_t i, int thread) {
      const int64_t first = tiles_ * i / blocks, count = tiles_ * (i + 1) / blocks - first;
      float* transformed = scratch_of(context, thread);
      float* products = transformed + packed_.taps * block_ * tile_stride_;
      for (int64_t tile = 0; tile < count; ++tile) transform(context.arena, first + tile, transformed + tile * tile_stride_, count);
      for (int64_t panel = 0; panel < packed_.panels.count(); ++panel) {
        multiply(transformed, products, panel, count);
        for (int64_t tile = 0; tile < count; ++tile) finish(context.arena, first + tile, panel, products + tile * product_stride_, count);
      }
    });
  }

  std::string algorithm() const override { return "winograd" + std::to_string(outputs_); }
  double flops() const override { return geometry_.flops(); }

 private:
  static constexpr int64_t kTilesPerTask = 8;

  static float* scratch_of(const RunContext& context, int thread) {
    return context.scratch + static_cast<size_t>(thread) * context.scratch_stride;
  }

  void run_shared(const RunContext& context, int64_t first, int64_t count) const {
    float* transformed = scratch_of(context, 0);
    const int64_t tasks = (count + kTilesPerTask - 1) / kTilesPerTask;
    context.parallel.run(tasks, [&](int64_t i, int) {
      for (int64_t tile = i * kTilesPerTask; tile < std::min(count, (i + 1) * kTilesPerTask); ++tile) {
        transform(context.arena, first + tile, transformed + tile * tile_stride_, count);
      }
    });
    context.parallel.run(packed_.panels.count(), [&](int64_t panel, int thread) {
      float* products = scratch_of(context, thread) + packed_.taps * block_ * tile_stride_;
      multiply(transformed, products, panel, count);
      for (int64_t tile = 0; tile < count; ++tile) finish(context.arena, first + tile, panel, products + tile * product_stride_, count);
    });
  }

  struct TilePosition {
    int64_t n, d, h, w;  // of the tile's first output pixel
  };
  TilePosition position(int64_t tile) const {
    const int64_t plane = tile / (rows_ * columns_), depth = geometry_.output.shape[kD];
    return {plane / depth, plane % depth, tile / columns_ % rows_ * outputs_, tile % columns_ * outputs_};
  }

  // V of one tile: taps lie count * tile_stride_ apart.
  void transform(const float* arena, int64_t tile, float* transformed, int64_t count) const {
    const TilePosition at = position(tile);
    const ViewSpec& input = geometry_.input;
    const float* plane = arena + cell_offset(input, at.n, at.d, 0, 0);
    const float* pixels[kMaxWinogradTaps];
    for (int y = 0; y < side_; ++y) {
      const int64_t h = at.h + y - geometry_.pad_start[1];
      for (int x = 0; x < side_; ++x) {
        const int64_t w = at.w + x - geometry_.pad_start[2];
        const bool inside = h >= 0 && h < input.shape[kH] && w >= 0 && w < input.shape[kW];
        pixels[y * side_ + x] = inside ? plane + h * input.strides[2] + w * input.strides[3] : zeros_.data();
      }
    }
    kernels_.winograd_input_f32({outputs_, pixels, transformed, count * tile_stride_, geometry_.in_channels()});
  }

  // M of `count` tiles for one panel: taps lie count * product_stride_ apart.
  void multiply(const float* transformed, float* products, int64_t panel, int64_t count) const {
    const int vectors = packed_.panels.vectors(panel), width = vectors * packed_.panels.lanes();
    const int largest = kernels_.max_pixels[vectors - 1];
    const int64_t groups = (count + largest - 1) / largest;
    const int64_t prefetch_step = groups <= kPrefetchParts ? (width + groups - 1) / groups : 0;
    const int64_t channels = packed_.in_channels;
    const ptrdiff_t run = 0;
    for (int tap = 0; tap < packed_.taps; ++tap) {
      const float* weights = packed_.weights(panel, tap);
      for (int64_t i = 0; i < groups; ++i) {
        const int64_t first = count * i / groups;
        const int pixels = static_cast<int>(count * (i + 1) / groups - first);
        kernels_.gemm_f32({transformed + tap * count * tile_stride_, tile_offsets_.data() + first, &run, 1, channels, weights, kNoBias,
                           products + tap * count * product_stride_, product_offsets_.data() + first, nullptr, nullptr, pixels, vectors,
                           width, {}, weights + (width + i * prefetch_step) * channels, prefetch_step});
      }
    }
  }

  void finish(float* arena, int64_t tile, int64_t panel, const float* products, int64_t count) const {
    const TilePosition at = position(tile);
    const ViewSpec& output = geometry_.output;
    const ViewSpec& residual = geometry_.residual;
    const int64_t channel = packed_.panels.first_channel(panel);
    kernels_.winograd_output_f32({outputs_, products, count * product_stride_, packed_.bias(panel),
                                  arena + cell_offset(output, at.n, at.d, at.h, at.w) + channel, output.strides[2], output.strides[3],
                                  geometry_.has_residual ? arena + cell_offset(residual, at.n, at.d, at.h, at.w) + channel : nullptr,
                                  residual.strides[2], residual.strides[3],
                                  static_cast<int>(std::min<int64_t>(outputs_, output.shape[kH] - at.h)),
                                  static_cast<int>(std::min<int64_t>(outputs_, output.shape[kW] - at.w)),
                                  packed_.panels.channels(panel), geometry_.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  PackedWinograd packed_;
  int outputs_;            // m
  int side_;               // t
  int64_t rows_;           // of tiles in an image
  int64_t columns_;
  int64_t tiles_;
  int64_t tile_stride_;    // between the transformed tiles of one tap
  int64_t product_stride_;
  std::vector<float> zeros_;  // the pixels outside of the image
  bool shared_ = false;
  int64_t block_ = 1;      // tiles
  std::vector<ptrdiff_t> tile_offsets_;
  std::vector<ptrdiff_t> product_offsets_;
};

bool applies(const ConvProblem& p) {
  const std::array<int64_t, 3> ones = {1, 1, 1};
  return p.groups == 1 && p.kernel == std::array<int64_t, 3>{1, 3, 3} && p.stride == ones && p.dilation == ones && p.pad_start[0] == 0 &&
         p.input.shape[kD] == p.output.shape[kD];
}

// The products, of tiles that may hang over the edge, or the arrival of the transformed weights; and the transforms, which
// touch every element of a tile twice.
template <int kOutputs>
double cost(const ConvProblem& p, const KernelTable& kernels) {
  constexpr double kTaps = (kOutputs + 2) * (kOutputs + 2);
  constexpr double kTransformCost = 11;  // operations for each element of a transformed tile
  const auto& o = p.output.shape;
  const double rows = static_cast<double>((o[kH] + kOutputs - 1) / kOutputs), columns = static_cast<double>((o[kW] + kOutputs - 1) / kOutputs);
  const double tiles = static_cast<double>(o[kN] * o[kD]) * rows * columns;
  const double in = static_cast<double>(p.in_channels());
  const double out = static_cast<double>(conv_panels(p, kernels).padded_channels());
  const double products = std::max(2 * tiles * kTaps * in * out / 0.85, kTaps * in * out * sizeof(float) * operations_per_byte(kernels));
  return products + tiles * kTaps * kTransformCost * (in + out);
}

template <int kOutputs>
Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  PackedWinograd packed;
  if (Status status = pack_winograd(problem, kOutputs, context, packed); !status.ok()) return status;
  step = std::make_unique<WinogradConv>(problem, kOutputs, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvWinograd2 = {"winograd2", applies, cost<2>, make<2>};
const ConvAlgorithm kConvWinograd4 = {"winograd4", applies, cost<4>, make<4>};

}  // namespace im2col
