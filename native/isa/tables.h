// The kernel tables of this build, one for each ISA that the target architecture has.
#pragma once

#include "../runtime/kernel_table.h"

#if defined(__x86_64__) || defined(_M_X64)
#define IM2COL_X86 1
#else
#define IM2COL_X86 0
#endif

#if defined(__aarch64__) || defined(_M_ARM64)
#define IM2COL_ARM64 1
#else
#define IM2COL_ARM64 0
#endif

namespace im2col {

namespace scalar {
extern const KernelTable table;
}
#if IM2COL_X86
namespace avx2 {
extern const KernelTable table;
}
namespace avx512 {
extern const KernelTable table;
}
#endif
#if IM2COL_ARM64
namespace neon {
extern const KernelTable table;
}
#endif

}  // namespace im2col
