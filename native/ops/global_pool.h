// Average pooling whose only window is the whole image.
#pragma once

#include <memory>

#include "../runtime/kernel_table.h"
#include "step.h"

namespace im2col {

// From [N, D, H, W, C] to [N, 1, 1, 1, C].
std::unique_ptr<Step> make_global_avg_pool(const KernelTable& kernels, const ViewSpec& input, const ViewSpec& output);

}  // namespace im2col
