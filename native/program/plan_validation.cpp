#include "plan_validation.h"

#include <algorithm>
#include <string>
#include <vector>

#include "../ops/view.h"
#include "view_geometry.h"

namespace im2col {
namespace {

std::string quoted(const StepSpec& step) { return step.op + " step '" + step.name + "'"; }

// Inputs that a step may overwrite in place, because it reads each element before it writes the same element.
bool may_overwrite(const StepSpec& step, size_t input) {
  if (step.op == "add" || step.op == "affine" || step.op == "activation") return true;
  const bool is_conv = step.op == "conv" || step.op == "convTranspose" || step.op == "normConv";
  return (is_conv && input == 1) || (step.op == "scaledConv" && input == 2);  // the residual
}

Status check_indices(const StepSpec& step, const std::vector<int>& indices, const char* what, size_t view_count) {
  for (const int index : indices) {
    if (index < 0 || static_cast<size_t>(index) >= view_count) {
      return Status::Invalid(quoted(step) + ": " + what + " is view " + std::to_string(index) + " but there are " +
                             std::to_string(view_count) + " views");
    }
  }
  return Status::Ok();
}

Status check_overlap(const PlanSpec& plan, const StepSpec& step) {
  for (size_t o = 0; o < step.outputs.size(); ++o) {
    const ViewSpec& output = plan.views[step.outputs[o]];
    for (size_t other = o + 1; other < step.outputs.size(); ++other) {
      if (views_overlap(output, plan.views[step.outputs[other]])) {
        return Status::Invalid(quoted(step) + ": outputs " + std::to_string(o) + " and " + std::to_string(other) +
                               " overlap in the arena");
      }
    }
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const ViewSpec& input = plan.views[step.inputs[i]];
      if (may_overwrite(step, i) && same_elements(input, output)) continue;
      if (views_overlap(input, output)) {
        return Status::Invalid(quoted(step) + ": output " + std::to_string(o) + " overlaps input " + std::to_string(i) +
                               " in the arena");
      }
    }
  }
  return Status::Ok();
}

// Steps that move a user's buffer: `sizes` are the plan's sizes of those buffers, `view` is the one inside the arena.
Status check_user_buffer(const PlanSpec& plan, const StepSpec& step, const std::vector<int64_t>& sizes,
                         const std::vector<int>& views, size_t& index) {
  if (views.size() != 1 || step.inputs.size() + step.outputs.size() != 1) {
    return Status::Invalid(quoted(step) + ": expected exactly one view");
  }
  const auto attribute = step.attributes.find("index");
  const bool one_number = attribute != step.attributes.end() && attribute->second.numbers.size() == 1;
  const double number = one_number ? attribute->second.numbers[0] : -1;
  if (!(number >= 0 && number < static_cast<double>(sizes.size())) || number != static_cast<int>(number)) {
    return Status::Invalid(quoted(step) + ": attribute 'index' must be an integer from 0 to " +
                           std::to_string(static_cast<int64_t>(sizes.size()) - 1));
  }
  index = static_cast<size_t>(number);
  const int64_t elements = element_count(plan.views[views[0]]);
  if (elements != sizes[index]) {
    return Status::Invalid(quoted(step) + ": the view has " + std::to_string(elements) + " elements but buffer " +
                           std::to_string(index) + " has " + std::to_string(sizes[index]));
  }
  return Status::Ok();
}

Status check_step(const PlanSpec& plan, const StepSpec& step, std::vector<int>& writes) {
  Status status = check_indices(step, step.inputs, "an input", plan.views.size());
  if (status.ok()) status = check_indices(step, step.outputs, "an output", plan.views.size());
  if (status.ok()) status = check_overlap(plan, step);
  if (!status.ok()) return status;

  size_t index = 0;
  if (step.op == "input") return check_user_buffer(plan, step, plan.input_sizes, step.outputs, index);
  if (step.op == "output") {
    status = check_user_buffer(plan, step, plan.output_sizes, step.inputs, index);
    if (status.ok()) ++writes[index];
    return status;
  }
  if (step.outputs.empty()) return Status::Invalid(quoted(step) + ": expected an output");
  return Status::Ok();
}

Status check_sizes(const std::vector<int64_t>& sizes, const char* what) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1) {
      return Status::Invalid(std::string("size of ") + what + " " + std::to_string(i) + " must be positive but is " +
                             std::to_string(sizes[i]));
    }
  }
  return Status::Ok();
}

}  // namespace

Status validate_plan(const PlanSpec& plan) {
  if (plan.arena_size < 1 || plan.arena_size > kMaxArenaSize) {
    return Status::Invalid("arena size must be from 1 to " + std::to_string(kMaxArenaSize) + " but is " +
                           std::to_string(plan.arena_size));
  }
  for (size_t i = 0; i < plan.views.size(); ++i) {
    const std::string problem = view_problem(plan.views[i], plan.arena_size);
    if (!problem.empty()) return Status::Invalid("view " + std::to_string(i) + ": " + problem);
  }
  Status status = check_sizes(plan.input_sizes, "input");
  if (status.ok()) status = check_sizes(plan.output_sizes, "output");
  if (!status.ok()) return status;

  std::vector<int> writes(plan.output_sizes.size());
  for (const StepSpec& step : plan.steps) {
    status = check_step(plan, step, writes);
    if (!status.ok()) return status;
  }
  for (size_t i = 0; i < writes.size(); ++i) {
    if (writes[i] != 1) {
      return Status::Invalid("output " + std::to_string(i) + " must be written by one step but is written by " +
                             std::to_string(writes[i]));
    }
  }
  return Status::Ok();
}

}  // namespace im2col
