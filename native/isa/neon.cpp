// The kernels for AArch64, whose baseline has NEON.
#include "tables.h"

#if IM2COL_ARM64
#include <cmath>
#include <cstring>
#include <utility>
#include <arm_neon.h>

#include "../simd/vec.h"

namespace im2col {
namespace neon {
namespace {
#include "../simd/vec_neon.h"
#include "../kernels/all.inl.h"
}  // namespace
}  // namespace neon
}  // namespace im2col

namespace im2col {
namespace neon {

constexpr KernelTable table = {
    "neon",
    kLanes,
    {kMaxPixels[0], kMaxPixels[1], kMaxPixels[2], kMaxPixels[3]},
#define IM2COL_KERNEL(name, argument) name,
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
};

}  // namespace neon
}  // namespace im2col
#endif
