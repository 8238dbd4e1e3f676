// What kernel tests share: activations in double precision and tolerances.
#pragma once

#include "../kernels/kernel_types.h"

namespace im2col::test {

double activation_reference(const Activation& activation, double x);

// Activations of different kinds, in turn. All have slopes of at most 1.5, so they hardly enlarge an error.
Activation some_activation(int64_t i);

// Bound of the rounding errors of a float32 sum of products: `terms` roundings, each relative to `magnitude`, the sum of
// the terms' absolute values; and of the activation behind it.
double tolerance(int64_t terms, double magnitude);

}  // namespace im2col::test
