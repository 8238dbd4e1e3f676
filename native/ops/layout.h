// Copies between views and between channels-last and planar (N, C, D, H, W) memory. Each zeroes the halo of a view that it
// writes.
#pragma once

#include "../runtime/kernel_table.h"
#include "../runtime/parallel.h"
#include "view.h"

namespace im2col {

// Copies a view to another of the same shape. Both offsets count from their own base pointer.
void copy_view(const float* source, const ViewSpec& from, float* destination, const ViewSpec& to, const Parallel& parallel);

// Writes channel c of pixel p of image n to planar[n * batch_stride + c * pixels of an image + p].
void to_planar(const KernelTable& kernels, const float* arena, const ViewSpec& view, float* planar, int64_t batch_stride,
               const Parallel& parallel);

// The reverse, from images that follow one another.
void from_planar(const KernelTable& kernels, const float* planar, float* arena, const ViewSpec& view, const Parallel& parallel);

}  // namespace im2col
