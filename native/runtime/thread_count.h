// How many threads this process may use.
#pragma once

#include <string>

#include "status.h"

namespace im2col {

inline constexpr int kMaxThreads = 256;

// IM2COL_THREADS when set, else the smaller of the CPU affinity and the cgroup CPU quota (rounded down, at least 1), at
// most kMaxThreads. Read once per process. 0 with a reason in `status` when IM2COL_THREADS is not a count of threads.
int thread_count(Status& status);

// The value of IM2COL_THREADS: 1 .. kMaxThreads in decimal digits, else 0 with a reason in `status`.
int parse_thread_count(const std::string& text, Status& status);

// CPUs that the cgroups (v1 and v2) of this process grant, over the whole hierarchy: the smallest quota / period, or 0
// when nothing limits it. `root` stands before every path that is read; it is empty outside of tests.
double cgroup_cpu_limit(const std::string& root);

}  // namespace im2col
