#include "spec_reader.h"

#include <cmath>
#include <sstream>

namespace im2col {
namespace {

const ViewSpec kNoView{};
const ParameterSpec kNoParameter{};

struct NamedActivation {
  const char* name;
  ActivationKind kind;
};

constexpr NamedActivation kActivations[] = {
    {"none", ActivationKind::kNone},           {"relu", ActivationKind::kRelu},
    {"clamp", ActivationKind::kClamp},         {"leakyRelu", ActivationKind::kLeakyRelu},
    {"elu", ActivationKind::kElu},             {"selu", ActivationKind::kSelu},
    {"celu", ActivationKind::kCelu},           {"sigmoid", ActivationKind::kSigmoid},
    {"hardSigmoid", ActivationKind::kHardSigmoid}, {"tanh", ActivationKind::kTanh},
    {"silu", ActivationKind::kSilu},           {"hardSwish", ActivationKind::kHardSwish},
    {"gelu", ActivationKind::kGelu},           {"geluTanh", ActivationKind::kGeluTanh},
    {"mish", ActivationKind::kMish},           {"softplus", ActivationKind::kSoftplus},
    {"softsign", ActivationKind::kSoftsign},   {"abs", ActivationKind::kAbs},
    {"exp", ActivationKind::kExp},             {"sqrt", ActivationKind::kSqrt},
    {"linear", ActivationKind::kLinear},
};

bool has_alpha(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kClamp:
    case ActivationKind::kLeakyRelu:
    case ActivationKind::kElu:
    case ActivationKind::kCelu:
    case ActivationKind::kLinear:
    case ActivationKind::kSoftplus: return true;
    default: return false;
  }
}

std::string shown(double value) {
  std::ostringstream stream;
  stream.precision(17);
  stream << value;
  return stream.str();
}

std::string shown(const Attribute& attribute) {
  if (attribute.numbers.empty()) return "'" + attribute.word + "'";
  std::string text;
  for (const double number : attribute.numbers) text += (text.empty() ? "" : ", ") + shown(number);
  return attribute.numbers.size() == 1 ? text : "[" + text + "]";
}

// The numbers of an attribute; null when there is none of that name or it is a word.
const std::vector<double>* numbers_of(const StepSpec& spec, const char* name) {
  const auto found = spec.attributes.find(name);
  return found == spec.attributes.end() || found->second.numbers.empty() ? nullptr : &found->second.numbers;
}

std::string actual(const StepSpec& spec, const char* name) {
  const auto found = spec.attributes.find(name);
  return found == spec.attributes.end() ? "is missing" : "is " + shown(found->second);
}

bool is_integer_within(double value, int64_t minimum, int64_t maximum) {
  return value >= static_cast<double>(minimum) && value <= static_cast<double>(maximum) && std::floor(value) == value;
}

std::string range(int64_t minimum, int64_t maximum) {
  return "from " + std::to_string(minimum) + " to " + std::to_string(maximum);
}

}  // namespace

SpecReader::SpecReader(const StepSpec& spec, const BuildContext& context) : spec_(spec), context_(context) {}

void SpecReader::expect(bool condition, const std::string& message) {
  if (condition || !status_.ok()) return;
  status_ = Status::Invalid(spec_.op + " step '" + spec_.name + "': " + message);
}

const ViewSpec& SpecReader::input(size_t i) {
  const ViewSpec* view = optional_input(i);
  expect(view != nullptr, "expected input " + std::to_string(i) + " but there are " +
                              std::to_string(spec_.inputs.size()) + " inputs");
  return view != nullptr ? *view : kNoView;
}

const ViewSpec* SpecReader::optional_input(size_t i) {
  return i < spec_.inputs.size() ? &context_.plan.views[spec_.inputs[i]] : nullptr;
}

const ViewSpec& SpecReader::output(size_t i) {
  const bool present = i < spec_.outputs.size();
  expect(present, "expected output " + std::to_string(i) + " but there are " + std::to_string(spec_.outputs.size()) +
                      " outputs");
  return present ? context_.plan.views[spec_.outputs[i]] : kNoView;
}

int64_t SpecReader::integer(const char* name, int64_t minimum, int64_t maximum) {
  const std::vector<double>* numbers = numbers_of(spec_, name);
  const bool valid = numbers != nullptr && numbers->size() == 1 && is_integer_within((*numbers)[0], minimum, maximum);
  expect(valid, std::string("attribute '") + name + "' must be an integer " + range(minimum, maximum) + " but " +
                    actual(spec_, name));
  return valid ? static_cast<int64_t>((*numbers)[0]) : minimum;
}

float SpecReader::number(const char* name) {
  const std::vector<double>* numbers = numbers_of(spec_, name);
  const bool valid = numbers != nullptr && numbers->size() == 1;
  expect(valid, std::string("attribute '") + name + "' must be a number but " + actual(spec_, name));
  return valid ? static_cast<float>((*numbers)[0]) : 0;
}

std::array<int64_t, 3> SpecReader::triple(const char* name, int64_t minimum, int64_t maximum) {
  std::array<int64_t, 3> values{minimum, minimum, minimum};
  const std::vector<double>* numbers = numbers_of(spec_, name);
  bool valid = numbers != nullptr && numbers->size() == values.size();
  for (size_t i = 0; valid && i < values.size(); ++i) valid = is_integer_within((*numbers)[i], minimum, maximum);
  expect(valid, std::string("attribute '") + name + "' must be three integers " + range(minimum, maximum) + " but " +
                    actual(spec_, name));
  for (size_t i = 0; valid && i < values.size(); ++i) values[i] = static_cast<int64_t>((*numbers)[i]);
  return values;
}

std::vector<int64_t> SpecReader::integers(const char* name, int64_t minimum, int64_t maximum) {
  std::vector<int64_t> values;
  const std::vector<double>* numbers = numbers_of(spec_, name);
  if (numbers == nullptr) return values;
  values.reserve(numbers->size());
  for (const double number : *numbers) {
    const bool valid = is_integer_within(number, minimum, maximum);
    if (!valid) {
      expect(false, std::string("attribute '") + name + "' must be a list of integers " + range(minimum, maximum) + " but has " +
                        shown(number));
    }
    values.push_back(valid ? static_cast<int64_t>(number) : minimum);
  }
  return values;
}

std::vector<float> SpecReader::numbers(const char* name) {
  const std::vector<double>* numbers = numbers_of(spec_, name);
  if (numbers == nullptr) return {};
  return std::vector<float>(numbers->begin(), numbers->end());
}

std::string SpecReader::word(const char* name) {
  const auto found = spec_.attributes.find(name);
  const bool valid = found != spec_.attributes.end() && found->second.numbers.empty() && !found->second.word.empty();
  expect(valid, std::string("attribute '") + name + "' must be a word but " + actual(spec_, name));
  return valid ? found->second.word : std::string();
}

const ParameterSpec* SpecReader::optional_parameter(const char* name, size_t size) {
  const auto found = spec_.parameters.find(name);
  if (found == spec_.parameters.end()) return nullptr;
  const bool valid = found->second.size == size;
  expect(valid, std::string("parameter '") + name + "' must have " + std::to_string(size) + " elements but has " +
                    std::to_string(found->second.size));
  return valid ? &found->second : nullptr;
}

const ParameterSpec& SpecReader::parameter(const char* name, size_t size) {
  const ParameterSpec* found = optional_parameter(name, size);
  expect(found != nullptr, std::string("parameter '") + name + "' is missing");
  return found != nullptr ? *found : kNoParameter;
}

Activation SpecReader::activation(const std::string& prefix) {
  const std::string attribute = prefix + "activation";
  if (spec_.attributes.find(attribute) == spec_.attributes.end()) return {};
  const std::string name = word(attribute.c_str());
  for (const NamedActivation& known : kActivations) {
    if (name != known.name) continue;
    Activation activation{known.kind};
    if (has_alpha(known.kind)) activation.alpha = number((prefix + "alpha").c_str());
    if (known.kind == ActivationKind::kClamp || known.kind == ActivationKind::kLinear) activation.beta = number((prefix + "beta").c_str());
    return activation;
  }
  expect(false, "attribute '" + attribute + "' is '" + name + "', which is no activation");
  return {};
}

}  // namespace im2col
