// An operator between the elements of two values; along an axis where one of them has size 1 it is repeated.
#include "factories.h"
#include "op_support.h"
#include "partition.h"

namespace im2col {
namespace {

// The view with the sizes of `shape` but its own channels: axes of size 1 are repeated by strides of 0.
ViewSpec repeated(ViewSpec view, const std::array<int64_t, 5>& shape) {
  for (int axis = kN; axis <= kW; ++axis) {
    if (view.shape[axis] == shape[axis]) continue;
    view.shape[axis] = shape[axis];
    view.strides[axis] = 0;
  }
  return view;
}

bool repeats_to(const ViewSpec& view, const std::array<int64_t, 5>& shape) {
  for (int axis = kN; axis <= kC; ++axis) {
    if (view.shape[axis] != shape[axis] && (axis == kN || view.shape[axis] != 1)) return false;
  }
  return true;
}

struct NamedOperator {
  const char* name;
  BinaryOperator op;
  BinaryOperator swapped;  // with the operands in the other order
};

constexpr NamedOperator kOperators[] = {
    {"add", BinaryOperator::kAdd, BinaryOperator::kAdd},
    {"subtract", BinaryOperator::kSubtract, BinaryOperator::kSubtractFrom},
    {"multiply", BinaryOperator::kMultiply, BinaryOperator::kMultiply},
    {"divide", BinaryOperator::kDivide, BinaryOperator::kDivideInto},
    {"maximum", BinaryOperator::kMaximum, BinaryOperator::kMaximum},
    {"minimum", BinaryOperator::kMinimum, BinaryOperator::kMinimum},
    {"pow", BinaryOperator::kPower, BinaryOperator::kPowerOf},
};

class Binary final : public Step {
 public:
  // `a` has the channels of the output; `residual` may be null.
  Binary(const KernelTable& kernels, BinaryOperator op, const ViewSpec& a, const ViewSpec& b, const ViewSpec* residual, const ViewSpec& output,
           const Activation& activation)
      : kernels_(kernels),
        op_(op),
        a_(repeated(a, output.shape)),
        b_(repeated(b, output.shape)),
        residual_(residual ? *residual : output),
        output_(output),
        has_residual_(residual != nullptr),
        activation_(activation) {}

  void run(const RunContext& context) const override {
    zero_halo(output_, context.arena);
    const int64_t channels = output_.shape[kC], row_pixels = common_row_pixels({&a_, &b_, &residual_, &output_});
    for_ranges(context.parallel, pixel_count(output_), 3 * channels, [&](int64_t begin, int64_t end, int) {
      for_row_segments(begin, end, row_pixels, [&](int64_t first, int64_t count) {
        BinaryRow row{};
        row.op = op_;
        row.a = context.arena + pixel_offset(a_, first);
        row.a_stride = a_.strides[kW];
        row.b = context.arena + pixel_offset(b_, first);
        row.b_stride = b_.strides[kW];
        row.b_is_scalar = b_.shape[kC] != channels;
        row.residual = has_residual_ ? context.arena + pixel_offset(residual_, first) : nullptr;
        row.residual_stride = residual_.strides[kW];
        row.output = context.arena + pixel_offset(output_, first);
        row.output_stride = output_.strides[kW];
        row.pixels = count;
        row.channels = channels;
        row.activation = activation_;
        kernels_.binary_f32(row);
      });
    });
  }

  double flops() const override {
    return static_cast<double>(element_count(output_)) * (has_residual_ ? 2 : 1);
  }

 private:
  const KernelTable& kernels_;
  BinaryOperator op_;
  ViewSpec a_;
  ViewSpec b_;
  ViewSpec residual_;
  ViewSpec output_;
  bool has_residual_;
  Activation activation_;
};

void expect_repeatable(SpecReader& reader, const char* name, const ViewSpec& view, const ViewSpec& output) {
  reader.expect(repeats_to(view, output.shape), std::string("expected the sizes of ") + name + " to be 1 or those of the output but received " +
                                                    describe_shape(view) + " and " + describe_shape(output));
}

}  // namespace

Status make_binary_step(const StepSpec& spec, const BuildContext& context, std::unique_ptr<Step>& step) {
  SpecReader reader(spec, context);
  const ViewSpec& a = reader.input(0);
  const ViewSpec& b = reader.input(1);
  const ViewSpec* residual = reader.optional_input(2);
  const ViewSpec& output = reader.output(0);
  const Activation activation = reader.activation();
  const std::string name = reader.word("operator");
  const auto* named = std::find_if(std::begin(kOperators), std::end(kOperators), [&](const NamedOperator& known) { return name == known.name; });
  reader.expect(named != std::end(kOperators), "attribute 'operator' is '" + name + "', which is no operator");
  expect_repeatable(reader, "input 0", a, output);
  expect_repeatable(reader, "input 1", b, output);
  const bool a_has_channels = a.shape[kC] == output.shape[kC];
  reader.expect(a_has_channels || b.shape[kC] == output.shape[kC], "expected an input to have the " +
                                                                       std::to_string(output.shape[kC]) + " channels of the output");
  if (residual) expect_same_shape(reader, "residual", *residual, "output", output);
  if (!reader.status().ok()) return reader.status();

  step = std::make_unique<Binary>(context.kernels, a_has_channels ? named->op : named->swapped, a_has_channels ? a : b,
                                  a_has_channels ? b : a, residual, output, activation);
  return Status::Ok();
}

}  // namespace im2col
