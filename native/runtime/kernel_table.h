// One table of kernels per ISA, and the one that is active.
#pragma once

#include "../kernels/kernel_types.h"
#include "status.h"

namespace im2col {

struct KernelTable {
  const char* isa;  // "scalar", "avx2", "avx512", "neon"
  int lanes;        // float32 per vector
  // Largest tile by panel_vectors - 1: how many pixels gemm_f32 takes at once. 0: that panel width is not offered.
  int max_pixels[kMaxPanelVectors];
#define IM2COL_KERNEL(name, argument) void (*name)(const argument&);
#include "../kernels/kernels.inc"
#undef IM2COL_KERNEL
};

// The table chosen at first use: IM2COL_ISA when set, else the best that CPU and OS support. Null with a reason in
// `status` when IM2COL_ISA names an ISA that this build or machine does not have. Thread-safe.
const KernelTable* active_kernels(Status& status);

// Every table that can run on this machine, best first. `count` receives how many.
const KernelTable* const* runnable_kernels(int& count);

}  // namespace im2col
