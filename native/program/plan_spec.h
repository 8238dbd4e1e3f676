// The plan as it crosses the boundary, one to one with lib/graph/plan-spec.ts. Plain data: no JS, no kernels.
// Counts and strides are in elements (float32).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "parameter_spec.h"

namespace im2col {

// A value in the arena: sizes N, D, H, W, C with C contiguous, surrounded by `halo` zero cells.
struct ViewSpec {
  int64_t offset = 0;               // of element (0,0,0,0,0) of the interior
  std::array<int64_t, 5> shape{};   // n, d, h, w, c
  std::array<int64_t, 4> strides{}; // of n, d, h, w
  std::array<int64_t, 6> halo{};    // d before, d after, h before, h after, w before, w after
};

// A number, a list of numbers or a word.
struct Attribute {
  std::vector<double> numbers;
  std::string word;
};

struct StepSpec {
  std::string op;
  std::string name;
  std::vector<int> inputs;   // indices into PlanSpec::views
  std::vector<int> outputs;
  std::map<std::string, Attribute> attributes;
  std::map<std::string, ParameterSpec> parameters;
};

struct PlanSpec {
  int64_t arena_size = 0;
  std::vector<ViewSpec> views;
  std::vector<StepSpec> steps;
  std::vector<int64_t> input_sizes;
  std::vector<int64_t> output_sizes;
};

}  // namespace im2col
