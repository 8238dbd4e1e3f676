// The kernels for x86-64 with AVX-512 F, BW, VL and DQ.
#include "tables.h"

#if IM2COL_X86
#include <cmath>
#include <cstring>
#include <utility>

// GCC 11 and 12 warn about the undefined vectors inside their own intrinsics, https://gcc.gnu.org/PR105593.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "../simd/vec.h"

// Clang picks 512-bit vectors by the intrinsics and does not know the preference.
#if defined(__clang__)
#define IM2COL_AVX512_FEATURES "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#else
#define IM2COL_AVX512_FEATURES "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,prefer-vector-width=512"
#endif

IM2COL_TARGET_REGION_BEGIN(IM2COL_AVX512_FEATURES)
namespace im2col {
namespace avx512 {
namespace {
#include "../simd/vec_avx512.h"
#include "../kernels/all.inl.h"
}  // namespace
}  // namespace avx512
}  // namespace im2col
IM2COL_TARGET_REGION_END

namespace im2col {
namespace avx512 {

constexpr KernelTable table = {
    "avx512",
    kLanes,
    {kMaxPixels[0], kMaxPixels[1], kMaxPixels[2], kMaxPixels[3]},
#define IM2COL_KERNEL(name, argument) name,
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
};

}  // namespace avx512
}  // namespace im2col
#endif
