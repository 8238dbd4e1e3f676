#include "vec_probe.h"

#include <cstdlib>
#include <cstring>

#include "../isa/tables.h"

namespace im2col::test {

extern const VecProbe kScalarProbe;
#if IM2COL_X86
extern const VecProbe kAvx2Probe, kAvx512Probe;
#endif
#if IM2COL_ARM64
extern const VecProbe kNeonProbe;
#endif

const VecProbe& probe_of(const char* isa) {
#if IM2COL_X86
  if (std::strcmp(isa, "avx512") == 0) return kAvx512Probe;
  if (std::strcmp(isa, "avx2") == 0) return kAvx2Probe;
#endif
#if IM2COL_ARM64
  if (std::strcmp(isa, "neon") == 0) return kNeonProbe;
#endif
  if (std::strcmp(isa, "scalar") == 0) return kScalarProbe;
  std::abort();
}

}  // namespace im2col::test
