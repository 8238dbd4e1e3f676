#include "cpu_features.h"

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

namespace im2col {
namespace {

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

#if defined(_MSC_VER) && !defined(__clang__)
Registers cpuid(uint32_t leaf) {
  int r[4];
  __cpuidex(r, static_cast<int>(leaf), 0);
  return {static_cast<uint32_t>(r[0]), static_cast<uint32_t>(r[1]), static_cast<uint32_t>(r[2]), static_cast<uint32_t>(r[3])};
}
uint64_t saved_state_mask() { return _xgetbv(0); }
#else
Registers cpuid(uint32_t leaf) {
  Registers r{};
  __cpuid_count(leaf, 0, r.eax, r.ebx, r.ecx, r.edx);
  return r;
}
uint64_t saved_state_mask() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}
#endif

bool bit(uint32_t word, int index) { return (word >> index) & 1; }

}  // namespace

// Bit numbers: Intel SDM volume 2A, CPUID; volume 1, 13.3 for XCR0.
CpuFeatures detect_cpu_features() {
  CpuFeatures features;
  if (cpuid(0).eax < 7) return features;
  const Registers leaf1 = cpuid(1);
  const bool osxsave = bit(leaf1.ecx, 27);
  if (!osxsave) return features;

  const uint64_t saved = saved_state_mask();
  constexpr uint64_t kSseAvx = 0x06;                // XMM, YMM
  constexpr uint64_t kSseAvxAvx512 = kSseAvx | 0xe0;  // and opmask, upper ZMM, ZMM16-31
  const Registers leaf7 = cpuid(7);
  const bool avx = bit(leaf1.ecx, 28), fma = bit(leaf1.ecx, 12), avx2 = bit(leaf7.ebx, 5);
  const bool avx512f = bit(leaf7.ebx, 16), avx512dq = bit(leaf7.ebx, 17);
  const bool avx512bw = bit(leaf7.ebx, 30), avx512vl = bit(leaf7.ebx, 31);

  features.avx2_fma = (saved & kSseAvx) == kSseAvx && avx && fma && avx2;
  features.avx512 = features.avx2_fma && (saved & kSseAvxAvx512) == kSseAvxAvx512 && avx512f && avx512dq && avx512bw && avx512vl;
  return features;
}

}  // namespace im2col

#else

namespace im2col {

CpuFeatures detect_cpu_features() { return {}; }

}  // namespace im2col

#endif
