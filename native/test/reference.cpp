#include "reference.h"

#include <cmath>
#include <limits>

namespace im2col::test {

double activation_reference(const Activation& activation, double x) {
  switch (activation.kind) {
    case ActivationKind::kNone: return x;
    case ActivationKind::kRelu: return x < 0 ? 0 : x;
    case ActivationKind::kClamp: return x < activation.alpha ? activation.alpha : x > activation.beta ? activation.beta : x;
    case ActivationKind::kLeakyRelu: return x > 0 ? x : activation.alpha * x;
    case ActivationKind::kElu: return x > 0 ? x : activation.alpha * std::expm1(x);
    case ActivationKind::kSigmoid: return 1 / (1 + std::exp(-x));
    case ActivationKind::kTanh: return std::tanh(x);
  }
  return x;
}

Activation some_activation(int64_t i) {
  constexpr Activation kActivations[] = {
      {ActivationKind::kNone, 0, 0},      {ActivationKind::kRelu, 0, 0},       {ActivationKind::kClamp, -0.5f, 0.75f},
      {ActivationKind::kLeakyRelu, 0.1f, 0}, {ActivationKind::kElu, 0.875f, 0}, {ActivationKind::kSigmoid, 0, 0},
      {ActivationKind::kTanh, 0, 0},
  };
  return kActivations[i % static_cast<int64_t>(sizeof kActivations / sizeof kActivations[0])];
}

double tolerance(int64_t terms, double magnitude) {
  constexpr double kUnit = std::numeric_limits<float>::epsilon() / 2;
  constexpr double kActivationUlps = 3;
  return kUnit * static_cast<double>(terms + 1) * magnitude + 2 * kUnit * kActivationUlps;
}

}  // namespace im2col::test
