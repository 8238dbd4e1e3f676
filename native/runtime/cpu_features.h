// What the CPU offers and the operating system lets a program use.
#pragma once

namespace im2col {

struct CpuFeatures {
  bool avx2_fma = false;  // AVX2 and FMA
  bool avx512 = false;    // AVX-512 F, BW, VL and DQ, besides AVX2 and FMA
};

CpuFeatures detect_cpu_features();

}  // namespace im2col
