// How fast this machine is at best, measured by the engine's own loops.
#pragma once

#include "kernel_table.h"
#include "parallel.h"

namespace im2col {

// Multiply-adds on registers, all threads of `parallel` at once: the best of rounds of about a millisecond, in GFLOP/s.
double fma_peak(const KernelTable& kernels, const Parallel& parallel, int64_t milliseconds);

// GB/s at which the threads of `parallel` read memory that lies in no cache; 0 without the memory to try.
double read_bandwidth(const KernelTable& kernels, const Parallel& parallel);

// Reads `count` elements on all threads of `parallel`, each its share.
void read_all(const KernelTable& kernels, const Parallel& parallel, const float* data, int64_t count);

}  // namespace im2col
