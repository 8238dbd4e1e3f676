#include "elementwise.h"

#include "partition.h"

namespace im2col {
namespace {

constexpr int64_t kLineElements = 16;  // of a cache line, so that threads do not write to the same one

}  // namespace

ElementwiseStep::ElementwiseStep(const KernelTable& kernels, const ViewSpec& input, const ViewSpec* residual,
                                 const ViewSpec& output, WeightStore::Packed scale, WeightStore::Packed shift,
                                 const Activation& activation)
    : kernels_(kernels),
      input_(input),
      residual_(residual ? *residual : input),
      output_(output),
      has_residual_(residual != nullptr),
      flat_(!scale && !shift && is_contiguous(input_) && is_contiguous(residual_) && is_contiguous(output_)),
      scale_(std::move(scale)),
      shift_(std::move(shift)),
      activation_(activation) {}

void ElementwiseStep::run(const RunContext& context) const {
  zero_halo(output_, context.arena);
  AffineRow row{};
  row.input_stride = input_.strides[kW];
  row.scale = scale_ ? scale_->data() : nullptr;
  row.shift = shift_ ? shift_->data() : nullptr;
  row.residual_stride = residual_.strides[kW];
  row.output_stride = output_.strides[kW];
  row.activation = activation_;
  if (flat_) {
    run_flat(context, row);
  } else {
    run_rows(context, row);
  }
}

void ElementwiseStep::run_flat(const RunContext& context, const AffineRow& row) const {
  const int64_t elements = element_count(output_), lines = (elements + kLineElements - 1) / kLineElements;
  for_ranges(context.parallel, lines, (has_residual_ ? 3 : 2) * kLineElements, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * kLineElements;
    AffineRow part = row;
    part.input = context.arena + input_.offset + first;
    part.residual = has_residual_ ? context.arena + residual_.offset + first : nullptr;
    part.output = context.arena + output_.offset + first;
    part.pixels = 1;
    part.channels = std::min(end * kLineElements, elements) - first;
    kernels_.affine_f32(part);
  });
}

void ElementwiseStep::run_rows(const RunContext& context, const AffineRow& row) const {
  const int64_t channels = output_.shape[kC], row_pixels = common_row_pixels({&input_, &residual_, &output_});
  for_ranges(context.parallel, pixel_count(output_), (has_residual_ ? 3 : 2) * channels, [&](int64_t begin, int64_t end, int) {
    for_row_segments(begin, end, row_pixels, [&](int64_t first, int64_t count) {
      AffineRow part = row;
      part.input = context.arena + pixel_offset(input_, first);
      part.residual = has_residual_ ? context.arena + pixel_offset(residual_, first) : nullptr;
      part.output = context.arena + pixel_offset(output_, first);
      part.pixels = count;
      part.channels = channels;
      kernels_.affine_f32(part);
    });
  });
}

double ElementwiseStep::flops() const {
  const int operations = (scale_ ? 1 : 0) + (shift_ ? 1 : 0) + (has_residual_ ? 1 : 0);
  return static_cast<double>(element_count(output_)) * operations;
}

}  // namespace im2col
