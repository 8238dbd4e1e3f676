// The activations that are two instructions: y = min(upper, max(lower, x)), with infinite bounds for none. NaN stays NaN.
#pragma once

struct Clamp {
  V lower;
  V upper;
  bool complete;  // false when the activation is no clamp: activate_rows has to follow
};

IM2COL_INLINE Clamp clamp_of(const Activation& activation) {
  float lower = -__builtin_inff(), upper = __builtin_inff();
  bool complete = true;
  switch (activation.kind) {
    case ActivationKind::kNone: break;
    case ActivationKind::kRelu: lower = 0; break;
    case ActivationKind::kClamp: lower = activation.alpha, upper = activation.beta; break;
    default: complete = false;
  }
  return {Set(lower), Set(upper), complete};
}

IM2COL_INLINE V apply_clamp(const Clamp& clamp, V x) { return Min(clamp.upper, Max(clamp.lower, x)); }
