// The SIMD wrapper and the elementary functions of avx512 as plain functions.
#include "../isa/tables.h"
#include "vec_probe.h"

#if IM2COL_X86
#include <cmath>
#include <cstring>

// See isa/avx512.cpp.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "../simd/vec.h"

IM2COL_TARGET_REGION_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")
namespace im2col {
namespace avx512 {
namespace {
#include "../simd/vec_avx512.h"
#include "../simd/math.inl.h"
#include "../simd/activations.inl.h"
#include "../kernels/epilogue.inl.h"
#include "../kernels/activate_rows.inl.h"
#include "vec_probe.inl.h"
}  // namespace
}  // namespace avx512
}  // namespace im2col
IM2COL_TARGET_REGION_END

namespace im2col::test {

extern const VecProbe kAvx512Probe;
const VecProbe kAvx512Probe = avx512::probe;

}  // namespace im2col::test
#endif
