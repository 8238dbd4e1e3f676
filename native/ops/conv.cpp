// The convolution step: reads the problem and picks the algorithm.
#include <limits>

#include "conv_problem.h"
#include "spec_reader.h"

namespace im2col {

namespace {

constexpr int64_t kLargestSize = int64_t{1} << 30;  // products of two are no overflow

const ConvAlgorithm* const kAlgorithms[] = {&kConvDepthwise, &kConvDirect, &kConvIm2col, &kConvWinograd2, &kConvWinograd4};

}  // namespace

double ConvGeometry::flops() const {
  const auto& o = output.shape;
  return 2.0 * static_cast<double>(reduction()) * static_cast<double>(o[0] * o[1] * o[2] * o[3]) * static_cast<double>(o[4]);
}

bool ConvGeometry::halo_covers_padding() const {
  for (int axis = 0; axis < 3; ++axis) {
    const int64_t first = -pad_start[axis];
    const int64_t last = first + (output.shape[1 + axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis];
    if (first < -input.halo[2 * axis] || last >= input.shape[1 + axis] + input.halo[2 * axis + 1]) return false;
  }
  return true;
}

Status read_conv_problem(const StepSpec& spec, const BuildContext& context, ConvProblem& p) {
  SpecReader reader(spec, context);
  p.input = reader.input(0);
  p.output = reader.output(0);
  p.kernel = reader.triple("kernel", 1, kLargestSize);
  p.stride = reader.triple("stride", 1, kLargestSize);
  p.dilation = reader.triple("dilation", 1, kLargestSize);
  p.pad_start = reader.triple("padStart", 0, kLargestSize);
  p.groups = reader.integer("groups", 1, kLargestSize);
  p.flip = reader.integer("flip", 0, 1) != 0;
  p.activation = reader.activation();
  if (const ViewSpec* residual = reader.optional_input(1)) {
    p.residual = *residual;
    p.has_residual = true;
    reader.expect(residual->shape == p.output.shape, "the residual must have the output's sizes");
  }
  reader.expect(p.in_channels() % p.groups == 0 && p.out_channels() % p.groups == 0,
                "groups must divide the channels of input and output");
  reader.expect(p.input.shape[0] == p.output.shape[0], "input and output must have the same batch");
  double reduction = static_cast<double>(p.in_channels());
  for (const int64_t size : p.kernel) reduction *= static_cast<double>(size);
  reader.expect(reduction < static_cast<double>(kLargestSize), "the kernel is too large");
  if (!reader.status().ok()) return reader.status();

  const size_t out_channels = static_cast<size_t>(p.out_channels());
  p.weight = &reader.parameter("weight", out_channels * static_cast<size_t>(p.reduction()));
  p.bias = reader.optional_parameter("bias", out_channels);
  p.scale = reader.optional_parameter("scale", out_channels);
  return reader.status();
}

Status make_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  ConvProblem problem;
  if (Status status = read_conv_problem(spec, context, problem); !status.ok()) return status;
  SpecReader reader(spec, context);
  const std::string wanted = reader.word("algorithm");
  if (!reader.status().ok()) return reader.status();
  const ConvAlgorithm* best = nullptr;
  std::string names;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const ConvAlgorithm* algorithm : kAlgorithms) {
    names += std::string(", ") + algorithm->name;
    if (wanted == algorithm->name && !algorithm->applies(problem)) {
      return {Code::kUnsupported, "conv step '" + spec.name + "': algorithm '" + wanted + "' cannot run it"};
    }
    if ((wanted != "auto" && wanted != algorithm->name) || !algorithm->applies(problem)) continue;
    const double cost = algorithm->cost(problem, context.kernels);
    if (cost < best_cost) best = algorithm, best_cost = cost;
  }
  if (best) return best->make(problem, context, step);
  return Status::Invalid("conv step '" + spec.name + "': expected algorithm to be auto" + names + " but received '" + wanted + "'");
}

}  // namespace im2col
