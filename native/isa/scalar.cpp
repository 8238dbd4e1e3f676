// The kernels in portable C++, for every CPU.
#include "tables.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "../simd/vec.h"

namespace im2col {
namespace scalar {
namespace {
#include "../simd/vec_scalar.h"
#include "../kernels/all.inl.h"
}  // namespace

constexpr KernelTable table = {
    "scalar",
    kLanes,
    {kMaxPixels[0], kMaxPixels[1], kMaxPixels[2], kMaxPixels[3]},
#define IM2COL_KERNEL(name, argument) name,
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
};

}  // namespace scalar
}  // namespace im2col
