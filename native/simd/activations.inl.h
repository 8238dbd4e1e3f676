// The activations, with the formulas of PyTorch, whose NaN where a formula is infinity times 0 they share. Errors as in
// math.inl.h. Those that are x f(x) add |x| 2^-149 to theirs, which is more only where f(x) is denormal.
#pragma once

// x for x > 0, else alpha x. Max error: 0.5 ULP. Valid range: all.
IM2COL_INLINE V LeakyRelu(V x, float alpha) { return IfThenElse(Gt(x, Zero()), x, Mul(Set(alpha), x)); }

// x for x > 0, else alpha (e^x - 1). Max error: 2 ULP. Valid range: all.
IM2COL_INLINE V Elu(V x, float alpha) {
  return IfThenElse(Gt(x, Zero()), x, Mul(Set(alpha), Expm1Negative(Min(Zero(), x))));
}

// Klambauer et al., arXiv:1706.02515. Max error: 2.5 ULP. Valid range: all.
IM2COL_INLINE V Selu(V x) { return Mul(Set(1.0507009873554805f), Elu(x, 1.6732632423543772f)); }

// x for x > 0, else alpha (e^(x / alpha) - 1). Max error: 2.5 ULP. Valid range: all, alpha > 0.
IM2COL_INLINE V Celu(V x, float alpha) {
  return IfThenElse(Gt(x, Zero()), x, Mul(Set(alpha), Expm1Negative(Div(Min(Zero(), x), Set(alpha)))));
}

// min(max(x + 3, 0), 6) / 6. Max error: 2 ULP. Valid range: all.
IM2COL_INLINE V HardSigmoid(V x) {
  return Mul(Min(Set(6.0f), Max(Zero(), Add(x, Set(3.0f)))), Set(1.0f / 6));
}

// x HardSigmoid(x). Max error: 2.5 ULP. Valid range: all.
IM2COL_INLINE V HardSwish(V x) { return Mul(x, HardSigmoid(x)); }

// x Sigmoid(x). Max error: 3 ULP. Valid range: all.
IM2COL_INLINE V Silu(V x) { return Mul(x, Sigmoid(x)); }

// x NormalCdf(x). Max error: 6.5 ULP. Valid range: all.
IM2COL_INLINE V Gelu(V x) { return Mul(x, NormalCdf(x)); }

// x (1 + tanh(u / 2)) / 2 = x Sigmoid(u) with u = 2 sqrt(2 / pi) (x + 0.044715 x^3). Max error: 3 + 3 |u| ULP where u < 0,
// else 3 ULP. Valid range: all.
IM2COL_INLINE V GeluTanh(V x) {
  const V u = Mul(x, MulAdd(Set(0.07135481627260025f), Mul(x, x), Set(1.5957691216057308f)));
  return Mul(x, Sigmoid(u));
}

// x tanh(log(1 + e^x)), where with e = e^x the hyperbolic tangent is (e^2 + 2 e) / (e^2 + 2 e + 2); for x > 0 both terms are
// divided by e^2. Max error: 4 ULP. Valid range: all.
IM2COL_INLINE V Mish(V x) {
  const V e = ExpNegativeAbs(x);
  const V twice = Add(e, e);
  const M negative = Lt(x, Zero());
  const V numerator = IfThenElse(negative, MulAdd(e, e, twice), Add(Set(1.0f), twice));
  const V rest = IfThenElse(negative, Set(2.0f), Mul(twice, e));
  return Mul(x, Div(numerator, Add(numerator, rest)));
}

// log(1 + e^(beta x)) / beta; x itself where beta x > 20, as in PyTorch. Max error: 3.5 ULP, and |beta x| more where x < 0
// unless beta is 1. Valid range: all, beta > 0.
IM2COL_INLINE V Softplus(V x, float beta) {
  const V u = Mul(Set(beta), x);
  const V y = Add(Max(Zero(), u), Log1pUnit(ExpNegativeAbs(u)));
  return IfThenElse(Gt(u, Set(20.0f)), x, Div(y, Set(beta)));
}

// x / (1 + |x|). Max error: 1.5 ULP. Valid range: all.
IM2COL_INLINE V Softsign(V x) { return Div(x, Add(Set(1.0f), Abs(x))); }

template <ActivationKind kKind>
IM2COL_INLINE V activate(V x, [[maybe_unused]] const Activation& activation) {
  using Kind = ActivationKind;
  if constexpr (kKind == Kind::kRelu) return Max(Zero(), x);
  if constexpr (kKind == Kind::kClamp) return Min(Set(activation.beta), Max(Set(activation.alpha), x));
  if constexpr (kKind == Kind::kLeakyRelu) return LeakyRelu(x, activation.alpha);
  if constexpr (kKind == Kind::kElu) return Elu(x, activation.alpha);
  if constexpr (kKind == Kind::kSelu) return Selu(x);
  if constexpr (kKind == Kind::kCelu) return Celu(x, activation.alpha);
  if constexpr (kKind == Kind::kSigmoid) return Sigmoid(x);
  if constexpr (kKind == Kind::kHardSigmoid) return HardSigmoid(x);
  if constexpr (kKind == Kind::kTanh) return Tanh(x);
  if constexpr (kKind == Kind::kSilu) return Silu(x);
  if constexpr (kKind == Kind::kHardSwish) return HardSwish(x);
  if constexpr (kKind == Kind::kGelu) return Gelu(x);
  if constexpr (kKind == Kind::kGeluTanh) return GeluTanh(x);
  if constexpr (kKind == Kind::kMish) return Mish(x);
  if constexpr (kKind == Kind::kSoftplus) return Softplus(x, activation.alpha);
  if constexpr (kKind == Kind::kSoftsign) return Softsign(x);
  if constexpr (kKind == Kind::kAbs) return Abs(x);
  if constexpr (kKind == Kind::kExp) return Exp(x);
  if constexpr (kKind == Kind::kSqrt) return Sqrt(x);
  if constexpr (kKind == Kind::kLinear) return Add(Mul(Set(activation.alpha), x), Set(activation.beta));
  return x;
}
