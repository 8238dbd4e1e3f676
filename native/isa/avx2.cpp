// The kernels for x86-64 with AVX2 and FMA.
#include "tables.h"

#if IM2COL_X86
#include <cmath>
#include <cstring>
#include <utility>
#include <immintrin.h>

#include "../simd/vec.h"

IM2COL_TARGET_REGION_BEGIN("avx2,fma")
namespace im2col {
namespace avx2 {
namespace {
#include "../simd/vec_avx2.h"
#include "../kernels/all.inl.h"
}  // namespace
}  // namespace avx2
}  // namespace im2col
IM2COL_TARGET_REGION_END

namespace im2col {
namespace avx2 {

constexpr KernelTable table = {
    "avx2",
    kLanes,
    {kMaxPixels[0], kMaxPixels[1], kMaxPixels[2], kMaxPixels[3]},
#define IM2COL_KERNEL(name, argument) name,
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
};

}  // namespace avx2
}  // namespace im2col
#endif
