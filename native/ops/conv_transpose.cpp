// Transposed convolution, PyTorch's: output o = i * stride - pad + k * dilation gets input i times weight k.
//
// The outputs of one remainder modulo the stride (a phase) read the same kernel elements, at neighbouring inputs: a phase is
// a convolution with stride 1 whose kernel is a part of the weights and whose output is every stride-th pixel. So nothing is
// multiplied with inserted zeros, and every convolution algorithm serves here, too.
#include <algorithm>
#include <numeric>
#include <vector>

#include "conv_problem.h"
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

// The outputs first_output, first_output + stride, ... of one axis.
struct AxisPhase {
  int64_t first_output = 0;
  std::vector<int64_t> taps;  // kernel elements, in the order of the inputs that they meet
  int64_t first_input = 0;    // what the first tap meets for the first output
  int64_t dilation = 1;       // between the inputs of neighbouring taps
};

std::vector<AxisPhase> axis_phases(const ConvProblem& p, size_t axis) {
  const int64_t stride = p.stride[axis], dilation = p.dilation[axis], size = p.output.shape[1 + axis];
  std::vector<AxisPhase> phases;
  for (int64_t first = 0; first < std::min(stride, size); ++first) {
    AxisPhase phase;
    phase.first_output = first;
    phase.dilation = dilation / std::gcd(stride, dilation);
    for (int64_t k = p.kernel[axis] - 1; k >= 0; --k) {
      const int64_t position = first + p.pad_start[axis] - k * dilation;
      if (position % stride != 0) continue;
      if (phase.taps.empty()) phase.first_input = position / stride;
      phase.taps.push_back(k);
    }
    phases.push_back(std::move(phase));
  }
  return phases;
}

using Phase = std::array<const AxisPhase*, 3>;

// The weights (I, O / groups, kd, kh, kw), which are loaded, of a phase as those of a convolution: (O, I / groups, taps).
std::vector<float> phase_weights(const ConvProblem& p, const Phase& phase) {
  std::vector<int64_t> taps;
  for (const int64_t z : phase[0]->taps) {
    for (const int64_t y : phase[1]->taps) {
      for (const int64_t x : phase[2]->taps) taps.push_back((z * p.kernel[1] + y) * p.kernel[2] + x);
    }
  }
  std::vector<float> weights;
  weights.reserve(static_cast<size_t>(p.out_channels() * p.group_in()) * taps.size());
  for (int64_t o = 0; o < p.out_channels(); ++o) {
    const int64_t group = o / p.group_out();
    for (int64_t i = 0; i < p.group_in(); ++i) {
      const float* from = p.weight->data() + ((group * p.group_in() + i) * p.group_out() + o % p.group_out()) * p.taps();
      for (const int64_t tap : taps) weights.push_back(from[tap]);
    }
  }
  return weights;
}

// A phase that no kernel element reaches: y = act(bias + residual).
class BiasOnly final : public Step {
 public:
  BiasOnly(const ConvGeometry& geometry, const KernelTable& kernels, WeightStore::Packed bias)
      : kernels_(kernels), geometry_(geometry), bias_(std::move(bias)), zeros_(static_cast<size_t>(geometry.out_channels()), 0.0f) {}

  void run(const RunContext& context) const override {
    const ViewSpec& output = geometry_.output;
    const ViewSpec& residual = geometry_.has_residual ? geometry_.residual : output;
    const int64_t row = common_row_pixels({&output, &residual});
    for_ranges(context.parallel, pixel_count(output), 2 * output.shape[kC], [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row, [&](int64_t first, int64_t count) {
        kernels_.affine_f32({zeros_.data(), 0, nullptr, bias_ ? bias_->data() : nullptr,
                             geometry_.has_residual ? context.arena + pixel_offset(residual, first) : nullptr, residual.strides[kW],
                             context.arena + pixel_offset(output, first), output.strides[kW], count, output.shape[kC],
                             geometry_.activation});
      });
    });
  }

 private:
  const KernelTable& kernels_;
  ConvGeometry geometry_;
  WeightStore::Packed bias_;
  std::vector<float> zeros_;
};

class ConvTranspose final : public Step {
 public:
  ConvTranspose(const ViewSpec& output, std::vector<std::unique_ptr<Step>> phases) : output_(output), phases_(std::move(phases)) {}

  size_t scratch_size() const override {
    size_t most = 0;
    for (const auto& phase : phases_) most = std::max(most, phase->scratch_size());
    return most;
  }
  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    for (const auto& phase : phases_) phase->run(context);
  }
  std::string algorithm() const override { return phases_.front()->algorithm(); }
  double flops() const override {
    double sum = 0;
    for (const auto& phase : phases_) sum += phase->flops();
    return sum;
  }

 private:
  ViewSpec output_;
  std::vector<std::unique_ptr<Step>> phases_;
};

Status make_phase(const StepSpec& spec, const ConvProblem& whole, const Phase& phase, const BuildContext& context, std::unique_ptr<Step>& step) {
  ConvProblem part = whole;
  part.transposed = false;
  const std::array<int64_t, 3> first = {phase[0]->first_output, phase[1]->first_output, phase[2]->first_output};
  part.output = every_nth_pixel(whole.output, first, whole.stride);
  if (whole.has_residual) part.residual = every_nth_pixel(whole.residual, first, whole.stride);
  part.stride = {1, 1, 1};
  std::string name;
  for (size_t axis = 0; axis < 3; ++axis) {
    part.kernel[axis] = static_cast<int64_t>(phase[axis]->taps.size());
    part.dilation[axis] = phase[axis]->dilation;
    part.pad_start[axis] = -phase[axis]->first_input;
    name += ' ' + std::to_string(phase[axis]->first_output) + '/' + std::to_string(whole.stride[axis]);
  }
  if (part.taps() == 0) {
    WeightStore::Packed bias;
    if (whole.bias) {
      if (Status status = keep_parameter(context, *whole.bias, bias); !status.ok()) return status;
    }
    step = std::make_unique<BiasOnly>(part, context.kernels, std::move(bias));
    return Status::Ok();
  }
  const std::vector<float> data = phase_weights(whole, phase);
  const ParameterSpec weight(whole.weight->key + " phase" + name, data.data(), data.size());
  part.weight = &weight;
  return make_conv(spec, part, context, step);
}

}  // namespace

Status make_conv_transpose_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  ConvProblem problem;
  problem.transposed = true;
  if (Status status = read_conv_problem(spec, context, problem); !status.ok()) return status;
  if (Status status = problem.weight->load(); !status.ok()) return status;
  const std::vector<AxisPhase> depth = axis_phases(problem, 0), height = axis_phases(problem, 1), width = axis_phases(problem, 2);
  std::vector<std::unique_ptr<Step>> phases;
  for (const AxisPhase& d : depth) {
    for (const AxisPhase& h : height) {
      for (const AxisPhase& w : width) {
        std::unique_ptr<Step> phase;
        if (Status status = make_phase(spec, problem, {&d, &h, &w}, context, phase); !status.ok()) return status;
        phases.push_back(std::move(phase));
      }
    }
  }
  problem.weight->release();
  step = std::make_unique<ConvTranspose>(problem.output, std::move(phases));
  return Status::Ok();
}

}  // namespace im2col
