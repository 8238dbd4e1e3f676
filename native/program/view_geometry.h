// Arithmetic on views: which elements of the arena a view covers.
#pragma once

#include <cstdint>
#include <string>

#include "plan_spec.h"

namespace im2col {

// Far beyond any machine's memory, and small enough that sums of extents stay far inside 64 bits.
inline constexpr int64_t kMaxArenaSize = int64_t{1} << 48;

// Why the view cannot lie in an arena of `arena_size` (1 .. kMaxArenaSize) elements, or an empty string. Views for which this is empty can be
// computed with freely: no sum or product of their sizes, strides and halos inside their extent overflows.
std::string view_problem(const ViewSpec& view, int64_t arena_size);

// Whether two views, halos included, may have an element in common. Exact when one lies before the other, and for views
// side by side in the channels of one buffer; otherwise on the safe side.
bool views_overlap(const ViewSpec& a, const ViewSpec& b);

// Whether element (n, d, h, w, c) of both lies at the same place, for all elements of both.
bool same_elements(const ViewSpec& a, const ViewSpec& b);

}  // namespace im2col
