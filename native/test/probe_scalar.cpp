// The SIMD wrapper and the elementary functions of scalar as plain functions.
#include "../isa/tables.h"
#include "vec_probe.h"

#include <cmath>
#include <cstring>

#include "../simd/vec.h"

namespace im2col {
namespace scalar {
namespace {
#include "../simd/vec_scalar.h"
#include "../simd/math.inl.h"
#include "../simd/activations.inl.h"
#include "../kernels/epilogue.inl.h"
#include "../kernels/activate_rows.inl.h"
#include "vec_probe.inl.h"
}  // namespace
}  // namespace scalar
}  // namespace im2col

namespace im2col::test {

extern const VecProbe kScalarProbe;
const VecProbe kScalarProbe = scalar::probe;

}  // namespace im2col::test
