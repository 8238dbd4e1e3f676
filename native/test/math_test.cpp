// The elementary functions against the C library in double precision, over the bit patterns of float32.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference.h"
#include "test.h"
#include "vec_probe.h"

namespace im2col::test {
namespace {

constexpr int kMaxLanes = 16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The unit in the last place of a finite number as a float32.
double unit_of(double exact) {
  int exponent;
  std::frexp(exact, &exponent);
  return std::ldexp(1.0, std::max(exponent, -125) - 24);
}

// Distance of y from `exact` in units in the last place of `exact` as a float32. Where `exact` is beyond the largest
// float32, infinity is right.
double ulps(float y, double exact) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : HUGE_VAL;
  if (std::isinf(exact)) return y == exact ? 0 : HUGE_VAL;
  const double unit = unit_of(exact);
  if (std::isinf(y)) return std::copysign(1.0, exact) == std::copysign(1.0, y) ? std::max(0.0, (kLargest - std::fabs(exact)) / unit) : HUGE_VAL;
  return std::fabs(static_cast<double>(y) - exact) / unit;
}

using Unary = void (*)(const float*, float*);

// Bit patterns a prime number apart, so that every exponent and all kinds of mantissas come up, and the special values.
template <typename Visit>
void sweep(int lanes, const Visit& visit) {
  constexpr uint32_t kStep = 2053;
  float x[kMaxLanes];
  uint64_t bits = 0;
  while (bits <= UINT32_MAX) {
    for (int i = 0; i < lanes; ++i, bits += kStep) {
      const uint32_t pattern = static_cast<uint32_t>(bits);
      std::memcpy(&x[i], &pattern, sizeof x[i]);
    }
    visit(x);
  }
  constexpr float kSpecial[] = {0.0f, -0.0f, kInfinity, -kInfinity, 1.0f, -1.0f, 88.722839f, 88.72284f, -87.33655f, -103.97208f,
                                -103.97209f, 1e-45f, -1e-45f, 0.625f, -0.625f, 0.70710677f, 0.70710678f, 1.1754942e-38f};
  for (float special : kSpecial) {
    std::fill_n(x, lanes, special);
    visit(x);
  }
}

void check_error(const KernelTable& table, const char* name, Unary op, double (*exact)(double), bool (*valid)(float), double bound) {
  double worst = 0;
  float worst_x = 0;
  sweep(table.lanes, [&](const float* x) {
    float y[kMaxLanes];
    op(x, y);
    for (int i = 0; i < table.lanes; ++i) {
      if (!valid(x[i])) continue;
      const double error = ulps(y[i], exact(x[i]));
      if (!(error <= worst)) worst = error, worst_x = x[i];
    }
  });
  CHECK(worst <= bound, "%s(%.9g) is off by %.3f ULP, the bound is %.1f", name, worst_x, worst, bound);
}

bool always(float) { return true; }

ISA_TEST(math_exp) {
  check_error(table, "Exp", probe_of(table.isa).Exp, [](double x) { return std::exp(x); }, always, 1.1);
}
ISA_TEST(math_expm1) {
  check_error(table, "Expm1Negative", probe_of(table.isa).Expm1Negative, [](double x) { return std::expm1(x); },
              [](float x) { return !(x > 0); }, 1);
}
ISA_TEST(math_log) {
  check_error(table, "Log", probe_of(table.isa).Log, [](double x) { return std::log(x); }, always, 1);
}
ISA_TEST(math_log1p) {
  check_error(table, "Log1pUnit", probe_of(table.isa).Log1pUnit, [](double x) { return std::log1p(x); },
              [](float x) { return !(x < 0 || x > 1); }, 2);
}
ISA_TEST(math_normal_cdf) {
  check_error(table, "NormalCdf", probe_of(table.isa).NormalCdf, [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; },
              always, 6);
}
ISA_TEST(math_tanh) {
  check_error(table, "Tanh", probe_of(table.isa).Tanh, [](double x) { return std::tanh(x); }, always, 1.5);
}
ISA_TEST(math_sigmoid) {
  check_error(table, "Sigmoid", probe_of(table.isa).Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, always, 2.5);
}

ISA_TEST(math_pow) {
  const VecProbe& probe = probe_of(table.isa);
  Random random;
  float x[kMaxLanes], y[kMaxLanes], z[kMaxLanes];
  for (int round = 0; round < 20000; ++round) {
    for (int i = 0; i < table.lanes; ++i) {
      x[i] = std::exp2(random.uniform(-40, 40));
      y[i] = random.uniform(-3, 3);
    }
    probe.PowPositive(x, y, z);
    for (int i = 0; i < table.lanes; ++i) {
      const double exponent = y[i] * std::log(static_cast<double>(x[i]));
      if (std::fabs(exponent) > 87) continue;  // overflow or a denormal
      const double error = ulps(z[i], std::exp(exponent)), bound = 2 + 2 * std::fabs(exponent);
      CHECK(error <= bound, "PowPositive(%g, %g) is off by %.2f ULP, the bound is %.2f", x[i], y[i], error, bound);
    }
  }
}

// What the error of an activation gains with the size of an exponent, in ULP.
double nothing(float) { return 0; }
double gelu_tanh_exponent(float x) { return x < 0 ? 3 * std::fabs(1.5957691f * x + 0.07135482f * x * x * x) : 0; }
double softplus_exponent(float x) { return x < 0 ? std::fabs(0.3f * x) : 0; }

ISA_TEST(math_activations) {
  const VecProbe& probe = probe_of(table.isa);
  const struct {
    const char* name;
    Activation activation;
    double bound;
    bool times_x;  // the activation is x f(x): its error may be |x| times that of a denormal f(x)
    double (*growth)(float x);
  } kActivations[] = {
      {"none", {ActivationKind::kNone, 0, 0}, 0, false, nothing},
      {"relu", {ActivationKind::kRelu, 0, 0}, 0, false, nothing},
      {"clamp", {ActivationKind::kClamp, -1.5f, 6}, 0, false, nothing},
      {"leaky relu", {ActivationKind::kLeakyRelu, 0.01f, 0}, 0.5, false, nothing},
      {"elu", {ActivationKind::kElu, 1.25f, 0}, 2, false, nothing},
      {"selu", {ActivationKind::kSelu, 0, 0}, 2.5, false, nothing},
      {"celu", {ActivationKind::kCelu, 0.3f, 0}, 2.5, false, nothing},
      {"sigmoid", {ActivationKind::kSigmoid, 0, 0}, 2.5, false, nothing},
      {"hard sigmoid", {ActivationKind::kHardSigmoid, 0, 0}, 2, false, nothing},
      {"tanh", {ActivationKind::kTanh, 0, 0}, 1.5, false, nothing},
      {"silu", {ActivationKind::kSilu, 0, 0}, 3, true, nothing},
      {"hard swish", {ActivationKind::kHardSwish, 0, 0}, 2.5, true, nothing},
      {"gelu", {ActivationKind::kGelu, 0, 0}, 6.5, true, nothing},
      {"gelu, tanh", {ActivationKind::kGeluTanh, 0, 0}, 3, true, gelu_tanh_exponent},
      {"mish", {ActivationKind::kMish, 0, 0}, 4, true, nothing},
      {"softplus", {ActivationKind::kSoftplus, 1, 0}, 3.5, false, nothing},
      {"softplus of 0.3 x", {ActivationKind::kSoftplus, 0.3f, 0}, 3.5, false, softplus_exponent},
      {"softsign", {ActivationKind::kSoftsign, 0, 0}, 1.5, false, nothing},
      {"abs", {ActivationKind::kAbs, 0, 0}, 0, false, nothing},
      {"exp", {ActivationKind::kExp, 0, 0}, 1.1, false, nothing},
      {"sqrt", {ActivationKind::kSqrt, 0, 0}, 0.5, false, nothing},
      {"linear", {ActivationKind::kLinear, 0.25f, 0}, 0.5, false, nothing},
  };
  for (const auto& a : kActivations) {
    double worst = -HUGE_VAL, worst_error = 0;
    float worst_x = 0;
    sweep(table.lanes, [&](const float* x) {
      float y[kMaxLanes];
      probe.activate(x, a.activation, y);
      for (int i = 0; i < table.lanes; ++i) {
        const double exact = activation_reference(a.activation, x[i]);
        const double lost = a.times_x && std::isfinite(x[i]) ? std::fabs(x[i]) / unit_of(exact) * std::ldexp(1.0, -149) : 0;
        const double error = ulps(y[i], exact), excess = error - a.bound - a.growth(x[i]) - lost;
        if (!(excess <= worst)) worst = excess, worst_error = error, worst_x = x[i];
      }
    });
    CHECK(worst <= 0, "%s(%.9g) is off by %.3f ULP, %.3f more than allowed", a.name, worst_x, worst_error, worst);
  }
}

}  // namespace
}  // namespace im2col::test
