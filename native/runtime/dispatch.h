// How active_kernels() decides, apart from the environment and the CPU of this process.
#pragma once

#include "kernel_table.h"

namespace im2col {

// The best runnable table, or the one that `forced` names. Null or empty means not forced. Null with a reason in
// `status` when no runnable table has that name.
const KernelTable* choose_kernels(const char* forced, Status& status);

}  // namespace im2col
