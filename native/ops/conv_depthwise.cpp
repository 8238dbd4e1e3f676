// Depthwise convolution: one input channel for each output channel, so channels are the vectors and the rows of an image
// are one kernel call.
#include <algorithm>
#include <vector>

#include "conv_runs.h"
#include "view.h"

namespace im2col {

namespace {

// Cuts between tasks: at whole groups of channels and pairs of rows of the kernel.
constexpr int64_t kTaskChannels = 64;
constexpr int64_t kTaskRows = 2;
// Worth a start on another thread, and enough tasks for threads that finish unevenly.
constexpr double kSmallestTaskFlops = 128 * 1024;
constexpr int64_t kTasksPerThread = 4;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

class DepthwiseConv final : public Step {
 public:
  DepthwiseConv(const ConvProblem& p, const BuildContext& context, WeightStore::Packed packed)
      : kernels_(context.kernels), geometry_(p), packed_(std::move(packed)),
        inputs_(depthwise_inputs(p, p.output.shape[kH], p.input.strides[kD], p.input.strides[kH])), origin_(first_tap(p)) {}

  // A task is a range of channels of a range of the rows of one image.
  void run(const RunContext& context) const override {
    const ConvGeometry& p = geometry_;
    zero_halo(p.output, context.arena);
    const int64_t images = p.output.shape[kN] * p.output.shape[kD], height = p.output.shape[kH], channels = p.out_channels();
    const int64_t groups = ceil_div(channels, kTaskChannels), pairs = ceil_div(height, kTaskRows);
    int64_t channel_cuts = 1, row_cuts = 1;
    if (context.parallel.max_threads() > 1) {
      const int64_t most = kTasksPerThread * context.parallel.max_threads();
      const int64_t wanted = std::clamp<int64_t>(static_cast<int64_t>(p.flops() / kSmallestTaskFlops), 1, most);
      channel_cuts = std::min(groups, ceil_div(wanted, images));
      row_cuts = std::min(pairs, ceil_div(wanted, images * channel_cuts));
    }
    context.parallel.run(images * channel_cuts * row_cuts, [&](int64_t task, int) {
      const int64_t image = task / (channel_cuts * row_cuts), channel_cut = task / row_cuts % channel_cuts, row_cut = task % row_cuts;
      const auto first_channel = [&](int64_t cut) { return std::min(channels, groups * cut / channel_cuts * kTaskChannels); };
      const auto first_row = [&](int64_t cut) { return std::min(height, pairs * cut / row_cuts * kTaskRows); };
      run_rows(context.arena, image, first_row(row_cut), first_row(row_cut + 1), first_channel(channel_cut), first_channel(channel_cut + 1));
    });
  }

  std::string algorithm() const override { return "depthwise"; }
  double flops() const override { return geometry_.flops(); }

 private:
  void run_rows(float* arena, int64_t image, int64_t first_row, int64_t last_row, int64_t first_channel, int64_t last_channel) const {
    const ConvGeometry& p = geometry_;
    const int64_t n = image / p.output.shape[kD], z = image % p.output.shape[kD];
    const auto address = [&](const ViewSpec& view) { return arena + cell_offset(view, n, z, first_row, 0) + first_channel; };
    const float* weights = packed_->data() + first_channel * (1 + p.taps());
    kernels_.depthwise_f32({arena + origin_ + n * p.input.strides[kN] + z * p.stride[0] * p.input.strides[kD] + first_channel,
                            inputs_.row_offsets.data() + first_row * inputs_.row_step, inputs_.row_step, p.stride[2] * p.input.strides[kW],
                            p.dilation[2] * p.input.strides[kW], p.kernel[0] * p.kernel[1], p.kernel[2], 0, 0, weights, address(p.output),
                            p.output.strides[kH], p.output.strides[kW], p.has_residual ? address(p.residual) : nullptr,
                            p.residual.strides[kH], p.residual.strides[kW], last_row - first_row, p.output.shape[kW],
                            last_channel - first_channel, p.activation});
  }

  const KernelTable& kernels_;
  ConvGeometry geometry_;
  WeightStore::Packed packed_;
  DepthwiseInputs inputs_;
  int64_t origin_;  // of the first tap of output pixel (0, 0, 0, 0)
};

bool applies(const ConvProblem& p) {
  return p.groups > 1 && p.group_in() == 1 && p.group_out() == 1 && p.halo_covers_padding();
}

// Most kernels wait for their inputs about a third of the time.
double cost(const ConvProblem& p, const KernelTable&) { return p.flops() / 0.65; }

using Triple = std::array<int64_t, 3>;

// Along an axis. Each is a step with tables of its own, and those of a large dilation have few pixels.
constexpr int64_t kMostPhases = 16;

// A dilated kernel, phase by phase: the outputs that lie `phases` apart are a convolution without dilation of the inputs that lie the
// dilation apart, and read their neighbours' inputs, which those between them do not.
class DilatedDepthwiseConv final : public Step {
 public:
  DilatedDepthwiseConv(const ConvProblem& p, const Triple& phases, const BuildContext& context, const WeightStore::Packed& packed)
      : output_(p.output), flops_(p.flops()) {
    Triple first;
    for (first[0] = 0; first[0] < std::min(phases[0], p.output.shape[kD]); ++first[0]) {
      for (first[1] = 0; first[1] < std::min(phases[1], p.output.shape[kH]); ++first[1]) {
        for (first[2] = 0; first[2] < std::min(phases[2], p.output.shape[kW]); ++first[2]) {
          phases_.push_back(std::make_unique<DepthwiseConv>(phase_of(p, phases, first), context, packed));
        }
      }
    }
  }

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    for (const auto& phase : phases_) phase->run(context);
  }
  std::string algorithm() const override { return "depthwise"; }
  double flops() const override { return flops_; }

 private:
  static ConvProblem phase_of(const ConvProblem& p, const Triple& phases, const Triple& first) {
    ConvProblem phase = p;
    phase.output = every_nth_pixel(p.output, first, phases);
    if (p.has_residual) phase.residual = every_nth_pixel(p.residual, first, phases);
    for (size_t axis = 0; axis < 3; ++axis) {
      if (phases[axis] == 1) continue;
      int64_t& stride = phase.input.strides[kD + axis];
      phase.input.offset += (first[axis] * p.stride[axis] - p.pad_start[axis]) * stride;
      stride *= p.dilation[axis];
      phase.pad_start[axis] = 0;
      phase.stride[axis] = phase.dilation[axis] = 1;
    }
    return phase;
  }

  ViewSpec output_;
  double flops_;
  std::vector<std::unique_ptr<DepthwiseConv>> phases_;
};

Status make(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  WeightStore::Packed packed;
  if (Status status = pack_depthwise(problem, context, packed); !status.ok()) return status;
  Triple phases;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t dilation = problem.dilation[axis], stride = problem.stride[axis];
    const bool has_phases = problem.kernel[axis] > 1 && dilation % stride == 0 && dilation / stride <= kMostPhases;
    phases[axis] = has_phases ? dilation / stride : 1;
  }
  if (phases == Triple{1, 1, 1}) {
    step = std::make_unique<DepthwiseConv>(problem, context, std::move(packed));
  } else {
    step = std::make_unique<DilatedDepthwiseConv>(problem, phases, context, packed);
  }
  return Status::Ok();
}

}  // namespace

const ConvAlgorithm kConvDepthwise = {"depthwise", applies, cost, make};

}  // namespace im2col
