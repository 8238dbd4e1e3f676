// Convolution with a few output channels, as a layer that ends in an image has: every output is the dot product of a pixel's runs,
// which are those of direct convolution, with a row of weights. See kernels/dot_products.inl.h for the arithmetic.
#include <algorithm>
#include <vector>

#include "conv_runs.h"
#include "pixel_grid.h"
#include "view.h"

namespace im2col {

namespace {

// With more of them lanes along the channels are as full.
constexpr int64_t kMostOutputs = 8;
// A task has about so many multiply-adds, and at least so many pixels that tiles are whole.
constexpr int64_t kTaskSize = 1 << 18;
constexpr int64_t kSmallestBlock = 96;

int block_pixels(const ConvProblem& p) {
  return static_cast<int>(std::max(kSmallestBlock, kTaskSize / (p.reduction() * p.out_channels())));
}

class DotConv final : public Step {
 public:
  DotConv(const ConvProblem& p, const BuildContext& context, PackedDot packed)
      : kernels_(context.kernels),
        geometry_(p),
        packed_(std::move(packed)),
        runs_(conv_runs(p)),
        origin_(first_tap(p)),
        blocks_(p.output, block_pixels(p)),
        input_offsets_(blocks_.offsets({p.input.strides[kN], p.stride[0] * p.input.strides[kD], p.stride[1] * p.input.strides[kH],
                                        p.stride[2] * p.input.strides[kW]})),
        output_offsets_(blocks_.offsets({p.output.strides[kN], p.output.strides[kD], p.output.strides[kH], p.output.strides[kW]})) {
    if (!p.has_residual) return;
    residual_offsets_ = blocks_.offsets({p.residual.strides[kN], p.residual.strides[kD], p.residual.strides[kH], p.residual.strides[kW]});
  }

  void run(const RunContext& context) const override {
    zero_halo(geometry_.output, context.arena);
    context.parallel.run(blocks_.tiles(), [&](int64_t block, int) {
      for (int64_t first = 0; first < geometry_.out_channels(); first += kMaxDotOutputs) run_block(context.arena, block, first);
    });
  }

  std::string algorithm() const override { return "dot"; }
  double flops() const override { return geometry_.flops(); }

 private:
  void run_block(float* arena, int64_t block, int64_t first_output) const {
    const ConvGeometry& p = geometry_;
    const int64_t pixel = blocks_.first_pixel(block);
    kernels_.dot_products_f32({arena + origin_, input_offsets_.data() + pixel, runs_.offsets.data(),
                               static_cast<int64_t>(runs_.offsets.size()), runs_.length, packed_.weights(first_output),
                               packed_.bias(first_output), arena + p.output.offset + first_output, output_offsets_.data() + pixel,
                               p.has_residual ? arena + p.residual.offset + first_output : nullptr,
                               p.has_residual ? residual_offsets_.data() + pixel : nullptr, blocks_.tile_pixels(block),
                               static_cast<int>(std::min<int64_t>(kMaxDotOutputs, p.out_channels() - first_output)), p.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  PackedDot packed_;
  ConvRuns runs_;
  int64_t origin_;  // of the first tap of output pixel (0, 0, 0, 0)
  PixelGrid blocks_;
  std::vector<ptrdiff_t> input_offsets_;
  std::vector<ptrdiff_t> output_offsets_;
  std::vector<ptrdiff_t> residual_offsets_;
};

bool applies(const ConvProblem& p) { return p.groups == 1 && p.out_channels() <= kMostOutputs && p.halo_covers_padding(); }

// The multiply-adds of whole vectors, and the addition of the lanes.
double cost(const ConvProblem& p, const KernelTable& kernels) {
  constexpr double kLaneSumCost = 8;  // in multiply-adds
  const ConvRuns runs = conv_runs(p);
  const int64_t vectors = static_cast<int64_t>(runs.offsets.size()) * ((runs.length + kernels.lanes - 1) / kernels.lanes);
  return p.flops() / static_cast<double>(p.reduction()) * kernels.lanes * (static_cast<double>(vectors) / 0.85 + kLaneSumCost);
}

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  PackedDot packed;
  if (Status status = pack_dot(problem, conv_runs(problem), context, packed); !status.ok()) return status;
  step = std::make_unique<DotConv>(problem, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvDot = {"dot", applies, cost, make};

}  // namespace im2col
