#include "reference.h"

#include <cmath>
#include <limits>

namespace im2col::test {
namespace {

double hard_sigmoid(double x) { return (x < -3 ? 0 : x > 3 ? 6 : x + 3) / 6; }

}  // namespace

double activation_reference(const Activation& activation, double x) {
  switch (activation.kind) {
    case ActivationKind::kNone: return x;
    case ActivationKind::kRelu: return x < 0 ? 0 : x;
    case ActivationKind::kClamp: return x < activation.alpha ? activation.alpha : x > activation.beta ? activation.beta : x;
    case ActivationKind::kLeakyRelu: return x > 0 ? x : activation.alpha * x;
    case ActivationKind::kElu: return x > 0 ? x : activation.alpha * std::expm1(x);
    case ActivationKind::kSigmoid: return 1 / (1 + std::exp(-x));
    case ActivationKind::kTanh: return std::tanh(x);
    case ActivationKind::kSelu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case ActivationKind::kCelu: return x > 0 ? x : activation.alpha * std::expm1(x / activation.alpha);
    case ActivationKind::kHardSigmoid: return hard_sigmoid(x);
    case ActivationKind::kSilu: return x / (1 + std::exp(-x));
    case ActivationKind::kHardSwish: return x * hard_sigmoid(x);
    case ActivationKind::kGelu: return x * (0.5 * std::erfc(-x / std::sqrt(2.0)));
    case ActivationKind::kGeluTanh: {
      const double u = 2 * std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x);
      return x * (1 / (1 + std::exp(-u)));
    }
    case ActivationKind::kMish: return x * std::tanh(std::log1p(std::exp(x)));
    case ActivationKind::kSoftplus: {
      const double u = activation.alpha * x;
      return (std::fmax(0, u) + std::log1p(std::exp(-std::fabs(u)))) / activation.alpha;
    }
    case ActivationKind::kSoftsign: return x / (1 + std::fabs(x));
    case ActivationKind::kAbs: return std::fabs(x);
    case ActivationKind::kExp: return std::exp(x);
    case ActivationKind::kSqrt: return std::sqrt(x);
    case ActivationKind::kLinear: return activation.alpha * x + activation.beta;
  }
  return x;
}

Activation some_activation(int64_t i) {
  constexpr Activation kActivations[] = {
      {ActivationKind::kNone, 0, 0},      {ActivationKind::kRelu, 0, 0},       {ActivationKind::kClamp, -0.5f, 0.75f},
      {ActivationKind::kLeakyRelu, 0.1f, 0}, {ActivationKind::kElu, 0.875f, 0}, {ActivationKind::kSigmoid, 0, 0},
      {ActivationKind::kTanh, 0, 0},      {ActivationKind::kSilu, 0, 0},       {ActivationKind::kHardSwish, 0, 0},
      {ActivationKind::kHardSigmoid, 0, 0}, {ActivationKind::kGelu, 0, 0},     {ActivationKind::kGeluTanh, 0, 0},
      {ActivationKind::kMish, 0, 0},      {ActivationKind::kSoftplus, 1, 0},   {ActivationKind::kSoftsign, 0, 0},
      {ActivationKind::kCelu, 0.5f, 0},  {ActivationKind::kAbs, 0, 0},         {ActivationKind::kLinear, 0.5f, 0.25f},
  };
  return kActivations[i % static_cast<int64_t>(sizeof kActivations / sizeof kActivations[0])];
}

double tolerance(int64_t terms, double magnitude) {
  constexpr double kUnit = std::numeric_limits<float>::epsilon() / 2;
  constexpr double kSteepest = 1.5, kActivationUlps = 7;
  return kUnit * (kSteepest * static_cast<double>(terms + 1) + 2 * kActivationUlps) * magnitude + 2 * kUnit * kActivationUlps;
}

}  // namespace im2col::test
