// A convolution as its algorithms see it: sizes, views and weights, read from the step and checked once.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "../kernels/kernel_types.h"
#include "step.h"

namespace im2col {

// Sizes and places. Spatial triples are d, h, w.
struct ConvGeometry {
  ViewSpec input;
  ViewSpec output;
  ViewSpec residual;  // of the output's sizes; only when has_residual
  bool has_residual = false;
  std::array<int64_t, 3> kernel, stride, dilation;
  std::array<int64_t, 3> pad_start;  // negative when the first outputs read from behind the input's start
  int64_t groups = 1;
  Activation activation;

  int64_t in_channels() const { return input.shape[4]; }
  int64_t out_channels() const { return output.shape[4]; }
  int64_t group_in() const { return in_channels() / groups; }
  int64_t group_out() const { return out_channels() / groups; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t reduction() const { return taps() * group_in(); }  // the GEMM's K
  double flops() const;

  // True when every input element that any output reads lies in the view or its halo.
  bool halo_covers_padding() const;
};

// What the stored weights of one output channel become.
struct WeightForm {
  double center = 0;
  double scale = 1;

  double operator()(float weight) const { return (double{weight} - center) * scale; }
};

// Geometry and weights; the weights are only there while steps are built.
struct ConvProblem : ConvGeometry {
  bool transposed = false;                // the stride is one of outputs, and the weight (I, O / groups, kd, kh, kw)
  bool flip = false;
  const ParameterSpec* weight = nullptr;  // (O, I / groups, kd, kh, kw)
  const ParameterSpec* bias = nullptr;    // (O), or null
  const ParameterSpec* center = nullptr;  // (O, 2) is subtracted from the weight's rows: the sum of two numbers; or null
  const ParameterSpec* scale = nullptr;   // (O) multiplies what that leaves, or null

  WeightForm weight_form(int64_t output) const;
};

class SpecReader;

// Reads the attributes and parameters whose names start with `prefix`; the views of the problem are there already.
void read_convolution(SpecReader& reader, const std::string& prefix, ConvProblem& problem);
void read_residual(SpecReader& reader, const ViewSpec& residual, ConvProblem& problem);

Status read_conv_problem(const StepSpec& spec, const BuildContext& context, ConvProblem& problem);

// The step of the cheapest algorithm, or of the one that the step's attribute `algorithm` names.
Status make_conv(const StepSpec& spec, const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step);

// An algorithm: whether it can run a problem at all, what that would cost, and the step that does.
struct ConvAlgorithm {
  const char* name;
  bool (*applies)(const ConvProblem& problem);
  // In floating-point operations at full speed, of the same machine for every algorithm. It does not depend on the number
  // of threads, because the algorithm decides the bits of the result.
  double (*cost)(const ConvProblem& problem, const KernelTable& kernels);
  Status (*make)(const ConvProblem& problem, const BuildContext& context, std::unique_ptr<Step>& step);
  bool is_coarse = false;  // its error is more than four times that of direct summation
};

extern const ConvAlgorithm kConvDepthwise;        // conv_depthwise.cpp
extern const ConvAlgorithm kConvDepthwisePlanes;  // conv_depthwise_planes.cpp
extern const ConvAlgorithm kConvDepthwiseNested;  // conv_depthwise_nested.cpp
extern const ConvAlgorithm kConvGrouped;    // conv_grouped.cpp
extern const ConvAlgorithm kConvDot;        // conv_dot.cpp
extern const ConvAlgorithm kConvDirect;     // conv_direct.cpp
extern const ConvAlgorithm kConvIm2col;     // conv_im2col.cpp
extern const ConvAlgorithm kConvWinograd2;  // conv_winograd.cpp
extern const ConvAlgorithm kConvWinograd3;
extern const ConvAlgorithm kConvWinograd4;
extern const ConvAlgorithm kConvWinograd6;

}  // namespace im2col
