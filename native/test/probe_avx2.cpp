// The SIMD wrapper and the elementary functions of avx2 as plain functions.
#include "../isa/tables.h"
#include "vec_probe.h"

#if IM2COL_X86
#include <cmath>
#include <cstring>

#include <immintrin.h>

#include "../simd/vec.h"

IM2COL_TARGET_REGION_BEGIN("avx2,fma")
namespace im2col {
namespace avx2 {
namespace {
#include "../simd/vec_avx2.h"
#include "../simd/math.inl.h"
#include "../simd/activations.inl.h"
#include "../kernels/epilogue.inl.h"
#include "../kernels/activate_rows.inl.h"
#include "vec_probe.inl.h"
}  // namespace
}  // namespace avx2
}  // namespace im2col
IM2COL_TARGET_REGION_END

namespace im2col::test {

extern const VecProbe kAvx2Probe;
const VecProbe kAvx2Probe = avx2::probe;

}  // namespace im2col::test
#endif
