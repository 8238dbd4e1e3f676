#include "plan_reader.h"

#include <algorithm>
#include <cstring>

#include "arguments.h"
#include "file_handle.h"

namespace im2col {
namespace {

constexpr int64_t kMaxCount = int64_t{1} << 53;  // integers up to here are exact in a double
constexpr size_t kMaxTableLength = size_t{1} << 26;  // maxTableEntries of lib/layers/tables.ts

// The own, enumerable string keys of an object.
Status read_keys(napi_env env, napi_value object, const std::string& what, std::vector<napi_value>& keys) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, object, &type);
  if (type != napi_object) return Status::Invalid(what + " must be an object");
  napi_value names = nullptr;
  const auto filter = static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols);
  if (napi_get_all_property_names(env, object, napi_key_own_only, filter, napi_key_numbers_to_strings, &names) !=
      napi_ok) {
    return Status::Invalid(what + " cannot be read");
  }
  return read_list(env, names, what, keys);
}

Status read_integers(napi_env env, napi_value value, const std::string& what, int64_t minimum, int64_t maximum,
                     std::vector<int64_t>& integers) {
  std::vector<napi_value> elements;
  Status status = read_list(env, value, what, elements);
  integers.resize(elements.size());
  for (size_t i = 0; i < elements.size() && status.ok(); ++i) {
    status = read_integer(env, elements[i], what + "[" + std::to_string(i) + "]", minimum, maximum, integers[i]);
  }
  return status;
}

Status read_integers(napi_env env, napi_value object, const char* name, const std::string& what, int64_t minimum,
                     int64_t maximum, std::vector<int64_t>& integers) {
  napi_value value = nullptr;
  Status status = read_property(env, object, name, what, value);
  if (!status.ok()) return status;
  return read_integers(env, value, what + "." + name, minimum, maximum, integers);
}

template <size_t N>
Status read_fixed(napi_env env, napi_value object, const char* name, const std::string& what, int64_t minimum,
                  std::array<int64_t, N>& values) {
  std::vector<int64_t> integers;
  Status status = read_integers(env, object, name, what, minimum, kMaxCount, integers);
  if (!status.ok()) return status;
  if (integers.size() != N) {
    return Status::Invalid(what + "." + name + " must have " + std::to_string(N) + " entries but has " +
                           std::to_string(integers.size()));
  }
  std::copy(integers.begin(), integers.end(), values.begin());
  return status;
}

Status read_indices(napi_env env, napi_value object, const char* name, const std::string& what,
                    std::vector<int>& indices) {
  std::vector<int64_t> integers;
  Status status = read_integers(env, object, name, what, 0, kMaxListLength, integers);
  indices.assign(integers.begin(), integers.end());
  return status;
}

Status read_text(napi_env env, napi_value object, const char* name, const std::string& what, std::string& text) {
  napi_value value = nullptr;
  Status status = read_property(env, object, name, what, value);
  return status.ok() ? read_string(env, value, what + "." + name, text) : status;
}

Status read_view(napi_env env, napi_value value, const std::string& what, ViewSpec& view) {
  napi_value offset = nullptr;
  Status status = read_property(env, value, "offset", what, offset);
  if (status.ok()) status = read_integer(env, offset, what + ".offset", 0, kMaxCount, view.offset);
  if (status.ok()) status = read_fixed(env, value, "shape", what, 1, view.shape);
  if (status.ok()) status = read_fixed(env, value, "strides", what, 1, view.strides);
  if (status.ok()) status = read_fixed(env, value, "halo", what, 0, view.halo);
  return status;
}

template <typename T>
void copy_numbers(const ArrayMemory& memory, std::vector<double>& numbers) {
  const T* from = static_cast<const T*>(memory.data);
  numbers.assign(from, from + memory.size);
}

// A list that is as long as an axis: an Int32Array or a Float32Array.
Status read_table(napi_env env, napi_value value, const std::string& what, std::vector<double>& numbers) {
  napi_typedarray_type type = napi_float32_array;
  napi_get_typedarray_info(env, value, &type, nullptr, nullptr, nullptr, nullptr);
  if (type != napi_int32_array) type = napi_float32_array;
  ArrayMemory memory;
  Status status = read_typed_array(env, value, type, what, memory);
  if (!status.ok()) return status;
  if (memory.size > kMaxTableLength) {
    return Status::Invalid(what + " must have at most " + std::to_string(kMaxTableLength) + " elements but has " + std::to_string(memory.size));
  }
  if (type == napi_int32_array) {
    copy_numbers<int32_t>(memory, numbers);
  } else {
    copy_numbers<float>(memory, numbers);
  }
  return Status::Ok();
}

// A number, a list of numbers or a string.
Status read_attribute(napi_env env, napi_value value, const std::string& what, Attribute& attribute) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_string) return read_string(env, value, what, attribute.word);
  if (type == napi_number) {
    attribute.numbers.resize(1);
    return read_number(env, value, what, attribute.numbers[0]);
  }
  bool is_table = false;
  napi_is_typedarray(env, value, &is_table);
  if (is_table) return read_table(env, value, what, attribute.numbers);
  bool is_array = false;
  napi_is_array(env, value, &is_array);
  if (!is_array) return Status::Invalid(what + " must be a number, a string or a list of numbers");
  std::vector<napi_value> elements;
  Status status = read_list(env, value, what, elements);
  attribute.numbers.resize(elements.size());
  for (size_t i = 0; i < elements.size() && status.ok(); ++i) {
    status = read_number(env, elements[i], what + "[" + std::to_string(i) + "]", attribute.numbers[i]);
  }
  return status;
}

Status read_attributes(napi_env env, napi_value value, const std::string& what, StepSpec& step) {
  std::vector<napi_value> keys;
  Status status = read_keys(env, value, what, keys);
  for (size_t i = 0; i < keys.size() && status.ok(); ++i) {
    std::string key;
    status = read_string(env, keys[i], "a key of " + what, key);
    napi_value attribute = nullptr;
    if (status.ok() && napi_get_property(env, value, keys[i], &attribute) != napi_ok) {
      status = Status::Invalid(what + "." + key + " cannot be read");
    }
    if (status.ok()) status = read_attribute(env, attribute, what + "." + key, step.attributes[key]);
  }
  return status;
}

// "weight", or that of a part of a step: "expand.weight".
bool is_weight(const std::string& role) { return role.substr(role.rfind('.') + 1) == "weight"; }

// { file, startByte, size }
Status read_file_range(napi_env env, napi_value value, const std::string& what, std::string& key, ParameterSpec& spec) {
  napi_value property = nullptr;
  int64_t position = 0;
  int64_t size = 0;
  Status status = read_property(env, value, "startByte", what, property);
  if (status.ok()) status = read_integer(env, property, what + ".startByte", 0, kMaxCount, position);
  if (status.ok()) status = read_property(env, value, "size", what, property);
  if (status.ok()) status = read_integer(env, property, what + ".size", 1, kMaxCount / 4, size);
  if (status.ok()) status = read_property(env, value, "file", what, property);
  if (!status.ok()) return status;
  const auto* handle = from_handle<FileHandle>(env, property, "file", status);
  if (handle != nullptr) {
    spec = ParameterSpec(std::move(key), handle->file, static_cast<uint64_t>(position), static_cast<size_t>(size));
  }
  return status;
}

}  // namespace

Status PlanArguments::read(napi_env env, napi_value value) {
  napi_value property = nullptr;
  Status status = read_property(env, value, "arenaSize", "plan", property);
  if (status.ok()) status = read_integer(env, property, "plan.arenaSize", 1, kMaxCount, plan.arena_size);
  if (status.ok()) status = read_integers(env, value, "inputSizes", "plan", 1, kMaxCount, plan.input_sizes);
  if (status.ok()) status = read_integers(env, value, "outputSizes", "plan", 1, kMaxCount, plan.output_sizes);
  if (status.ok()) status = read_property(env, value, "views", "plan", property);
  if (status.ok()) status = read_views(env, property);
  if (status.ok()) status = read_property(env, value, "steps", "plan", property);
  if (status.ok()) status = read_steps(env, property);
  return status;
}

Status PlanArguments::read_views(napi_env env, napi_value value) {
  std::vector<napi_value> elements;
  Status status = read_list(env, value, "plan.views", elements);
  plan.views.resize(elements.size());
  for (size_t i = 0; i < elements.size() && status.ok(); ++i) {
    const Napi::HandleScope scope(env);
    status = read_view(env, elements[i], "plan.views[" + std::to_string(i) + "]", plan.views[i]);
  }
  return status;
}

Status PlanArguments::read_steps(napi_env env, napi_value value) {
  std::vector<napi_value> elements;
  Status status = read_list(env, value, "plan.steps", elements);
  plan.steps.resize(elements.size());
  for (size_t i = 0; i < elements.size() && status.ok(); ++i) {
    const Napi::HandleScope scope(env);
    status = read_step(env, elements[i], "plan.steps[" + std::to_string(i) + "]", plan.steps[i]);
  }
  return status;
}

Status PlanArguments::read_step(napi_env env, napi_value value, const std::string& what, StepSpec& step) {
  napi_value property = nullptr;
  Status status = read_text(env, value, "op", what, step.op);
  if (status.ok()) status = read_text(env, value, "name", what, step.name);
  if (status.ok()) status = read_indices(env, value, "inputs", what, step.inputs);
  if (status.ok()) status = read_indices(env, value, "outputs", what, step.outputs);
  if (status.ok()) status = read_property(env, value, "attributes", what, property);
  if (status.ok()) status = read_attributes(env, property, what + ".attributes", step);
  if (status.ok()) status = read_property(env, value, "parameters", what, property);
  if (status.ok()) status = read_parameters(env, property, what + ".parameters", step);
  return status;
}

Status PlanArguments::read_parameters(napi_env env, napi_value value, const std::string& what, StepSpec& step) {
  std::vector<napi_value> keys;
  Status status = read_keys(env, value, what, keys);
  for (size_t i = 0; i < keys.size() && status.ok(); ++i) {
    std::string role;
    status = read_string(env, keys[i], "a key of " + what, role);
    napi_value parameter = nullptr;
    if (status.ok() && napi_get_property(env, value, keys[i], &parameter) != napi_ok) {
      status = Status::Invalid(what + "." + role + " cannot be read");
    }
    if (status.ok()) status = read_parameter(env, parameter, what + "." + role, role, step.parameters[role]);
  }
  return status;
}

Status PlanArguments::read_parameter(napi_env env, napi_value value, const std::string& what, const std::string& role,
                                     ParameterSpec& spec) {
  napi_value data = nullptr;
  std::string key;
  Status status = read_text(env, value, "key", what, key);
  if (status.ok()) status = read_property(env, value, "data", what, data);
  if (!status.ok()) return status;
  const std::string path = what + ".data";
  bool is_typed_array = false;
  napi_is_typedarray(env, data, &is_typed_array);
  // Packings take care of weights in files; what else a step has is small.
  if (is_weight(role) && !is_typed_array) return read_file_range(env, data, path, key, spec);

  ArrayMemory memory;
  status = read_typed_array(env, data, napi_float32_array, path, memory);
  if (!status.ok()) return status;
  napi_ref reference = nullptr;
  napi_create_reference(env, data, 1, &reference);
  spec = ParameterSpec(std::move(key), nullptr, memory.size);
  references_.push_back(reference);
  parameters_.push_back(&spec);
  parameter_names_.push_back(path);
  return status;
}

Status PlanArguments::parameter_memory(napi_env env, size_t index, float*& data, bool& shared) {
  napi_value value = nullptr;
  napi_get_reference_value(env, references_[index], &value);
  ArrayMemory memory;
  Status status = read_floats(env, value, parameter_names_[index], parameters_[index]->size, memory);
  data = static_cast<float*>(memory.data);
  shared = memory.shared;
  return status;
}

Status PlanArguments::borrow(napi_env env) {
  Status status;
  for (size_t i = 0; i < parameters_.size() && status.ok(); ++i) {
    float* data = nullptr;
    bool shared = false;
    status = parameter_memory(env, i, data, shared);
    parameters_[i]->set_memory(data);
  }
  return status;
}

Status PlanArguments::stage(napi_env env, size_t budget, bool& done) {
  for (; staged_parameters_ < parameters_.size(); ++staged_parameters_, staged_elements_ = 0) {
    const Napi::HandleScope scope(env);
    ParameterSpec& spec = *parameters_[staged_parameters_];
    float* data = nullptr;
    bool shared = false;
    Status status = parameter_memory(env, staged_parameters_, data, shared);
    if (!status.ok()) return status;
    if (shared || spec.size == 0) {
      spec.set_memory(data);
      continue;
    }
    if (budget == 0) break;
    if (staged_elements_ == 0) {
      copies_.emplace_back(spec.size);
      if (!copies_.back()) return {Code::kOutOfMemory, "no memory for " + parameter_names_[staged_parameters_]};
      spec.set_memory(copies_.back().data());
    }
    const size_t count = std::min(budget, spec.size - staged_elements_);
    std::memcpy(copies_.back().data() + staged_elements_, data + staged_elements_, count * sizeof(float));
    budget -= count;
    staged_elements_ += count;
    if (staged_elements_ < spec.size) break;
  }
  done = staged_parameters_ == parameters_.size();
  return Status::Ok();
}

void PlanArguments::delete_references(napi_env env) {
  for (const napi_ref reference : take_references()) napi_delete_reference(env, reference);
}

}  // namespace im2col
