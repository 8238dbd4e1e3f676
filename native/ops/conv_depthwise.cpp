// Depthwise convolution: one input channel for each output channel, so channels are the vectors and a row of output
// pixels is one kernel call.
#include <new>
#include <vector>

#include "conv_weights.h"
#include "view.h"

namespace im2col {

namespace {

class DepthwiseConv final : public Step {
 public:
  DepthwiseConv(const ConvProblem& p, const BuildContext& context, WeightStore::Packed packed)
      : kernels_(context.kernels), geometry_(p), packed_(std::move(packed)) {
    origin_ = p.input.offset;
    for (int axis = 0; axis < 3; ++axis) origin_ -= p.pad_start[axis] * p.input.strides[1 + axis];
    for (int64_t z = 0; z < p.kernel[0]; ++z) {
      for (int64_t y = 0; y < p.kernel[1]; ++y) {
        for (int64_t x = 0; x < p.kernel[2]; ++x) {
          tap_offsets_.push_back(z * p.dilation[0] * p.input.strides[1] + y * p.dilation[1] * p.input.strides[2] +
                                 x * p.dilation[2] * p.input.strides[3]);
        }
      }
    }
  }

  void run(const RunContext& context) const override {
    const ConvGeometry& p = geometry_;
    zero_halo(p.output, context.arena);
    const int64_t depth = p.output.shape[1], height = p.output.shape[2];
    const float* weights = packed_->data();
    context.parallel.run(p.output.shape[0] * depth * height, [&](int64_t row, int) {
      const int64_t y = row % height, z = row / height % depth, n = row / height / depth;
      const float* input = context.arena + origin_ + n * p.input.strides[0] + z * p.stride[0] * p.input.strides[1] +
                           y * p.stride[1] * p.input.strides[2];
      const auto row_of = [&](const ViewSpec& view) {
        return context.arena + view.offset + n * view.strides[0] + z * view.strides[1] + y * view.strides[2];
      };
      kernels_.depthwise_f32({input, p.stride[2] * p.input.strides[3], tap_offsets_.data(), p.taps(), weights,
                              weights + p.taps() * p.out_channels(), row_of(p.output), p.output.strides[3],
                              p.has_residual ? row_of(p.residual) : nullptr, p.residual.strides[3], p.output.shape[3],
                              p.out_channels(), p.activation});
    });
  }

  std::string algorithm() const override { return "depthwise"; }
  double flops() const override { return geometry_.flops(); }

 private:
  const KernelTable& kernels_;
  ConvGeometry geometry_;
  WeightStore::Packed packed_;
  std::vector<ptrdiff_t> tap_offsets_;
  int64_t origin_ = 0;  // of the first tap of output pixel (0, 0, 0, 0)
};

bool applies(const ConvProblem& p) {
  return p.groups > 1 && p.group_in() == 1 && p.group_out() == 1 && p.halo_covers_padding();
}

// Every multiply-add loads its input, so the kernel runs at about half of the arithmetic's speed.
double cost(const ConvProblem& p, const KernelTable&) { return 2 * p.flops(); }

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  WeightStore::Packed packed;
  if (Status status = pack_depthwise(problem, context, packed); !status.ok()) return status;
  step = std::make_unique<DepthwiseConv>(problem, context, std::move(packed));
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvDepthwise = {"depthwise", applies, cost, make};

}  // namespace im2col
