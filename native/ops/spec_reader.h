// Typed, checked reads of a StepSpec. The first failure is kept; later reads return defaults, so a factory reads
// everything and then looks at status() once.
#pragma once

#include <array>
#include <vector>

#include "../kernels/kernel_types.h"
#include "step.h"

namespace im2col {

class SpecReader {
 public:
  SpecReader(const StepSpec& spec, const BuildContext& context);

  const ViewSpec& input(size_t i);    // fails when the step has no such input
  const ViewSpec& output(size_t i);
  const ViewSpec* optional_input(size_t i);
  int64_t integer(const char* name, int64_t minimum, int64_t maximum);
  float number(const char* name);
  std::array<int64_t, 3> triple(const char* name, int64_t minimum, int64_t maximum);  // d, h, w
  // A list of integers, empty when there is none of that name.
  std::vector<int64_t> integers(const char* name, int64_t minimum, int64_t maximum);
  std::vector<float> numbers(const char* name);  // a list, empty when there is none of that name
  std::string word(const char* name);
  const ParameterSpec& parameter(const char* name, size_t size);  // exactly `size` elements
  const ParameterSpec* optional_parameter(const char* name, size_t size);
  // <prefix>'activation', 'alpha', 'beta'; none when absent
  Activation activation(const std::string& prefix = {});
  void expect(bool condition, const std::string& message);  // records "<op> step '<name>': <message>"

  const Status& status() const { return status_; }

 private:
  const StepSpec& spec_;
  const BuildContext& context_;
  Status status_;
};

}  // namespace im2col
