// The convolution step: reads the problem and picks the algorithm.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "conv_problem.h"
#include "factories.h"
#include "spec_reader.h"
#include "view.h"

namespace im2col {

namespace {

// Steps keep offsets of every pixel: with so many these are gigabytes.
constexpr double kMostPixels = 1 << 28;
constexpr int64_t kLargestSize = INT32_MAX;  // of a dimension and of every option; products of two are no overflow

const ConvAlgorithm* const kAlgorithms[] = {&kConvDepthwise, &kConvDepthwisePlanes, &kConvDepthwiseNested, &kConvGrouped,
                                           &kConvDirect,    &kConvIm2col,          &kConvDot,             &kConvWinograd2,
                                           &kConvWinograd3, &kConvWinograd4,       &kConvWinograd6};

// The algorithms that can run a problem, the cheapest first. There is one for everything. Coarse ones are among them when it is
// to be fast.
std::vector<const ConvAlgorithm*> applicable(const ConvProblem& problem, bool fast, const KernelTable& kernels) {
  std::vector<std::pair<double, const ConvAlgorithm*>> found;
  for (const ConvAlgorithm* algorithm : kAlgorithms) {
    if ((fast || !algorithm->is_coarse) && algorithm->applies(problem)) found.emplace_back(algorithm->cost(problem, kernels), algorithm);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const ConvAlgorithm*> algorithms;
  for (const auto& entry : found) algorithms.push_back(entry.second);
  return algorithms;
}

// A stride to no second pixel and a dilation to no second tap become 1: what they point at may lie beyond any address.
void drop_idle_steps(ConvProblem& p) {
  const ViewSpec& strided = p.transposed ? p.input : p.output;
  for (size_t axis = 0; axis < 3; ++axis) {
    if (strided.shape[1 + axis] == 1) p.stride[axis] = 1;
    if (p.kernel[axis] == 1) p.dilation[axis] = 1;
  }
}

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

WeightForm ConvProblem::weight_form(int64_t output) const {
  WeightForm form;
  if (center) form.center = double{center->data()[2 * output]} + center->data()[2 * output + 1];
  if (scale) form.scale = scale->data()[output];
  return form;
}

void read_convolution(SpecReader& reader, const std::string& prefix, ConvProblem& p) {
  const auto triple = [&](const char* name, int64_t minimum) {
    return reader.triple((prefix + name).c_str(), minimum, kLargestSize);
  };
  p.kernel = triple("kernel", 1);
  p.stride = triple("stride", 1);
  p.dilation = triple("dilation", 1);
  p.pad_start = triple("padStart", 0);
  p.groups = reader.integer((prefix + "groups").c_str(), 1, kLargestSize);
  p.flip = reader.integer((prefix + "flip").c_str(), 0, 1) != 0;
  p.activation = reader.activation(prefix);
  reader.expect(p.in_channels() % p.groups == 0 && p.out_channels() % p.groups == 0,
                "groups must divide the channels of input and output");
  reader.expect(p.input.shape[0] == p.output.shape[0], "input and output must have the same batch");
  double reduction = static_cast<double>(p.in_channels());
  for (const int64_t size : p.kernel) reduction *= static_cast<double>(size);
  reader.expect(reduction <= static_cast<double>(kLargestSize), "the kernel is too large");
  double pixels = 1;
  for (const Axis axis : {kN, kD, kH, kW}) pixels *= static_cast<double>(p.output.shape[axis]);
  reader.expect(pixels <= kMostPixels, "the output has more than 2^28 pixels");
  if (!reader.status().ok()) return;
  drop_idle_steps(p);

  const size_t out_channels = static_cast<size_t>(p.out_channels());
  p.weight = &reader.parameter((prefix + "weight").c_str(), out_channels * static_cast<size_t>(p.reduction()));
  p.bias = reader.optional_parameter((prefix + "bias").c_str(), out_channels);
  p.center = reader.optional_parameter((prefix + "center").c_str(), 2 * out_channels);
  p.scale = reader.optional_parameter((prefix + "scale").c_str(), out_channels);
}

void read_residual(SpecReader& reader, const ViewSpec& residual, ConvProblem& p) {
  p.residual = residual;
  p.has_residual = true;
  reader.expect(residual.shape == p.output.shape, "the residual must have the output's sizes");
}

Status read_conv_problem(const StepSpec& spec, const BuildContext& context, ConvProblem& p) {
  SpecReader reader(spec, context);
  p.input = reader.input(0);
  p.output = reader.output(0);
  if (const ViewSpec* residual = reader.optional_input(1)) read_residual(reader, *residual, p);
  read_convolution(reader, "", p);
  return reader.status();
}

Status conv_algorithms(const StepSpec& spec, const BuildContext& context, std::vector<std::string>& names) {
  ConvProblem problem;
  if (Status status = read_conv_problem(spec, context, problem); !status.ok()) return status;
  SpecReader reader(spec, context);
  const bool fast = reader.word("algorithm") == "fast";
  if (!reader.status().ok()) return reader.status();
  for (const ConvAlgorithm* algorithm : applicable(problem, fast, context.kernels)) names.push_back(algorithm->name);
  return Status::Ok();
}

Status make_conv(const StepSpec& spec, const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const std::string wanted = reader.word("algorithm");
  if (!reader.status().ok()) return reader.status();
  const bool fast = wanted == "fast";
  bool known = fast || wanted == "auto";
  std::string names;
  for (const ConvAlgorithm* algorithm : kAlgorithms) {
    names += std::string(", ") + algorithm->name;
    known = known || wanted == algorithm->name;
    if (wanted == algorithm->name && algorithm->applies(problem)) return algorithm->make(problem, context, step);
  }
  if (known) return applicable(problem, fast, context.kernels).front()->make(problem, context, step);
  return Status::Invalid(spec.op + " step '" + spec.name + "': expected algorithm to be auto, fast" + names + " but received '" + wanted + "'");
}

Status make_conv_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  ConvProblem problem;
  if (Status status = read_conv_problem(spec, context, problem); !status.ok()) return status;
  return make_conv(spec, problem, context, step);
}

}  // namespace im2col
