// Whether a plan is safe to run, whoever made it.
#pragma once

#include "../runtime/status.h"
#include "plan_spec.h"

namespace im2col {

// Checks everything about memory that does not depend on what an op does: every view, with its halo, lies inside the
// arena, has positive sizes and strides under which no two of its elements meet; every index is in range; user buffers
// and the views that they fill have equal sizes; each output is written once; no step writes over what it still reads.
// Steps check their own attributes and shapes (ops/spec_reader.h).
Status validate_plan(const PlanSpec& plan);

}  // namespace im2col
