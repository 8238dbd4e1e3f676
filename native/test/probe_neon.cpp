// The SIMD wrapper and the elementary functions of neon as plain functions.
#include "../isa/tables.h"
#include "vec_probe.h"

#if IM2COL_ARM64
#include <cmath>
#include <cstring>

#include <arm_neon.h>

#include "../simd/vec.h"

namespace im2col {
namespace neon {
namespace {
#include "../simd/vec_neon.h"
#include "../simd/math.inl.h"
#include "../simd/activations.inl.h"
#include "../kernels/epilogue.inl.h"
#include "../kernels/activate_rows.inl.h"
#include "vec_probe.inl.h"
}  // namespace
}  // namespace neon
}  // namespace im2col

namespace im2col::test {

extern const VecProbe kNeonProbe;
const VecProbe kNeonProbe = neon::probe;

}  // namespace im2col::test
#endif
